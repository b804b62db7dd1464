"""The demo world: `world.json` kept exactly, grown to a region's year of training. Pure and seeded."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from .accounts import choose_accounts
from .answers import Respondents, Seat
from .enrolment import Enroller, Place, Roster
from .facts import agencies, facts, programmes
from .model import (
    DemoAccount,
    HistoryStep,
    Outcome,
    Person,
    Programme,
    Request,
    Response,
    Result,
    Run,
    Unit,
    World,
)
from .outcomes import Conclusion, conclude
from .people import given_people, grow_people
from .runs import as_of, given_runs, planned_runs, workday
from .units import grow_units

SEED = 20261120
OUTCOMES: dict[str, Outcome] = {"Lulus": "passed", "Tidak Lulus": "failed", "Mengundurkan Diri": "withdrawn"}


@dataclass(slots=True)
class _History:
    """Everything that happened, before it is sorted into days."""

    runs: list[Run] = field(default_factory=list)
    rosters: list[Roster] = field(default_factory=list)
    conclusions: list[Conclusion] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)

    def seats(self) -> list[Seat]:
        return [seat for conclusion in self.conclusions for seat in conclusion.seats]


def grow(seed: int = SEED) -> World:
    """The whole demo world; two calls with one seed give equal worlds."""
    units = grow_units()
    people = grow_people(seed, units)
    by_nip = {person.nip: person for person in people}
    remote = frozenset(unit.name for unit in units if unit.remote)
    history = _history(seed, people, by_nip, remote)
    evaluators = {agency.code: _evaluators(people, agency.code) for agency in agencies()}
    respondents = Respondents(seed, as_of(), evaluators, remote)
    history.responses.extend(respondents.responses(history.seats()))
    accounts = choose_accounts(people, history.seats(), history.responses, _tested(history), as_of())
    return _world(units, people, programmes(), history, accounts)


def _tested(history: _History) -> frozenset[str]:
    return frozenset(run.code for run in history.runs if run.tested_in_bina)


def _evaluators(people: Sequence[Person], agency: str) -> list[str]:
    return [p.nip for p in people if p.agency == agency and "evaluator" in p.roles]


def grow_given() -> World:
    """Only what `world.json` names: its people, runs, enrolments and results, without roles and history."""
    units = grow_units()
    people = given_people(units)
    by_nip = {person.nip: person for person in people}
    catalogue = {programme.code: programme for programme in programmes()}
    history = _History()
    for run in given_runs():
        _add_given(history, run, by_nip, catalogue[run.programme])
    return _world(units, people, tuple(catalogue.values()), history, ())


def _world(
    units: tuple[Unit, ...],
    people: tuple[Person, ...],
    catalogue: tuple[Programme, ...],
    history: _History,
    accounts: tuple[DemoAccount, ...],
) -> World:
    return World(
        as_of=as_of(),
        timezone=facts()["timezone"],
        agencies=agencies(),
        units=units,
        people=people,
        programmes=catalogue,
        runs=tuple(history.runs),
        steps=_steps(history),
        accounts=accounts,
        by_nip={person.nip: person for person in people},
    )


def _add_given(history: _History, run: Run, by_nip: dict[str, Person], programme: Programme) -> None:
    roster = _given_roster(run, by_nip)
    history.runs.append(run)
    history.rosters.append(roster)
    history.conclusions.append(_given_conclusion(run, roster, programme))


def _history(
    seed: int, people: Sequence[Person], by_nip: dict[str, Person], remote: frozenset[str]
) -> _History:
    catalogue = {programme.code: programme for programme in programmes()}
    history = _History()
    for run in given_runs():
        _add_given(history, run, by_nip, catalogue[run.programme])
    given = {row["nip"] for row in facts()["asn"]}
    enroller = Enroller(seed, as_of(), [p for p in people if p.nip not in given], remote)
    for plan in sorted(planned_runs(), key=lambda plan: (plan.run.starts_on, plan.run.code)):
        programme = catalogue[plan.run.programme]
        roster = enroller.roster(plan, programme)
        history.runs.append(plan.run)
        history.rosters.append(roster)
        history.conclusions.append(conclude(seed, plan, programme, roster.places, as_of()))
    return history


def _given_roster(run: Run, by_nip: dict[str, Person]) -> Roster:
    enrolled = [by_nip[row["nip"]] for row in facts()["enrolments"] if row["run"] == run.code]
    last = min(run.starts_on - timedelta(days=8), as_of() - timedelta(days=2))
    span = max(1, (last - run.announced_on).days)
    days = [workday(run.announced_on + timedelta(days=1 + n % span)) for n, _ in enumerate(enrolled)]
    requests = tuple(
        Request(p.nip, run.code, p.agency, max(on, run.announced_on))
        for p, on in zip(enrolled, days, strict=True)
    )
    places = tuple(Place(by_nip[request.nip], request.on) for request in requests)
    return Roster(requests, (), places)


def _given_conclusion(run: Run, roster: Roster, programme: Programme) -> Conclusion:
    results = {r.nip: r for r in map(_given_result, facts()["results"]) if r.run == run.code}
    seats = (Seat(place.person, programme, run.code, place.accepted_on) for place in roster.places)
    return Conclusion(
        results=tuple(results.values()),
        seats=tuple(_completed(seat, results.get(seat.person.nip)) for seat in seats),
    )


def _completed(seat: Seat, result: Result | None) -> Seat:
    if result is None or result.outcome != "passed":
        return seat
    gain = (result.post or 0) - (result.pre or 0)
    return replace(seat, completed_on=result.completed_on, known_on=result.on, gain=gain)


def _given_result(row: dict[str, Any]) -> Result:
    completed_on = date.fromisoformat(row["completed_on"])
    return Result(
        nip=row["nip"],
        run=row["run"],
        outcome=OUTCOMES[row["status"]],
        completed_on=completed_on,
        jp=row["jp"],
        pre=row["pre"],
        post=row["post"],
        certificate=row["certificate"],
        on=workday(completed_on + timedelta(days=4)),
    )


def _steps(history: _History) -> tuple[HistoryStep, ...]:
    """One step per day on which anything happened, in order."""
    days: dict[date, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for name, on, fact in _dated(history):
        days[on][name].append(fact)
    return tuple(
        HistoryStep(day, **{name: tuple(rows) for name, rows in days[day].items()}) for day in sorted(days)
    )


def _dated(history: _History) -> Iterable[tuple[str, date, Any]]:
    for run in history.runs:
        yield "announcements", run.announced_on, run
        if run.cancelled_on:
            yield "cancellations", run.cancelled_on, run
    for roster in history.rosters:
        yield from (("requests", fact.on, fact) for fact in roster.requests)
        yield from (("withdrawals", fact.on, fact) for fact in roster.withdrawals)
    for conclusion in history.conclusions:
        yield from (("attendances", fact.on, fact) for fact in conclusion.attendances)
        yield from (("tests", fact.on, fact) for fact in conclusion.tests)
        yield from (("results", fact.on, fact) for fact in conclusion.results)
    yield from (("responses", fact.on, fact) for fact in history.responses)
