"""No difference of figures, between groups, filters or days, tells the answer of fewer raters than the minimum."""

from collections import defaultdict
from datetime import timedelta
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bina.events.evaluation import EvaluationPublished
from bina.messaging import clock
from evaluation.impact import domain
from evaluation.impact.cells import Answer, Cell, Group, Lane, form

from .conftest import ClientOf
from .story import announced, completed, person, recorded, run
from .test_answers import send, survey

MINIMUM = 5
SPACE = UUID("0190b5a0-0000-7000-8000-00000000c311")
LANE = Lane(uuid5(SPACE, "run"), "L1-REACTION", "alumnus", "score")
GROUPS: tuple[Group, ...] = (
    ("5571",),
    ("5571", uuid5(SPACE, "a")),
    ("5571", uuid5(SPACE, "a"), uuid5(SPACE, "a1")),
    ("5571", uuid5(SPACE, "a"), uuid5(SPACE, "a2")),
    ("5571", uuid5(SPACE, "b")),
    ("5508",),
    ("5508", uuid5(SPACE, "c")),
)
READERS: tuple[Group, ...] = ((), *GROUPS)
"""Who may read: the organiser all of a run, an agency, each of its units with those below."""
ROUNDS = st.lists(
    st.tuples(st.lists(st.tuples(st.sampled_from(GROUPS), st.integers(0, 30)), max_size=12), st.booleans()),
    min_size=1,
    max_size=7,
)


def told(cells: list[Cell], reader: Group) -> int:
    return sum(cell.total for cell in cells if cell.group[: len(reader)] == reader)


def figures_of(rounds: list[tuple[list[tuple[Group, int]], bool]]) -> tuple[list[int], list[int]]:
    """(every total that any reader is ever shown, the rater of each answer).

    The n-th answer is worth 2 to the n: a total says by its bits whose answers it holds.
    """
    raters: list[int] = []
    waiting: list[Answer] = []
    cells: list[Cell] = []
    shown: list[int] = []
    for given_now, closed in rounds:
        for group, rater in given_now:
            value = 2 ** len(raters)
            waiting.append(Answer(uuid4(), LANE, uuid5(SPACE, f"rater {rater}"), group, value))
            raters.append(rater)
        made = form(waiting, {LANE} if closed else set(), MINIMUM)
        cells += made
        taken = {answer.task_id for cell in made for answer in cell.answers}
        waiting = [answer for answer in waiting if answer.task_id not in taken]
        shown += [told(cells, reader) for reader in READERS]
    return shown, raters


def inseparable(shown: list[int], answers: int) -> list[list[int]]:
    """Answers that stand together in every figure or in none: no sum or difference of figures parts them."""
    classes: dict[tuple[bool, ...], list[int]] = defaultdict(list)
    for number in range(answers):
        classes[tuple(bool(total >> number & 1) for total in shown)].append(number)
    return [members for seen_in, members in classes.items() if any(seen_in)]


@settings(max_examples=300, deadline=None)
@given(ROUNDS)
def test_figures_can_be_subtracted_from_each_other_without_finding_anybody(rounds):
    shown, raters = figures_of(rounds)
    for members in inseparable(shown, len(raters)):
        assert len({raters[number] for number in members}) >= MINIMUM


@settings(max_examples=100, deadline=None)
@given(ROUNDS)
def test_what_was_told_stays_told(rounds):
    shown, _raters = figures_of(rounds)
    for earlier, later in zip(shown, shown[len(READERS) :], strict=False):
        assert earlier & later == earlier


def test_enough_answers_of_a_group_are_told_and_the_rest_waits_until_nobody_can_answer():
    deep, other = GROUPS[2], GROUPS[3]
    first = [Answer(uuid4(), LANE, uuid4(), deep, 1.0) for _ in range(6)]
    rest = [Answer(uuid4(), LANE, uuid4(), other, 1.0) for _ in range(2)] + [
        Answer(uuid4(), LANE, uuid4(), GROUPS[4], 1.0) for _ in range(3)
    ]
    assert [(c.group, len(c.answers)) for c in form([*first, *rest], set(), MINIMUM)] == [(deep, 6)]
    assert [(c.group, len(c.answers)) for c in form(rest, {LANE}, MINIMUM)] == [(("5571",), 5)]
    assert form(rest[:4], {LANE}, MINIMUM) == []


def test_one_rater_of_many_is_one_rater():
    chief = uuid4()
    assert form([Answer(uuid4(), LANE, chief, GROUPS[0], 2.0) for _ in range(20)], {LANE}, MINIMUM) == []
    erased = [Answer(uuid4(), LANE, None, GROUPS[0], 2.0) for _ in range(20)]
    assert form(erased, {LANE}, MINIMUM) == []


