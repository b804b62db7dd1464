"""Opening a session for whom the provider vouches for."""

import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import emit
from bina.web.access import Person, Session, settings_of, visitor
from enrollment.accounts import store
from enrollment.accounts.domain import Account
from enrollment.accounts.problems import linked_already, unknown
from enrollment.register.store import find_current, hold_people, load_session


async def enter(session: AsyncSession, account: Account, request: Request) -> Session:
    """A new session of the person behind the account; the one they came with ends. Raises `Problem` for strangers."""
    person = await _person(session, account)
    now = int(time.time())
    ends = now + int(settings_of(request).session_hours * 3600)
    opened = Session(person, uuid4(), now, ends)
    asn_id = person.person_id
    assert asn_id is not None
    until = datetime.fromtimestamp(ends, UTC)
    await store.open_session(session, opened.session_id, asn_id, account, until)
    await _end_former(session, visitor(request))
    return opened


async def _person(session: AsyncSession, account: Account) -> Person:
    """Held until the session is there to be ended: whoever takes a role away or erases them waits, or came before."""
    linked = await store.find_person(session, account)
    asn_id = linked or await _by_nip(session, account)
    if asn_id is None or not await hold_people(session, {asn_id}):
        raise unknown()
    if linked is None:
        await _link(session, account, asn_id)
    person = await load_session(session, asn_id)
    if person is None:
        raise unknown()
    return person


async def _by_nip(session: AsyncSession, account: Account) -> UUID | None:
    """At an account's first sign-in the NIP says whose it is."""
    return await find_current(session, account.nip) if account.nip else None


async def _link(session: AsyncSession, account: Account, asn_id: UUID) -> None:
    """One account a person: were a NIP enough for a second one, whoever changes a NIP could be anybody."""
    if not await store.link(session, account, asn_id):
        raise linked_already()


async def _end_former(session: AsyncSession, former: Person | None) -> None:
    if former is not None and former.session_id is not None:
        ended = await store.end_sessions(session, [former.session_id])
        await emit(session, [one.ended() for one in ended])
