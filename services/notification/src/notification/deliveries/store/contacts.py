"""Where people can be reached: the one place that holds addresses."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.enrollment import ContactRecorded

# Topics have no mutual order: a contact may arrive after its person was erased, and must not stay then.
_PUT = text(
    """INSERT INTO contacts (asn_id, email, language)
    SELECT n.* FROM unnest(CAST(:asn_id AS uuid[]), CAST(:email AS text[]), CAST(:language AS text[]))
        AS n (asn_id, email, language)
    WHERE NOT EXISTS (SELECT FROM forgotten f WHERE f.asn_id = n.asn_id) ORDER BY n.asn_id
    ON CONFLICT (asn_id) DO UPDATE SET email = excluded.email, language = excluded.language"""
)
_WAKE = text(
    """UPDATE deliveries SET needs_address = false
    WHERE recipient_id = ANY (CAST(:ids AS uuid[])) AND state = 'waiting' AND needs_address"""
)
# A person without a contact has no row to lock, so who adds one waits here for who forgets or misses one.
_LOCK = 7_008
_SHARE = text("SELECT pg_advisory_xact_lock_shared(:lock)")
_ALONE = text("SELECT pg_advisory_xact_lock(:lock)")
_FORGET = text("DELETE FROM contacts WHERE asn_id = ANY (CAST(:ids AS uuid[]))")
_REMEMBER_FORGOTTEN = text(
    """INSERT INTO forgotten SELECT unnest(CAST(:ids AS uuid[])) ORDER BY 1 ON CONFLICT DO NOTHING"""
)


async def put_contacts(session: AsyncSession, contacts: Sequence[ContactRecorded]) -> None:
    """Keep the newest contacts, and let mails go that waited for one."""
    names = ("asn_id", "email", "language")
    await session.execute(_SHARE, {"lock": _LOCK})
    await session.execute(_PUT, {name: [getattr(c, name) for c in contacts] for name in names})
    await session.execute(_WAKE, {"ids": sorted(c.asn_id for c in contacts)})


async def hold_contacts(session: AsyncSession) -> None:
    """Until this commits nobody's contact is added, and all that were are seen."""
    await session.execute(_ALONE, {"lock": _LOCK})


async def forget_contacts(session: AsyncSession, asn_ids: Sequence[UUID]) -> None:
    """Erase contacts."""
    await session.execute(_FORGET, {"ids": sorted(asn_ids)})


async def forget_people(session: AsyncSession, asn_ids: Sequence[UUID]) -> None:
    """Erase contacts of erased people, those that are still to come included."""
    await hold_contacts(session)
    await session.execute(_REMEMBER_FORGOTTEN, {"ids": sorted(asn_ids)})
    await forget_contacts(session, asn_ids)
