"""Taking attendance: by list, by code, by a look at the face; and settling what came of all sessions."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock, emit
from bina.web import audit
from bina.web.access import Person
from bina.web.language import counted
from bina.web.permissions import check_runs, out_of_scope, reach_of
from bina.web.problems import not_found
from enrollment.attendance import codes, problems, store
from enrollment.attendance.domain import (
    OPENS_BEFORE,
    SENT_WITHIN,
    Mark,
    Roll,
    Said,
    State,
    has_opened,
    is_open,
    may_change,
    meets,
    to_look_at,
)
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.domain import Run, RunSession
from enrollment.enrolments import store as enrolments
from enrollment.enrolments.completing import mark_absent, meet_attendance
from enrollment.enrolments.domain import Enrolment
from enrollment.enrolments.running import hold

ON_TIME = timedelta(seconds=60)
"""A claim that comes later than this after its code was seen was kept on the phone."""


class Recorded(NamedTuple):
    """How many marks changed, and of how many people somebody else had said something meanwhile, which stays."""

    changed: int
    meanwhile: int


class Claim(NamedTuple):
    """What a participant's phone sends: the code, when it was seen by the phone's clock (wall time), its own name."""

    code: str
    seen_at: datetime | None
    device: str


def check_roll(person: Person, action: str, roll: Roll) -> None:
    """Raise `Problem` (403) unless a session is in reach of the action, as its organiser or trainer."""
    if not reach_of(person, action).covers_session(roll.run.organiser, roll.held.trainer_id):
        raise out_of_scope()


async def record(
    session: AsyncSession,
    person: Person,
    roll: Roll,
    said: Sequence[Said],
    *,
    rest_present: bool = False,
) -> Recorded:
    """Record what a list says of a session; of those it says nothing of, that they came, if `rest_present`."""
    check_roll(person, "attendance.record", roll)
    run, held = roll = await _hold(session, roll)
    _check_taking(roll)
    known = await store.load_marks(session, held.session_id, [one.enrollment_id for one in said])
    wanted = [one for one in said if one.state and one.state != one.was and one.state != _state(known, one)]
    meanwhile = [one for one in wanted if one.was is not None and _state(known, one) != one.was]
    changes: dict[UUID, State] = {
        one.enrollment_id: one.state for one in wanted if one.state and one not in meanwhile
    }
    if rest_present:
        changes |= dict.fromkeys(
            await store.unmarked(session, run.run_id, held.session_id) - changes.keys(), "present"
        )
    marks = [_listed(held, id_, state, known.get(id_), person) for id_, state in changes.items()]
    await _save(session, run, marks, known)
    return Recorded(len(marks), len(meanwhile))


async def check_faces(
    session: AsyncSession,
    person: Person,
    roll: Roll,
    seen: Mapping[UUID, bool],
    reason: str,
) -> int:
    """Keep what a look at the faces gave: who was not there by their own code becomes absent, for a reason."""
    check_roll(person, "attendance.record", roll)
    run, held = roll = await _hold(session, roll)
    _check_taking(roll)
    known = await store.load_marks(session, held.session_id, seen)
    if not all(seen.values()) and len(reason) < 3:
        raise problems.no_reason()
    marks = [
        _looked_at(known[id_], right, reason, person)
        for id_, right in seen.items()
        if _is_claim(known.get(id_))
    ]
    await _save(session, run, marks, known, why=reason)
    return len(marks)


async def check_in(
    session: AsyncSession, person: Person, session_id: UUID, claim: Claim, secret: str
) -> Literal["recorded", "already", "device"]:
    """Record that a person is where the code is shown; `device`: it checked in somebody else already, which is kept."""
    held = await catalogue.find_session(session, session_id)
    if held is None or person.person_id is None:
        raise problems.not_taking_part()
    await enrolments.lock_runs(session, [held.run_id])
    own = await store.load_open_sessions(
        session, person.person_id, clock.now() + OPENS_BEFORE, clock.now() - SENT_WITHIN, session_id
    )
    if not own:
        raise problems.not_taking_part()
    if own[0].state:
        return _said_before(own[0].state)
    at, late = _claimed_at(own[0].held, claim, secret)
    if not claim.device:
        raise problems.no_device()
    device = codes.device_in(session_id, claim.device, secret)
    if await store.find_device(session, session_id, device):
        await store.flag_shared(session, session_id, device)
        audit.because(session, "second person on one device", person=person.person_id)
        return "device"
    mark = Mark(
        session_id,
        own[0].enrollment_id,
        "present",
        "code",
        at,
        late=late,
        device=device,
        marked_by=person.person_id,
    )
    await store.save_marks(session, [mark])
    _note(session, None, mark, person.person_id)
    return "recorded"


async def settle(session: AsyncSession, person: Person, run: Run, secret: str) -> dict[str, int]:
    """Let the run's rule decide who met its attendance, once every session of everybody is recorded."""
    check_runs(person, "attendance.settle", {run.organiser})
    run = await hold(session, run)
    sessions = (await catalogue.load_sessions(session, [run.run_id]))[run.run_id]
    _check_held(run)
    if not sessions:
        raise problems.no_sessions()
    tallies = await store.load_tallies(session, run.run_id)
    await _check_finished(session, sessions, sum(one.marked < len(sessions) for one in tallies), secret)
    found = await enrolments.load_enrolments(session, [one.enrollment_id for one in tallies])
    met = [
        found[one.enrollment_id]
        for one in tallies
        if meets(one.present, len(sessions), run.attendance_percent)
    ]
    missed = [one for one in found.values() if one not in met]
    on = _last_day(sessions)
    told = await meet_attendance(session, met, {run.run_id: run}, on)
    await emit(session, [*told, *(await mark_absent(session, missed, on))])
    return {"met": len(met), "missed": len(missed)}


