"""Notices of enrolments that wait until nothing can be undone any more; undone before, nobody hears of them.

An enrolment's waiting notices are one piece of due work. While it waits, what follows waits in it too; when its time
has come it is told, unless the enrolment came to nothing meanwhile. A result that is taken back empties it.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import DueItem, due
from notification.notices.domain import TELL, Notice
from notification.notices.store.enrolments import find_pointless
from notification.notices.store.notices import add_notices


class _OfEnrolment(Protocol):
    @property
    def enrollment_id(self) -> UUID: ...

    @property
    def time(self) -> datetime: ...


async def tell(session: AsyncSession, told: Sequence[tuple[_OfEnrolment, Notice]]) -> None:
    """Record what facts of enrolments tell, each at its notice's time, or when what came before it is told."""
    until = await _waiting(session, [event for event, _ in told])
    timed = [(event, notice.put_off(until.get(str(event.enrollment_id)))) for event, notice in told]
    later = [
        DueItem(TELL, str(event.enrollment_id), notice.occurred_at, {_name(notice): asdict(notice)})
        for event, notice in timed
        if notice.occurred_at > event.time
    ]
    await due.add_to(session, later)
    await add_notices(session, [notice for event, notice in timed if notice.occurred_at <= event.time])


async def hush(session: AsyncSession, events: Sequence[_OfEnrolment]) -> set[UUID]:
    """Empty what waits of these events' enrolments; gives those enrolments."""
    until = await _waiting(session, events)
    await due.add(session, [DueItem(TELL, key, at) for key, at in until.items()])
    return {UUID(key) for key in until}


async def find_waiting(session: AsyncSession, events: Sequence[_OfEnrolment]) -> set[UUID]:
    """Those of these events' enrolments of which something waits."""
    return {UUID(key) for key in await _waiting(session, events)}


async def tell_waiting(session: AsyncSession, items: Sequence[DueItem]) -> None:
    """Record what has waited, except of enrolments that came to nothing meanwhile."""
    gone = await find_pointless(session, [UUID(item.key) for item in items])
    kept = [item for item in items if UUID(item.key) not in gone]
    await add_notices(session, [_notice(told) for item in kept for told in item.payload.values()])


async def _waiting(session: AsyncSession, events: Sequence[_OfEnrolment]) -> dict[str, datetime]:
    return await due.planned(session, TELL, [event.enrollment_id for event in events])


def _name(notice: Notice) -> str:
    return f"{notice.event_id}/{notice.kind}/{notice.recipient_id}"


def _notice(told: dict[str, Any]) -> Notice:
    """A notice from its JSON."""
    ids = {name: UUID(told[name]) for name in ("event_id", "recipient_id", "about_id")}
    times = {name: datetime.fromisoformat(told[name]) for name in ("occurred_at", "send_before")}
    return Notice(**{**told, **ids, **times, "run_id": UUID(told["run_id"]) if told["run_id"] else None})
