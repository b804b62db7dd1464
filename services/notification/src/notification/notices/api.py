"""Notices for machines and for their readers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import ApiCommand
from bina.web.permissions import may, reach_of
from bina.web.problems import not_found
from notification.cursors import read_cursor, write_cursor
from notification.notices.domain import Telling, speak
from notification.notices.store import reading
from notification.notices.store.notices import mark_read
from notification.notices.store.people import is_in_scope
from notification.scope import own_id

router = APIRouter(prefix="/notices", tags=["notices"])


class NoticeOut(BaseModel):
    """One notice. Words are made anew for each reading, in the recipient's language."""

    notice_id: UUID
    recipient_id: UUID
    kind: str
    about_id: UUID
    run_id: UUID | None
    occurred_at: datetime
    read_at: datetime | None
    subject: str
    body: str


class NoticePage(BaseModel):
    """Notices, newest first; `next` goes on, null at the end."""

    notices: list[NoticeOut]
    next: str | None


class Unread(BaseModel):
    """How many notices the caller has not opened."""

    unread: int


@router.get("")
async def list_notices(
    request: Request,
    person: Annotated[Person, may("notice.list")],
    reads: OthersRecords,
    *,
    recipient: UUID | None = None,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> NoticePage:
    """One person's notices: the caller's own, or those of somebody in the caller's scope; else 404."""
    wanted = recipient or own_id(person)
    async with request.app.state.runtime.transaction() as session:
        await _check(session, person, wanted)
        found = await reading.find_notices(session, wanted, after=read_cursor(after), limit=limit + 1)
    shown = found[:limit]
    await reads.of([wanted, *(named for one in shown if (named := one.names))])
    more = write_cursor(shown[-1].occurred_at, shown[-1].notice_id) if len(found) > limit else None
    return NoticePage(notices=[_out(telling) for telling in shown], next=more)


@router.get("/unread")
async def unread(request: Request, person: Annotated[Person, may("notice.own")]) -> Unread:
    """The caller's own count."""
    async with request.app.state.runtime.transaction() as session:
        return Unread(unread=await reading.count_unread(session, own_id(person)))


@router.post("/{notice_id}/read", response_model=None)
async def read(
    notice_id: UUID, person: Annotated[Person, may("notice.mark")], command: ApiCommand
) -> Response:
    """Mark one of the caller's own notices as read; answers `{"read": n}`, 0 if it was read or is not theirs."""

    async def effect(session: AsyncSession) -> dict[str, int]:
        read = await mark_read(session, own_id(person), clock.now(), [notice_id])
        audit.changed(session, "notices", own_id(person), None, {"read": read})
        return {"read": read}

    return await command.answer(effect)


async def _check(session: AsyncSession, person: Person, recipient: UUID) -> None:
    if recipient != person.person_id and not await is_in_scope(
        session, recipient, reach_of(person, "notice.list")
    ):
        raise not_found()


def _out(telling: Telling) -> NoticeOut:
    spoken = speak(telling)
    return NoticeOut(
        notice_id=telling.notice_id,
        recipient_id=telling.recipient_id,
        kind=telling.kind,
        about_id=telling.about_id,
        run_id=telling.run_id,
        occurred_at=telling.occurred_at,
        read_at=telling.read_at,
        subject=spoken.subject,
        body=spoken.body,
    )