# --- in the service: what organiser, employer, unit and neighbours are told, answer after answer

RUN = "KEU-2026-02"
HERE, THERE = (uuid5(SPACE, name) for name in ("here", "there"))
PLACES = {f"n{n}": ("5571", HERE if n < 8 else THERE) if n < 10 else ("5508", None) for n in range(12)}
VALUES = dict(zip(PLACES, (1, 4, 2, 3, 1, 4, 2, 4, 1, 4, 1, 4), strict=True))
SEES = {
    "organiser": {"agency": "5571"},
    "employer": {"agency": "5508"},
    "unit": {"agency": "5571", "unit": HERE},
    "other unit": {"agency": "5571", "unit": THERE},
}


@pytest.fixture
async def held(evaluation):
    """A training with twelve alumni: eight of one unit, two of another, two of another agency."""
    await evaluation.receives(
        announced(RUN), *(recorded(name, "", agency, unit) for name, (agency, unit) in PLACES.items())
    )
    await evaluation.receives(*(completed(RUN, name, agency=agency) for name, (agency, _u) in PLACES.items()))
    await evaluation.does_due_work(clock.now())
    await evaluation.emitted()
    return evaluation


async def reactions(client_of: ClientOf) -> dict[str, tuple[int, float | None]]:
    shown = {}
    for reader, where in SEES.items():
        async with client_of(uuid4(), "head", **where) as client:
            found = (await client.get(f"/evaluation/api/v1/runs/{run(RUN)}/outcome")).json()
        (lane,) = [one for one in found["lanes"] if one["instrument_code"] == "L1-REACTION"]
        shown[reader] = (lane["score"]["n"], lane["score"]["mean"])
    return shown


async def answered(evaluation, client_of: ClientOf, name: str) -> None:
    async with client_of(person(name)) as client:
        scale = {f"r{n}": VALUES[name] for n in range(1, 8)}
        assert (await send(client, survey(name), scale)).status_code == 201
    await evaluation.does_due_work(clock.now() + timedelta(minutes=1))


async def test_answer_after_answer_no_reader_is_told_what_one_more_said(held, client_of: ClientOf):
    numbers = []
    for name in PLACES:
        await answered(held, client_of, name)
        numbers.append({reader: n for reader, (n, _mean) in (await reactions(client_of)).items()})
    assert [n["unit"] for n in numbers] == [0, 0, 0, 0, 5, 5, 5, 5, 5, 5, 5, 5]
    assert [n["organiser"] for n in numbers] == [0, 0, 0, 0, 5, 5, 5, 5, 5, 5, 5, 10]
    assert {n["employer"] for n in numbers} | {n["other unit"] for n in numbers} == {0}


async def test_what_is_left_of_units_joins_their_agency_once_nobody_can_answer(held, client_of: ClientOf):
    for name in list(PLACES)[:11]:
        await answered(held, client_of, name)
    before = await reactions(client_of)
    await held.does_due_work(clock.now() + timedelta(days=60))
    await held.does_due_work(clock.now() + timedelta(minutes=1))
    after = await reactions(client_of)
    assert before["organiser"][0] == 5
    assert after["organiser"] == (10, pytest.approx(sum(list(VALUES.values())[:10]) / 10))
    assert after["unit"] == before["unit"]
    assert after["employer"] == (0, None)


async def test_the_event_tells_what_the_pages_tell(held, client_of: ClientOf):
    means = []
    for name in PLACES:
        await answered(held, client_of, name)
        await held.does_due_work(clock.now() + timedelta(days=1))
        told_now = await held.emitted(EvaluationPublished)
        means += [event.reaction_mean for event in told_now]
        if told_now:
            assert told_now[-1].reaction_mean == (await reactions(client_of))["organiser"][1]
    assert len(set(means) - {None}) == 2


async def test_an_answer_that_is_taken_back_later_changes_no_figure(held, client_of: ClientOf):
    for name in list(PLACES)[:5]:
        await answered(held, client_of, name)
    before = await reactions(client_of)
    async with held.sessions() as session, session.begin():
        from sqlalchemy import text

        await session.execute(
            text("UPDATE enrolments SET withdrawn = true WHERE asn_id = :id"), {"id": person("n0")}
        )
    await held.does_due_work(clock.now() + timedelta(days=2))
    assert (await reactions(client_of))["unit"] == before["unit"]


def test_the_minimum_is_the_rules():
    assert domain.rules().minimum == MINIMUM
