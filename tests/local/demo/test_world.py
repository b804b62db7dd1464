import json
from collections import Counter
from datetime import date
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest

from bina_local.demo.model import HistoryStep, Person, Request, Result, World
from bina_local.demo.world import grow
from evaluation.instruments.shipped import load_instruments

FACTS: dict[str, Any] = json.loads(
    files("bina_local.demo").joinpath("world.json").read_text(encoding="utf-8")
)
GIVEN_RUNS = {row["code"]: row for row in FACTS["runs"]}
AS_OF = date(2026, 11, 20)
OUTCOMES = {"Lulus": "passed", "Tidak Lulus": "failed", "Mengundurkan Diri": "withdrawn"}


@pytest.fixture(scope="module")
def world() -> World:
    return grow()


def requests(world: World) -> list[Request]:
    return [row for step in world.steps for row in step.requests]


def results(world: World) -> list[Result]:
    return [row for step in world.steps for row in step.results]


def test_two_runs_of_one_seed_are_equal_and_another_seed_differs(world: World) -> None:
    assert grow() == world
    assert grow(seed=1) != world


def nip_faults(person: Person) -> list[str]:
    """The checks of the field on a NIP: birth date, appointment or contract, sex, serial."""
    nip, faults = person.nip, []
    born, year, code = date.fromisoformat(nip[:8]), int(nip[8:12]), int(nip[12:14])
    if len(nip) != 18 or not nip.isascii() or not nip.isdigit():
        faults.append("format")
    if nip[14] != {"L": "1", "P": "2"}[person.sex] or int(nip[15:]) not in range(700, 1000):
        faults.append("sex or serial")
    if person.status == "PPPK":
        fits = 21 <= code <= 99 and 2019 <= year <= AS_OF.year and 18 <= year - born.year <= 59
    else:
        appointed = date(year, code, 1) if 1 <= code <= 12 else date.max
        age = appointed.year - born.year - ((appointed.month, 1) < (born.month, born.day))
        fits = appointed <= AS_OF and 16 <= age <= 58
    return faults if fits else [*faults, "appointment"]


def test_every_nip_passes_the_documented_checks(world: World) -> None:
    assert {p.nip: nip_faults(p) for p in world.people if nip_faults(p)} == {}


def test_identifiers_and_contacts_are_unique_and_reach_nobody(world: World) -> None:
    people = world.people
    assert len({p.nip for p in people}) == len({p.id for p in people}) == len(people)
    assert len({p.email for p in people}) == len({p.phone for p in people}) == len(people)
    assert all(p.email.endswith(".example") and p.phone[4:7] == "000" for p in people)


def test_grades_and_job_levels_are_those_an_upload_accepts(world: World) -> None:
    choices = FACTS["choices"]
    for person in world.people:
        assert person.grade in choices["Golongan"][person.status]
        assert person.job_level in choices["Jenjang"]
        assert person.position_type in choices["Jenis Jabatan"]
        assert person.started_on <= AS_OF


def test_supervisors_exist_and_lead_up_to_one_top_without_rings(world: World) -> None:
    tops = set()
    for person in world.people:
        seen, here = {person.nip}, person
        while here.supervisor is not None:
            assert here.supervisor not in seen
            seen.add(here.supervisor)
            here = world.by_nip[here.supervisor]
        assert here.agency == person.agency
        tops.add(here.nip)
    assert len(tops) == len(world.agencies)


def test_units_form_trees_of_at_most_three_levels(world: World) -> None:
    depth: dict[object, int] = {None: 0}
    for unit in world.units:
        depth[unit.id] = depth[unit.parent] + 1
    assert max(depth.values()) == 3
    assert len({(u.agency, u.name) for u in world.units}) == len(world.units)
    names = {unit.id: (unit.agency, unit.name) for unit in world.units}
    assert all(names[p.unit_id] == (p.agency, p.unit) for p in world.people)


