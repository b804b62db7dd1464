"""Versions of pages move with what the pages show, and with nothing else."""

from uuid import uuid4

from sqlalchemy import text

from bina.messaging.testing import ServiceUnderTest
from watched import version_of

from .browsing import Browse
from .story import BUDI, RAHMA

INBOX = "/notification/kotak-masuk"
LEDGERS = ("/notification/buku-kirim", "/notification/buku-kirim?cari=tidak+ada")
"""One with rows and one without, which tells how many failed all the same."""


async def change(service: ServiceUnderTest, sql: str, **values: object) -> None:
    async with service.sessions() as session, session.begin():
        await session.execute(text(sql), values)


async def test_the_inbox_moves_with_its_readers_notices(told: ServiceUnderTest, browse: Browse):
    rahma, budi = browse(RAHMA, "asn", agency="5571"), browse(BUDI, "asn", agency="5571")
    before = await version_of(rahma, INBOX), await version_of(budi, INBOX)
    assert (await version_of(rahma, INBOX), await version_of(budi, INBOX)) == before
    [notice] = await told.rows("SELECT notice_id FROM notices WHERE kind = 'training_completed'")
    await rahma.get(f"{INBOX}/{notice.notice_id}")
    after = await version_of(rahma, INBOX)
    assert after != before[0]
    assert await version_of(budi, INBOX) == before[1]
    await change(
        told,
        """INSERT INTO notices (notice_id, event_id, correlation_id, recipient_id, kind, run_id, about_id, details,
            occurred_at, send_before, traceparent)
        SELECT gen_random_uuid(), event_id, correlation_id, recipient_id, kind, run_id, about_id, details,
            occurred_at - interval '1 year', send_before, traceparent
        FROM notices WHERE notice_id = :id""",
        id=notice.notice_id,
    )
    assert await version_of(rahma, INBOX) != after  # an old one that comes late, too


async def test_the_ledger_moves_with_its_rows_and_what_failed(told: ServiceUnderTest, browse: Browse):
    here, there = (browse(uuid4(), "operator", agency=agency) for agency in ("5571", "5508"))
    everywhere = browse(uuid4(), "auditor")
    before = [await version_of(one, path) for one in (here, there, everywhere) for path in LEDGERS]
    assert before == [await version_of(one, path) for one in (here, there, everywhere) for path in LEDGERS]
    await change(
        told,
        """UPDATE deliveries SET state = 'failed' WHERE recipient_id = :id AND notice_id =
            (SELECT min(notice_id::text)::uuid FROM deliveries WHERE recipient_id = :id)""",
        id=RAHMA,
    )
    after = [await version_of(one, path) for one in (here, there, everywhere) for path in LEDGERS]
    moved = [old != new for old, new in zip(before, after, strict=True)]
    assert moved == [True, True, False, False, True, True]
