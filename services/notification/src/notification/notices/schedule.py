"""Due work of notices: audiences in chunks, and reminders.

Decided 2026-11-22. An audience is looked up some seconds after its cause, from the run's side (over the people
known) and from the person's side (over the runs ahead), by one rule; so the end state does not depend on which topic
was read first. A run is told to people of its agencies (the organiser's own where it names none) whose job level it
names or whose gap it closes: the person's level is below the standard and below the level it leads to. A run that
names no job level is told only where it closes a gap; everybody else finds it in the catalogue. Told is told: a later
change of job or profile takes nothing back. Rejected: telling in the announcement's transaction (a million rows in one
handler, and whoever is recorded a moment later hears nothing); telling everybody where no level is named (spam).
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Envelope, Event
from bina.messaging import DueItem, Schedule, due
from notification.notices.domain import (
    ANNOUNCE,
    FAN_OUT_CHUNK,
    MATCH,
    REMIND_TASK,
    REMIND_TEST,
    TELL,
    TELL_ENROLLED,
    Notice,
)
from notification.notices.store import notices as store
from notification.notices.store.enrolments import find_pointless_tests
from notification.notices.store.trainings import await_lookers
from notification.notices.store.waiting import tell_waiting

schedule = Schedule()
FIRST = str(UUID(int=0))


NextPage = Callable[[DueItem, int], Awaitable[tuple[int, dict[str, Any] | None]]]


@schedule.on(ANNOUNCE)
async def announce(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """Tell runs' next recipients."""
    if any("after" not in item.payload for item in items):
        await await_lookers(session)

    async def page(item: DueItem, chunk: int) -> tuple[int, dict[str, Any] | None]:
        agency, asn = item.payload.get("after", ("", FIRST))
        looked_at, after = await store.announce_to_page(session, UUID(item.key), (agency, UUID(asn)), chunk)
        return looked_at, {"after": [after[0], str(after[1])]} if after else None

    await _walk(session, items, page)
    return []


@schedule.on(TELL_ENROLLED)
async def tell_enrolled(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """Tell changed or cancelled runs' next participants."""

    async def page(item: DueItem, chunk: int) -> tuple[int, dict[str, Any] | None]:
        kind, start = item.payload["kind"], UUID(item.payload.get("after", FIRST))
        looked_at, after = await store.tell_enrolled(session, UUID(item.key), kind, start, chunk)
        return looked_at, {"kind": kind, "after": str(after)} if after else None

    await _walk(session, items, page)
    return []


async def _walk(session: AsyncSession, items: list[DueItem], page: NextPage) -> None:
    """Go on with each audience, at most a chunk of people in all; the rest comes in the next transaction."""
    left = FAN_OUT_CHUNK
    later: list[DueItem] = []
    for item in items:
        if left <= 0:
            later.append(item)
            continue
        looked_at, rest = await page(item, left)
        left -= looked_at
        if rest is not None:
            later.append(DueItem(item.kind, item.key, item.due_at, rest))
    await due.add(session, later)


@schedule.on(MATCH)
async def match(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """Tell people who are new, or fit anew, of the runs ahead of them."""
    await store.announce_to_people(
        session, [(UUID(item.key), datetime.fromisoformat(item.payload["at"])) for item in items]
    )
    return []


@schedule.on(TELL)
async def tell(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """Tell of enrolments what could have been undone until now."""
    await tell_waiting(session, items)
    return []


@schedule.on(REMIND_TEST)
async def remind_of_tests(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """Remind of tests not taken, unless the enrolment is over or the run cancelled."""
    tests = [
        (UUID(i.payload["enrollment_id"]), UUID(i.payload["run_id"]), i.payload["kind"] == "pre")
        for i in items
    ]
    over = await find_pointless_tests(session, tests)
    await store.add_notices(
        session,
        [
            _test_reminder(i)
            for i, (enrolment, _, _) in zip(items, tests, strict=True)
            if enrolment not in over
        ],
    )
    return []


@schedule.on(REMIND_TASK)
async def remind_of_tasks(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """Remind of tasks not answered."""
    await store.add_notices(session, [_task_reminder(item) for item in items])
    return []


def _test_reminder(item: DueItem) -> Notice:
    shown = item.payload
    return Notice.of(
        _cause(item),
        "test_reminder",
        UUID(shown["asn_id"]),
        about_id=UUID(shown["assessment_id"]),
        run_id=UUID(shown["run_id"]),
        at=item.due_at.astimezone(UTC),
        last_day=date.fromisoformat(shown["due_on"]),
        due=shown["due_on"],
        test=shown["kind"],
        minutes=shown["minutes"],
    )


def _task_reminder(item: DueItem) -> Notice:
    shown = item.payload
    return Notice.of(
        _cause(item),
        "task_reminder",
        UUID(shown["respondent_id"]),
        about_id=UUID(shown["task_id"]),
        run_id=UUID(shown["run_id"]),
        at=item.due_at.astimezone(UTC),
        last_day=date.fromisoformat(shown["closes_on"]),
        due=shown["closes_on"],
        title=shown["title"],
        minutes=shown["minutes"],
        alumnus_id=shown["about_id"],
    )


def _cause(item: DueItem) -> Envelope:
    assert item.cause is not None  # reminders are added with their cause
    return item.cause
