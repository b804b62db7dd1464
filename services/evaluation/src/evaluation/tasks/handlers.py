"""Opens, plans and takes back tasks as trainings go."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, islice
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import (
    AsnErased,
    AsnRecorded,
    EnrollmentAccepted,
    EnrollmentWithdrawn,
    TrainingAnnounced,
    TrainingCancelled,
    TrainingCompleted,
    TrainingResultCorrected,
)
from bina.messaging import Handlers, Need, due, in_turn, together
from bina.messaging.clock import ZONE
from evaluation.impact import store as impact
from evaluation.roster import store as roster

from . import domain, evaluators, store, windows
from .domain import Occasion, Task

Result = TrainingCompleted | TrainingResultCorrected

PORTION = 250
"""Occasions whose tasks are stored at once."""

handlers = Handlers()
run_of = Need(TrainingAnnounced, lambda event: event.run_id)
person_of = Need(AsnRecorded, lambda event: event.asn_id)


@handlers.on(TrainingCompleted, needs=(run_of, person_of))
async def on_training_completed(events: list[TrainingCompleted], session: AsyncSession) -> list[Event]:
    """Open the reaction survey now; plan the behaviour survey, interview and observation in their windows."""
    return await _plan(session, events, events)


@handlers.on(TrainingResultCorrected, needs=(run_of, person_of))
async def on_training_result_corrected(
    events: list[TrainingResultCorrected], session: AsyncSession
) -> list[Event]:
    """Take back the tasks of a completion that was none; plan those of one that was missing or dated wrongly."""
    failed = {e.enrollment_id: e for e in events if not e.completed}
    taken = await store.withdraw_of_enrolments(session, failed, baseline=False) if failed else []
    causes = {e.enrollment_id: e for e in events}
    return [
        *_withdrawn(taken, {task.task_id: causes[task.enrollment_id] for task in taken}),
        *await _plan(session, [e for e in events if e.completed], events),
    ]


@handlers.on(EnrollmentAccepted, needs=run_of)
async def on_enrollment_accepted(events: list[EnrollmentAccepted], session: AsyncSession) -> list[Event]:
    """Ask the baseline questions, where the training has not begun."""
    asked = {e.asn_id for e in events}
    runs, known = await together(
        session, roster.runs_asked(e.run_id for e in events), roster.people_asked(asked)
    )
    people = await roster.hold_unknown(session, asked, known)

    def planned(event: EnrollmentAccepted) -> list[Task]:
        person, run = people.get(event.asn_id), runs[event.run_id]
        occasion = Occasion(
            event.enrollment_id,
            event.run_id,
            event.asn_id,
            event.agency_code,
            _told_on(event),
            _told_on(event),
            void=run.cancelled or (person is not None and person.erased),
        )
        return domain.plan_after_acceptance(occasion, run.announced_start)

    return await _put(session, map(planned, events), events)


@handlers.on(EnrollmentWithdrawn)
async def on_enrollment_withdrawn(events: list[EnrollmentWithdrawn], session: AsyncSession) -> list[Event]:
    """Take back what was asked of or about the enrolment."""
    causes = {e.enrollment_id: e for e in events}
    taken = await store.withdraw_of_enrolments(session, causes, baseline=True)
    return _withdrawn(taken, {task.task_id: causes[task.enrollment_id] for task in taken})


@handlers.on(TrainingCancelled)
async def on_training_cancelled(events: list[TrainingCancelled], session: AsyncSession) -> list[Event]:
    """Take back every task of the run."""
    causes = {e.run_id: e for e in events}
    taken = await store.withdraw_of_runs(session, causes)
    return _withdrawn(taken, {task.task_id: causes[task.run_id] for task in taken})


@handlers.on(AsnRecorded)
async def on_asn_recorded(events: list[AsnRecorded], session: AsyncSession) -> list[Event]:
    """Hand tasks that are not open yet to the present supervisor."""
    found = await store.follow_supervisors(session, (e.asn_id for e in events))
    await windows.schedule_openings(session, found)
    return []


@handlers.on(AsnErased)
async def on_asn_erased(events: list[AsnErased], session: AsyncSession) -> list[Event]:
    """Ask nothing more of or about the person."""
    taken = await store.withdraw_of_people(session, [e.asn_id for e in events])
    return _withdrawn(taken, {})


async def _plan(session: AsyncSession, results: Sequence[Result], told: Sequence[Result]) -> list[Event]:
    """`told`: whatever changed the figures of runs."""
    if not results:
        return await _put(session, [], told)
    occasions = await _occasions(session, results)
    again = [r.enrollment_id for r in results if isinstance(r, TrainingResultCorrected)]
    attempts = await store.next_attempts(session, again) if again else {}
    planned = (domain.plan_after_completion(o, attempts.get(o.enrollment_id)) for o in occasions)
    return await _put(session, planned, told)


async def _occasions(session: AsyncSession, results: Sequence[Result]) -> Iterator[Occasion]:
    employers = await _employers(session, results)
    run_ids = {r.run_id for r in results}
    runs, people, pools = await together(
        session,
        roster.runs_asked(run_ids),
        roster.people_asked(r.asn_id for r in results),
        evaluators.pools_asked(run_ids, employers.values()),
    )

    def occasion(result: Result) -> Occasion:
        person, agency = people[result.asn_id], employers[result.enrollment_id]
        pool = evaluators.pool_for(pools, result.run_id, agency)
        return Occasion(
            result.enrollment_id,
            result.run_id,
            result.asn_id,
            agency,
            result.completed_on,
            _told_on(result),
            person.supervisor_id,
            domain.appoint(pool, person.asn_id, person.nip),
            void=runs[result.run_id].cancelled or person.erased,
        )

    return map(occasion, results)


async def _employers(session: AsyncSession, results: Sequence[Result]) -> dict[UUID, str]:
    """Agency codes by enrolment; only for a result that does not tell it is it looked up."""
    told = {
        r.enrollment_id: r.agency_code for r in results if isinstance(r, TrainingCompleted) and r.agency_code
    }
    silent = [r.enrollment_id for r in results if r.enrollment_id not in told]
    return {**told, **await roster.load_employers(session, silent)} if silent else told


def _told_on(event: Event) -> date:
    return event.time.astimezone(ZONE).date()


class _Portion(NamedTuple):
    """Tasks as they are stored, called for and told."""

    tasks: list[Task]
    values: dict[str, list[Any]]
    windows: set[windows.Window]
    facts: Sequence[Event]


async def _put(
    session: AsyncSession, planned: Iterable[list[Task]], told: Sequence[Result | EnrollmentAccepted]
) -> list[Event]:
    """Store the tasks of each occasion; while the database writes some, the next are planned. Then call for what time
    brings: their windows, and the new figures of the runs that were told of."""
    written, causes = [], {event.enrollment_id: event for event in told}
    for portion, kept in await in_turn(
        _portions(planned, causes), lambda portion: store.put_tasks(session, portion.values)
    ):
        new = [task for task in portion.tasks if task.task_id not in kept]
        written.append(_portion(new, causes) if kept else portion)
    openings = windows.called_for(set().union(*(portion.windows for portion in written)))
    figures = impact.publications((event.run_id for event in told), max(event.time for event in told))
    await due.add(session, [*openings, *figures])
    return [fact for portion in written for fact in portion.facts]


def _portions(
    planned: Iterable[list[Task]], causes: Mapping[UUID, Result | EnrollmentAccepted]
) -> Iterator[_Portion]:
    coming = iter(planned)
    while occasions := list(islice(coming, PORTION)):
        if tasks := list(chain.from_iterable(occasions)):
            yield _portion(tasks, causes)


def _portion(tasks: list[Task], causes: Mapping[UUID, Result | EnrollmentAccepted]) -> _Portion:
    facts = [
        fact.because(causes[task.enrollment_id])
        for task in tasks
        if task.opened
        for fact in domain.told([task], causes[task.enrollment_id].notify_after)
    ]
    values = store.values_of(tasks) if tasks else {}
    return _Portion(tasks, values, windows.windows_of(tasks), facts)


def _withdrawn(taken: Iterable[Task], causes: Mapping[UUID, Event]) -> list[Event]:
    return [task.told_closed("withdrawn").because(causes.get(task.task_id)) for task in taken if task.opened]
