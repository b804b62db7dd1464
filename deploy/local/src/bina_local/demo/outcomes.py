"""How a training ends for those who hold a seat: attendance, tests, results."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from .answers import Seat
from .chance import stream
from .enrolment import Place
from .model import Attendance, Outcome, Person, Programme, Result, Run, Test
from .runs import Plan, workday

End = Literal["passed", "failed", "withdrawn", "absent"]


@dataclass(frozen=True, slots=True)
class Ending:
    """One participant's way through a run: scores 0-100, `post` null where none was reached."""

    place: Place
    end: End
    pre: float
    post: float | None


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a finished run puts on record."""

    attendances: tuple[Attendance, ...] = ()
    tests: tuple[Test, ...] = ()
    results: tuple[Result, ...] = ()
    seats: tuple[Seat, ...] = ()


def conclude(seed: int, plan: Plan, programme: Programme, places: Sequence[Place], as_of: date) -> Conclusion:
    """The records of a run; for one that has not ended, only its seats."""
    run = plan.run
    if run.cancelled_on or report_day(run) >= as_of:
        return Conclusion(seats=tuple(Seat(p.person, programme, run.code, p.accepted_on) for p in places))
    endings = [_ending(stream(seed, "ending", run.code, p.person.nip), plan, p) for p in places]
    known_on = report_day(run)
    seats = tuple(_seat(ending, run, programme, known_on) for ending in endings)
    if run.tested_in_bina:
        return _tested_here(run, endings, seats)
    results = tuple(_result(n, ending, run, programme, known_on) for n, ending in enumerate(endings, 1))
    return Conclusion(results=results, seats=seats)


def report_day(run: Run) -> date:
    """When the organiser's results are in: within a week, or two days for the newest."""
    return workday(run.ends_on + timedelta(days=2 if run.ends_on >= date(2026, 11, 1) else 6))


def _ending(rng: random.Random, plan: Plan, place: Place) -> Ending:
    pre = min(80.0, max(25.0, rng.gauss(*_before(place.person))))
    luck = rng.random()
    if luck < 0.02:
        return Ending(place, "withdrawn", _rounded(plan.run, pre), None)
    if luck < 0.05:
        return Ending(place, "absent", _rounded(plan.run, pre), None)
    post = min(97.0, pre + max(-4.0, rng.gauss(21.0 * plan.teaching, 7.5)) * (1.25 - pre / 200))
    pre, post = _rounded(plan.run, pre), _rounded(plan.run, post)
    passed = plan.run.pass_score is None or post >= plan.run.pass_score
    return Ending(place, "passed" if passed else "failed", pre, post)


def _before(person: Person) -> tuple[float, float]:
    level = {"Pelaksana": 47.0, "Terampil": 50.0, "Ahli Muda": 58.0, "Ahli Madya": 62.0}
    return level.get(person.job_level, 54.0), 8.5


def _rounded(run: Run, score: float) -> float:
    return round(score / 10) * 10.0 if run.tested_in_bina else round(score * 2) / 2


def _seat(ending: Ending, run: Run, programme: Programme, known_on: date) -> Seat:
    person, accepted_on = ending.place.person, ending.place.accepted_on
    if ending.end != "passed" or ending.post is None:
        return Seat(person, programme, run.code, accepted_on)
    tested_on = _post_test_day(run, person)
    known_on = tested_on if run.tested_in_bina else known_on
    return Seat(person, programme, run.code, accepted_on, run.ends_on, known_on, ending.post - ending.pre)


def _result(number: int, ending: Ending, run: Run, programme: Programme, on: date) -> Result:
    passed = ending.end == "passed"
    outcome: Outcome = "failed" if ending.end == "absent" else ending.end
    certificate = f"893.3/{number:03d}/{run.code}" if passed else ""
    jp = programme.jp if passed else 0
    nip = ending.place.person.nip
    return Result(nip, run.code, outcome, run.ends_on, jp, ending.pre, ending.post, certificate, on)


def _tested_here(run: Run, endings: Sequence[Ending], seats: tuple[Seat, ...]) -> Conclusion:
    tests: list[Test] = []
    for ending in endings:
        person = ending.place.person
        tests.append(Test(person.nip, run.code, "pre", int(ending.pre), _pre_test_day(run, ending.place)))
        if ending.post is not None:
            day = _post_test_day(run, person)
            tests.append(Test(person.nip, run.code, "post", int(ending.post), day))
    attended = (e for e in endings if e.post is not None)
    left = (e for e in endings if e.post is None)
    return Conclusion(
        attendances=tuple(Attendance(e.place.person.nip, run.code, run.ends_on) for e in attended),
        tests=tuple(tests),
        results=tuple(_left(ending, run) for ending in left),
        seats=seats,
    )


def _left(ending: Ending, run: Run) -> Result:
    outcome: Outcome = "withdrawn" if ending.end == "withdrawn" else "failed"
    nip = ending.place.person.nip
    return Result(nip, run.code, outcome, run.ends_on, 0, ending.pre, None, "", report_day(run))


def _pre_test_day(run: Run, place: Place) -> date:
    return max(place.accepted_on + timedelta(days=1), run.starts_on - timedelta(days=3))


def _post_test_day(run: Run, person: Person) -> date:
    return run.ends_on + timedelta(days=int(person.nip[-1]) % 3)
