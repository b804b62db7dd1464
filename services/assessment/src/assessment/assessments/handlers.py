"""Opens tests before and after trainings, and takes over scores that organisers report."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from assessment.assessments import store
from assessment.assessments.domain import Kind
from assessment.assessments.opening import new_test, reported, told_open, told_reported
from assessment.register import store as register
from assessment.register.domain import Run
from assessment.register.store import person_of, run_of
from bina.events import Event
from bina.events.assessment import AssessmentOpened, AssessmentScored
from bina.events.enrollment import (
    AsnErased,
    AttendanceMet,
    EnrollmentAccepted,
    EnrollmentWithdrawn,
    TrainingCancelled,
    TrainingCompleted,
    TrainingNotCompleted,
    TrainingResultCorrected,
)
from bina.messaging import Handlers, in_turn

handlers = Handlers()
PORTION = 250
"""Tests stored at once."""
KINDS: tuple[Kind, ...] = ("pre", "post")


@handlers.on(EnrollmentAccepted)
async def on_enrollment_accepted(
    seats: list[EnrollmentAccepted], session: AsyncSession
) -> list[AssessmentOpened]:
    """Open a pre-test for everyone whose run is still ahead or under way."""
    runs = await register.load_runs(session, {e.run_id for e in seats})
    taken = await register.find_in_states(session, (e.enrollment_id for e in seats), ["accepted"])
    wanted = [e for e in seats if e.enrollment_id in taken]
    days = {e.enrollment_id: register.field_day(e.time) for e in wanted}
    ahead = [e for e in wanted if days[e.enrollment_id] <= runs[e.run_id].ends_on]
    return await _open(session, ahead, "pre", runs, [days[e.enrollment_id] for e in ahead])


@handlers.on(AttendanceMet)
async def on_attendance_met(met: list[AttendanceMet], session: AsyncSession) -> list[AssessmentOpened]:
    """Open the post-test, unless the organiser reported its score already."""
    await register.share_people(
        session, (e.asn_id for e in met)
    )  # an erasure finds the tests, or they find it
    runs = await register.load_runs(session, {e.run_id for e in met})
    ids = [e.enrollment_id for e in met]
    taking_part = await register.find_in_states(session, ids, ["accepted", "completed"])
    due = taking_part - await store.find_reported(session, ids, "post")
    wanted = [e for e in met if e.enrollment_id in due]
    return await _open(session, wanted, "post", runs, [e.met_on for e in wanted])


@handlers.on(TrainingCompleted, needs=(run_of, person_of))
async def on_training_completed(
    completions: list[TrainingCompleted], session: AsyncSession
) -> list[AssessmentScored]:
    """Take over the scores that the organiser reported; tests still open for them are closed."""
    return await _report(session, completions)


@handlers.on(TrainingResultCorrected, needs=(run_of, person_of))
async def on_training_result_corrected(
    corrections: list[TrainingResultCorrected], session: AsyncSession
) -> list[AssessmentScored]:
    """Take over corrected scores, in place of those reported before."""
    return await _report(session, corrections)


@handlers.on(EnrollmentWithdrawn)
async def on_enrollment_withdrawn(ended: list[EnrollmentWithdrawn], session: AsyncSession) -> list[Event]:
    """Nobody takes a test for a seat that was given back."""
    await store.close(session, {e.enrollment_id for e in ended})
    return []


@handlers.on(TrainingNotCompleted)
async def on_training_not_completed(ended: list[TrainingNotCompleted], session: AsyncSession) -> list[Event]:
    """An enrolment that ended without completion asks for no test any more."""
    await store.close(session, {e.enrollment_id for e in ended})
    return []


@handlers.on(TrainingCancelled)
async def on_training_cancelled(runs: list[TrainingCancelled], session: AsyncSession) -> list[Event]:
    """Close the tests of a run that will not be held."""
    await store.close_runs(session, {e.run_id for e in runs})
    return []


@handlers.on(AsnErased)
async def on_asn_erased(people: list[AsnErased], session: AsyncSession) -> list[Event]:
    """Forget a person's tests."""
    await store.erase(session, {e.asn_id for e in people})
    return []


async def _report(
    session: AsyncSession, results: Sequence[TrainingCompleted] | Sequence[TrainingResultCorrected]
) -> list[AssessmentScored]:
    runs = await register.load_runs(session, {e.run_id for e in results})
    scores = [(score, e) for e in results for score in reported(e, runs[e.run_id].pass_score)]
    if not scores:
        return []
    new = await store.add_reported(session, [score for score, _ in scores])
    await store.supersede(session, new)
    for kind in KINDS:
        await store.close(session, {s.enrollment_id for s, _ in scores if s.kind == kind}, [kind])
    return [
        told_reported(score, e.notify_after).because(e) for score, e in scores if score.assessment_id in new
    ]


class _Portion(NamedTuple):
    """Tests as they are stored and told."""

    values: dict[str, list[Any]]
    facts: list[AssessmentOpened]


async def _open(
    session: AsyncSession,
    events: Sequence[EnrollmentAccepted] | Sequence[AttendanceMet],
    kind: Kind,
    runs: dict[UUID, Run],
    days: Sequence[date],
) -> list[AssessmentOpened]:
    """Open tests where the bank has questions; while the database writes some, the next are made."""
    portions = (
        _portion(events[start : start + PORTION], days[start : start + PORTION], kind, runs)
        for start in range(0, len(events), PORTION)
    )
    opened: list[AssessmentOpened] = []
    for portion, known in await in_turn(portions, lambda portion: store.open_tests(session, portion.values)):
        opened += [f for f in portion.facts if f.assessment_id not in known] if known else portion.facts
    return opened


def _portion(
    events: Sequence[EnrollmentAccepted | AttendanceMet],
    days: Sequence[date],
    kind: Kind,
    runs: dict[UUID, Run],
) -> _Portion:
    """What a run's cancellation preceded is closed and not told."""
    tests, facts = [], []
    for event, day in zip(events, days, strict=True):
        run = runs[event.run_id]
        test = new_test(event, kind, run, day, cause=event.envelope)
        if test.items:
            tests.append(test)
            if not run.cancelled_by(event.time):
                facts.append(told_open(test, run, event.notify_after))
    return _Portion(store.values_of(tests), facts)
