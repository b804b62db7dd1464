"""Whose account a provider speaks of, and the sessions that are open."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.enrollment import SessionEnded
from bina.web.access import Session
from bina.web.sessions import End, add_ended
from enrollment.accounts.domain import Account, OpenSession

_LINKED = text("SELECT asn_id FROM identities WHERE issuer = :issuer AND subject = :subject")
_LINK = text(
    """INSERT INTO identities (issuer, subject, asn_id) VALUES (:issuer, :subject, :asn_id)
    ON CONFLICT DO NOTHING RETURNING asn_id"""
)
_OPEN = text(
    """INSERT INTO sessions (session_id, asn_id, issuer, subject, provider_session, id_token, until)
    VALUES (:session_id, :asn_id, :issuer, :subject, :provider_session, :id_token, :until)"""
)
_END = (
    """DELETE FROM sessions WHERE {which} AND until >= now() RETURNING session_id, asn_id, until, id_token"""
)
_END_IDS = text(_END.format(which="session_id = ANY (CAST(:ids AS uuid[]))"))
_END_PEOPLE = text(_END.format(which="asn_id = ANY (CAST(:ids AS uuid[]))"))
_END_ACCOUNT = text(
    _END.format(
        which="""issuer = :issuer AND (:provider_session = '' OR provider_session = :provider_session)
        AND (:subject = '' OR subject = :subject)"""
    )
)
_UNLINK = text("DELETE FROM identities WHERE asn_id = :asn_id RETURNING asn_id")


async def find_person(session: AsyncSession, account: Account) -> UUID | None:
    """Who signed in by this account before."""
    found: UUID | None = await session.scalar(_LINKED, {"issuer": account.issuer, "subject": account.subject})
    return found


async def link(session: AsyncSession, account: Account, asn_id: UUID) -> bool:
    """Know the person by this account from now on, whatever becomes of their NIP; whether they had no other there."""
    row = {"issuer": account.issuer, "subject": account.subject, "asn_id": asn_id}
    return await session.scalar(_LINK, row) is not None


async def open_session(
    session: AsyncSession, session_id: UUID, asn_id: UUID, account: Account, until: datetime
) -> None:
    """Remember a session, so that it can be ended from elsewhere."""
    row: dict[str, Any] = {"session_id": session_id, "asn_id": asn_id, "until": until}
    names = ("issuer", "subject", "provider_session", "id_token")
    await session.execute(_OPEN, row | {name: getattr(account, name) for name in names})


async def end_sessions(session: AsyncSession, ids: Iterable[UUID]) -> list[OpenSession]:
    """End sessions by id; gives those that were open."""
    return await _end(session, _END_IDS, {"ids": sorted(ids)})


async def end_own(session: AsyncSession, own: Session) -> str:
    """End the session that somebody came by, remembered here or not; gives the provider's token of it, if known."""
    ended = await end_sessions(session, [own.session_id])
    await add_ended(session, [End(own.session_id, datetime.fromtimestamp(own.ends, UTC))])
    return ended[0].id_token if ended else ""


async def end_sessions_of(session: AsyncSession, people: Iterable[UUID]) -> list[SessionEnded]:
    """End every session of these people: what they may do has changed, or they are gone."""
    return [one.ended() for one in await _end(session, _END_PEOPLE, {"ids": sorted(people)})]


async def end_sessions_at(session: AsyncSession, account: Account) -> list[OpenSession]:
    """End what the provider ended: its own session, or every one of the account where it names none."""
    names = ("issuer", "subject", "provider_session")
    return await _end(session, _END_ACCOUNT, {name: getattr(account, name) for name in names})


async def unlink(session: AsyncSession, asn_id: UUID) -> bool:
    """Forget by which accounts a person signed in; whether there were any."""
    return bool((await session.execute(_UNLINK, {"asn_id": asn_id})).all())


async def _end(session: AsyncSession, which: Any, values: dict[str, Any]) -> list[OpenSession]:
    rows = (await session.execute(which, values)).all()
    ended = [OpenSession(row.session_id, row.asn_id, row.until, row.id_token) for row in rows]
    if ended:
        await add_ended(session, (End(one.session_id, one.until) for one in ended))
    return ended