def test_the_size_is_a_region(world: World) -> None:
    assert 1900 <= len(world.people) <= 2100
    assert {p.agency for p in world.people} == {"5500", "5508", "5571", "6472"}
    contracts = sum(p.status == "PPPK" for p in world.people)
    assert 0.15 < contracts / len(world.people) < 0.35
    assert 1100 <= len(completions(world)) <= 1300


def completions(world: World) -> list[tuple[str, str]]:
    pass_scores = {run.code: run.pass_score or 0 for run in world.runs}
    tests = (row for step in world.steps for row in step.tests if row.kind == "post")
    tested = [(row.nip, row.run) for row in tests if row.score >= pass_scores[row.run]]
    return tested + [(row.nip, row.run) for row in results(world) if row.outcome == "passed"]


def test_training_is_uneven_and_sometimes_fails(world: World) -> None:
    trained = {nip for nip, _ in completions(world)}

    def share(people: list[Person]) -> float:
        return sum(p.nip in trained for p in people) / len(people)

    remote = {unit.id for unit in world.units if unit.remote}
    assert share([p for p in world.people if p.unit_id in remote]) < 0.25 < share(list(world.people))
    contracts, permanent = ([p for p in world.people if p.status == status] for status in ("PPPK", "PNS"))
    assert share(contracts) < 0.8 * share(permanent)
    outcomes = Counter(row.outcome for row in results(world))
    assert min(outcomes["failed"], outcomes["withdrawn"]) >= 20
    gains = [row.post - row.pre for row in results(world) if row.post is not None and row.pre is not None]
    assert 12 < sum(gains) / len(gains) < 25
    assert min(gains) < 5


def test_people_enrolments_and_results_of_the_world_are_kept_exactly(world: World) -> None:
    for row in FACTS["asn"]:
        person = world.by_nip[row["nip"]]
        assert (str(person.id), person.name, person.agency, person.unit, person.position) == tuple(
            row[key] for key in ("id", "name", "agency", "unit", "position")
        )
        assert (person.job_level, person.grade, person.supervisor, person.started_on.isoformat()) == (
            row["level"],
            row["golongan"],
            row["supervisor"],
            row["tmt"],
        )
        assert (person.email, person.phone, person.status, person.sex) == tuple(
            row[key] for key in ("email", "phone", "status", "sex")
        )
    given = {row["nip"] for row in FACTS["asn"]}
    asked = [(row.nip, row.run) for row in requests(world) if row.run in GIVEN_RUNS or row.nip in given]
    assert sorted(asked) == sorted((row["nip"], row["run"]) for row in FACTS["enrolments"])
    reported = [
        (r.nip, r.run, r.outcome, r.completed_on.isoformat(), r.jp, r.pre, r.post, r.certificate)
        for r in results(world)
        if r.run in GIVEN_RUNS
    ]
    expected = [
        (
            row["nip"],
            row["run"],
            OUTCOMES[row["status"]],
            *(row[key] for key in ("completed_on", "jp", "pre", "post", "certificate")),
        )
        for row in FACTS["results"]
    ]
    assert sorted(reported) == sorted(expected)


def test_runs_of_the_world_come_out_with_their_seats_and_status(world: World) -> None:
    enrolled = Counter(row.run for row in requests(world))
    ours = {run.code: run for run in world.runs if run.code in GIVEN_RUNS}
    assert set(ours) == set(GIVEN_RUNS)
    for code, row in GIVEN_RUNS.items():
        run = ours[code]
        assert (run.quota, enrolled[code], run.status, list(run.open_to)) == (
            row["quota"],
            row["enrolled"],
            row["status"],
            row["open_to"],
        )
        assert (run.starts_on.isoformat(), run.ends_on.isoformat()) == (row["start"], row["end"])
    assert not {w.run for step in world.steps for w in step.withdrawals} & set(GIVEN_RUNS)


def test_history_is_a_year_of_days_in_order_that_ends_before_as_of(world: World) -> None:
    days = [step.date for step in world.steps]
    assert all(earlier < later for earlier, later in pairwise(days))
    assert days[0] == date(2025, 11, 20)
    assert days[-1] < AS_OF


