"""What tests read of the notices."""

from bina.messaging.testing import ServiceUnderTest
from notification.notices.domain import speak
from notification.notices.store.reading import find_notices


async def told(service: ServiceUnderTest) -> set[tuple[str, str]]:
    rows = await service.rows("SELECT recipient_id, kind FROM notices")
    return {(str(row.recipient_id), row.kind) for row in rows}


async def words(service: ServiceUnderTest, asn_id) -> list[tuple[str, str]]:
    """(subject, body) of a person's notices, oldest first."""
    async with service.sessions() as session:
        found = await find_notices(session, asn_id)
    return [(s.subject, s.body) for s in map(speak, reversed(found))]