async def waiting_checks(session: AsyncSession, held: RunSession, secret: str) -> list[UUID]:
    """Enrolments whose check-in to a session somebody should still look at, sorted; not of whoever left or has a result."""
    marks = await store.load_marks(session, held.session_id)
    chosen = to_look_at(held.session_id, marks.values(), secret)
    found = await enrolments.load_enrolments(session, [id_ for id_ in chosen if not marks[id_].checked])
    return sorted(id_ for id_, one in found.items() if may_change(one))


async def _hold(session: AsyncSession, roll: Roll) -> Roll:
    """The run and the session as they stand once the run's seats are held."""
    run = await hold(session, roll.run)
    held = await catalogue.find_session(session, roll.held.session_id)
    if held is None:
        raise not_found()
    return Roll(run, held)


def _check_held(run: Run) -> None:
    if run.status == "cancelled":
        raise problems.cancelled(run.reason)


def _check_taking(roll: Roll) -> None:
    _check_held(roll.run)
    if not has_opened(roll.held, clock.now()):
        raise problems.not_yet()


async def _check_finished(
    session: AsyncSession, sessions: Sequence[RunSession], unmarked: int, secret: str
) -> None:
    if unmarked:
        words = counted("%(n)s orang belum tercatat di semua sesi.", unmarked)
        raise problems.unfinished(words % {"n": unmarked})
    waiting = sum([len(await waiting_checks(session, held, secret)) for held in sessions])
    if waiting:
        raise problems.unfinished(counted("%(n)s orang belum diperiksa wajahnya.", waiting) % {"n": waiting})


def _claimed_at(held: RunSession, claim: Claim, secret: str) -> tuple[datetime, bool]:
    """The business time at which somebody was there, and whether we hear of it late; raises `Problem`."""
    now = datetime.now(UTC)
    if claim.seen_at is None or now - claim.seen_at <= ON_TIME:
        if not codes.is_current(claim.code, held.session_id, now, secret) or not is_open(held, clock.now()):
            raise problems.wrong_code()
        return clock.now(), False
    at = claim.seen_at + clock.offset()
    if not codes.was_current(claim.code, held.session_id, claim.seen_at, secret) or not is_open(held, at):
        raise problems.wrong_code()
    if clock.now() > held.ends_at + SENT_WITHIN:
        raise problems.too_late()
    return at, True


def _said_before(state: str) -> Literal["already"]:
    if state != "present":
        raise problems.said_otherwise()
    return "already"


def _state(known: Mapping[UUID, Mark], one: Said) -> str:
    mark = known.get(one.enrollment_id)
    return mark.state if mark else ""


def _is_claim(mark: Mark | None) -> bool:
    return mark is not None and mark.how == "code" and mark.state == "present"


def _listed(held: RunSession, id_: UUID, state: State, before: Mark | None, person: Person) -> Mark:
    fresh = Mark(held.session_id, id_, "present", "list", clock.now())
    return (before or fresh)._replace(
        state=state, how="list", at=clock.now(), note="", marked_by=person.person_id
    )


def _looked_at(mark: Mark, right: bool, reason: str, person: Person) -> Mark:  # noqa: FBT001 - what was seen
    if right:
        return mark._replace(checked="confirmed", marked_by=person.person_id)
    return mark._replace(
        state="absent",
        how="spot_check",
        checked="denied",
        note=reason,
        at=clock.now(),
        marked_by=person.person_id,
    )


async def _save(
    session: AsyncSession, run: Run, marks: Sequence[Mark], known: Mapping[UUID, Mark], why: str = ""
) -> None:
    """Store marks of the run's own participants whose attendance is still open; raises `Problem` for others."""
    found = await enrolments.load_enrolments(session, [mark.enrollment_id for mark in marks])
    if any(
        mark.enrollment_id not in found or found[mark.enrollment_id].run_id != run.run_id for mark in marks
    ):
        raise not_found()
    await _refuse_settled(session, run, marks, found)
    await store.save_marks(session, marks)
    for mark in marks:
        _note(session, known.get(mark.enrollment_id), mark, found[mark.enrollment_id].asn_id, why)


async def _refuse_settled(
    session: AsyncSession, run: Run, marks: Sequence[Mark], found: Mapping[UUID, Enrolment]
) -> None:
    over = [mark.enrollment_id for mark in marks if not may_change(found[mark.enrollment_id])]
    if over:
        people = await store.load_attenders(session, run.run_id, marks[0].session_id, over[:5])
        raise problems.settled(", ".join(one.person_name for one in people))


def _note(session: AsyncSession, before: Mark | None, mark: Mark, asn_id: UUID, why: str = "") -> None:
    """What is kept of a mark in the audit: no device."""
    shown = [
        one and {"session": one.session_id, "state": one.state, "how": one.how, "checked": one.checked}
        for one in (before, mark)
    ]
    audit.changed(session, "attendance", mark.enrollment_id, shown[0], shown[1], person=asn_id, why=why)


def _last_day(sessions: Sequence[RunSession]) -> date:
    last = max(held.ends_at for held in sessions)
    return min(last.astimezone(clock.ZONE).date(), clock.today())