def test_nothing_happens_before_what_it_needs(world: World) -> None:
    announced: set[str] = set()
    asked: set[tuple[str, str]] = set()
    for step in world.steps:
        announced |= {run.code for run in step.announcements}
        assert {row.run for row in step.requests} <= announced
        asked |= {(row.nip, row.run) for row in step.requests}
        assert about(step) <= asked
    assert announced == {run.code for run in world.runs}
    assert len(asked) == len(requests(world))


def about(step: HistoryStep) -> set[tuple[str, str]]:
    left = {(row.nip, row.run) for row in step.withdrawals}
    ended = {(row.nip, row.run) for row in step.results} | {(row.nip, row.run) for row in step.attendances}
    tested = {(row.nip, row.run) for row in step.tests}
    return left | ended | tested | {(row.about, row.run) for row in step.responses}


def test_agencies_enrol_their_own_and_report_whom_they_may(world: World) -> None:
    runs = {run.code: run for run in world.runs}
    reports_for = {agency.code: agency.reports_for for agency in world.agencies}
    for request in requests(world):
        assert request.agency == world.by_nip[request.nip].agency
        assert request.agency in runs[request.run].open_to
        assert request.on < runs[request.run].ends_on
    for result in results(world):
        assert world.by_nip[result.nip].agency in reports_for[runs[result.run].agency]
        assert result.on >= result.completed_on >= runs[result.run].starts_on


def test_certificates_are_unique_and_only_for_those_who_passed(world: World) -> None:
    numbers = [r.certificate for r in results(world) if r.outcome == "passed"]
    assert len(set(numbers)) == len(numbers)
    assert all(not r.certificate and r.jp == 0 for r in results(world) if r.outcome != "passed")


def test_responses_fit_their_instrument_and_window(world: World) -> None:
    runs = {run.code: run for run in world.runs}
    competencies = {programme.code: programme.competencies for programme in world.programmes}
    for response in (row for step in world.steps for row in step.responses):
        instrument = load_instruments()[response.instrument]
        run = runs[response.run]
        questions = {q.id: q for q in instrument.questions_for(competencies[run.programme])}
        assert set(response.answers) <= set(questions)
        assert {q.id for q in questions.values() if q.required} <= set(response.answers)
        for name, answer in response.answers.items():
            question = questions[name]
            assert question.kind != "scale4" or answer in {1, 2, 3, 4}
            assert question.kind != "choice" or answer in {choice.code for choice in question.choices}
        if instrument.window.starts_from == "completion":
            assert instrument.window.opens_on(run.ends_on) <= response.on
            assert response.on <= instrument.window.closes_on(run.ends_on)


def test_who_gained_more_reports_more_change(world: World) -> None:
    gains = {
        (r.nip, r.run): r.post - r.pre for r in results(world) if r.post is not None and r.pre is not None
    }
    rated = [
        (gains[row.about, row.run], row.answers["b7"])
        for step in world.steps
        for row in step.responses
        if row.instrument == "L3-ALUMNUS" and (row.about, row.run) in gains
    ]
    rated.sort(key=lambda pair: pair[0])
    half = len(rated) // 2
    low, high = ([float(answer) for _, answer in part] for part in (rated[:half], rated[half:]))
    assert sum(high) / len(high) > sum(low) / len(low) + 0.2


def test_the_named_people_can_show_their_part(world: World) -> None:
    people = {account.role: world.by_nip[account.nip] for account in world.accounts}
    statuses = [world.by_nip[a.nip].status for a in world.accounts if a.role == "asn"]
    assert statuses == ["PNS", "PPPK"]
    for role in ("evaluator", "operator", "head", "platform"):
        assert role in people[role].roles
    assert {people[role].agency for role in ("supervisor", "evaluator", "operator", "head")} == {"5571"}
    team = {p.nip for p in world.people if p.supervisor == people["supervisor"].nip}
    assert len({nip for nip, _ in completions(world)} & team) >= 3
