from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from bina.events import Event
from bina.events.evaluation import EvaluationPublished
from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest
from charted import chart_rows, figure
from evaluation.impact import domain
from evaluation.impact.domain import Lane, Mean, Outcome
from evaluation.impact.store import PUBLISH

from .conftest import ClientOf
from .story import accepted, announced, cancelled, completed, corrected, days, person, recorded, run, scored
from .test_answers import GOOD, send, survey

RUN = "KEU-2026-02"
NAMES = ("rahma", "bayu", "citra", "dewi", "eko", "fitri")
UNIT = UUID("0190b5a0-0000-7000-8000-00000000000a")


async def trained(evaluation: ServiceUnderTest, names=NAMES, organiser: str = "5571") -> None:
    await evaluation.receives(announced(RUN, organiser=organiser), *(recorded(n, "erna") for n in names))
    await evaluation.receives(*(completed(RUN, n) for n in names))
    pairs = [scored(RUN, n, kind, s) for n in names for kind, s in (("pre", 50), ("post", 80))]
    for event in pairs:
        await evaluation.receives(event)
    await evaluation.does_due_work(clock.now())
    await evaluation.emitted()


async def outcome_of(client_of: ClientOf, agency: str = "5571", **options) -> dict:
    async with client_of(uuid4(), "head", agency=agency, **options) as client:
        found = await client.get(f"/evaluation/api/v1/runs/{run(RUN)}/outcome")
    return found.json() if found.status_code == 200 else {"status": found.status_code}


async def test_figures_of_a_run(evaluation, client_of: ClientOf):
    await trained(evaluation)
    for name in NAMES[:5]:
        async with client_of(person(name)) as client:
            assert (await send(client, survey(name), GOOD)).status_code == 201
    await evaluation.does_due_work(clock.now() + timedelta(minutes=1))
    found = await outcome_of(client_of)
    assert found["trained"] == 6
    assert (found["pre"], found["post"]) == ({"n": 6, "mean": 50}, {"n": 6, "mean": 80})
    assert (found["gain"], found["gain_band"]) == (pytest.approx(0.6), "sedang")
    [reaction] = [lane for lane in found["lanes"] if lane["instrument_code"] == "L1-REACTION"]
    assert (reaction["asked"], reaction["answered"]) == (6, 5)
    assert reaction["response_rate"] == pytest.approx(5 / 6)
    assert reaction["score"] == {"n": 5, "mean": 3}


async def test_charts_say_what_the_interface_says(evaluation, client_of: ClientOf):
    await trained(evaluation)
    for name in NAMES[:5]:
        async with client_of(person(name)) as client:
            await send(client, survey(name), GOOD)
    await evaluation.does_due_work(clock.now() + timedelta(minutes=1))
    async with client_of(uuid4(), "head") as client:
        [[listed]] = chart_rows((await client.get("/evaluation/dampak")).text)
        responses, [scores] = chart_rows((await client.get(f"/evaluation/dampak/{run(RUN)}")).text)
    told = await outcome_of(client_of)
    before, after = told["pre"]["mean"], told["post"]["mean"]
    assert listed == scores
    assert [figure(cell) for cell in scores[1:]] == [before, after, after - before]
    asked, heard = (sum(lane[name] for lane in told["lanes"]) for name in ("asked", "answered"))
    assert [figure(row[1]) for row in responses[:3]] == [told["trained"], asked, heard]


async def test_fewer_than_five_show_no_mean_but_their_number(evaluation, client_of: ClientOf):
    await trained(evaluation, NAMES[:4])
    async with client_of(person("rahma")) as client:
        await send(client, survey("rahma"), GOOD)
    found = await outcome_of(client_of)
    assert (found["trained"], found["pre"]) == (4, {"n": 4, "mean": None})
    assert (found["gain"], found["verdict"]) == (None, "unknown")
    assert {lane["score"]["mean"] for lane in found["lanes"]} == {None}


async def test_our_own_test_goes_before_the_organisers_report(evaluation, client_of: ClientOf):
    await trained(evaluation)
    for name in NAMES:
        await evaluation.receives(scored(RUN, name, "post", 99, source="organiser"))
    assert (await outcome_of(client_of))["post"]["mean"] == 80


@pytest.mark.parametrize("corrected_first", [False, True])
async def test_a_score_taken_back_by_a_correction_leaves_the_mean(
    evaluation, client_of: ClientOf, *, corrected_first: bool
):
    await evaluation.receives(announced(RUN), *(recorded(n, "erna") for n in NAMES))
    await evaluation.receives(*(completed(RUN, n) for n in NAMES))
    await evaluation.receives(*(scored(RUN, n, "post", 80, source="organiser") for n in NAMES[1:]))
    wrong = scored(RUN, "rahma", "post", 20, source="organiser")
    correction = corrected(RUN, "rahma", passed=True)
    for event in (correction, wrong) if corrected_first else (wrong, correction):
        await evaluation.receives(event)
    assert (await outcome_of(client_of))["post"] == {"n": 5, "mean": 80}
    await evaluation.receives(scored(RUN, "rahma", "post", 74, source="test"))
    assert (await outcome_of(client_of))["post"] == {"n": 6, "mean": 79}


async def test_an_organiser_sees_its_run_and_an_employer_its_people(evaluation, client_of: ClientOf):
    await trained(evaluation, organiser="5500")
    await evaluation.receives(
        recorded("gita", agency="5508", unit=UNIT), completed(RUN, "gita", agency="5508")
    )
    assert (await outcome_of(client_of, "5500"))["trained"] == 7
    assert (await outcome_of(client_of, "5571"))["trained"] == 6
    assert (await outcome_of(client_of, "5508"))["trained"] == 1
    assert (await outcome_of(client_of, "5508", unit=UNIT))["trained"] == 1
    assert await outcome_of(client_of, "5508", unit=uuid4()) == {"status": 404}
    assert await outcome_of(client_of, "6472") == {"status": 404}
    assert await outcome_of(client_of, None) == {"status": 403}


async def test_a_runs_figures_are_told_once_a_day_and_only_when_they_changed(evaluation: ServiceUnderTest):
    await trained(evaluation)
    await evaluation.does_due_work(clock.now() + timedelta(days=1))
    [told] = await evaluation.emitted(EvaluationPublished)
    assert (told.run_id, told.trained, told.pre_mean, told.post_mean) == (run(RUN), 6, 50, 80)
    assert (told.asked, told.answered, told.reaction_mean) == (6, 0, None)
    await evaluation.receives(scored(RUN, "rahma", "post", 86), scored(RUN, "bayu", "post", 86))
    await evaluation.does_due_work(clock.now())
    assert await evaluation.emitted(EvaluationPublished) == []
    await evaluation.does_due_work(clock.now() + timedelta(days=1))
    [told] = await evaluation.emitted(EvaluationPublished)
    assert told.post_mean == 82
    await evaluation.receives(scored(RUN, "rahma", "post", 86))
    await evaluation.does_due_work(clock.now() + timedelta(days=2))
    assert await evaluation.emitted(EvaluationPublished) == []


@pytest.mark.parametrize(
    "event",
    [accepted(RUN, "rahma"), completed(RUN, "rahma"), corrected(RUN, "rahma", passed=False)],
    ids=lambda event: event.type,
)
async def test_whatever_changes_a_runs_figures_calls_for_telling_them(evaluation, event: Event):
    await evaluation.receives(announced(RUN), recorded("rahma"), event)
    called_for = await evaluation.rows("SELECT key FROM messaging.due WHERE kind = :kind", kind=PUBLISH)
    assert [row.key for row in called_for] == [str(run(RUN))]


async def test_pages_say_what_changed_and_who_was_silent(evaluation, client_of: ClientOf):
    await trained(evaluation)
    async with client_of(uuid4(), "head") as client:
        listed = await client.get("/evaluation/dampak")
        one = await client.get(f"/evaluation/dampak/{run(RUN)}")
        other = await client.get(f"/evaluation/dampak/{uuid4()}")
    assert "Berubah" in listed.text
    assert f"/evaluation/dampak/{run(RUN)}" in listed.text
    assert "6 orang ditanyakan tanpa satu pun jawaban" in one.text
    assert "N-gain 0,60, sedang." in one.text
    assert other.status_code == 404
    async with client_of(uuid4(), "asn") as client:
        assert (await client.get("/evaluation/dampak")).status_code == 403


async def test_without_completions_the_list_says_so(evaluation, client_of: ClientOf):
    await evaluation.receives(announced(RUN, 10, 12), accepted(RUN, "rahma"), cancelled(RUN))
    async with client_of(uuid4(), "head") as client:
        assert "Belum ada pelatihan yang selesai" in (await client.get("/evaluation/dampak")).text


async def test_an_operator_appoints_within_the_agency(evaluation, client_of: ClientOf):
    await evaluation.receives(announced(RUN, -400, -183), recorded("rahma"), recorded("erna"))
    await evaluation.receives(completed(RUN, "rahma", on=-183))
    await evaluation.does_due_work(clock.now())
    body = {"agency_code": "5571", "evaluators": [recorded("erna").nip]}
    url = "/evaluation/api/v1/evaluators"
    async with client_of(uuid4(), "operator", agency="5508") as client:
        refused = await client.post(url, json=body, headers={"Idempotency-Key": uuid4().hex})
        assert refused.status_code == 404
    async with client_of(uuid4(), "operator") as client:
        assert "1 wawancara menunggu evaluator" in (await client.get("/evaluation/penilai")).text
        unknown = body | {"evaluators": ["199001012015011777"]}
        refused = await client.post(url, json=unknown, headers={"Idempotency-Key": uuid4().hex})
        assert refused.json()["type"] == "urn:bina:problem:evaluator-unknown"
        done = await client.post(url, json=body, headers={"Idempotency-Key": uuid4().hex})
        assert (done.status_code, done.json()) == (201, {"evaluators": 1, "windows": 1})
        await evaluation.does_due_work(clock.now())
        page = await client.get("/evaluation/penilai")
    assert "http://bina.test/evaluation/tautan/" in page.text
    [row] = await evaluation.rows("SELECT state, respondent_id FROM tasks WHERE role = 'evaluator'")
    assert tuple(row) == ("open", person("erna"))


NONE = Mean(0, None)


def lane(role: str, score: Mean, change: Mean) -> Lane:
    return Lane("L3", "survey", role, False, "L3", 10, score.n, 0, 0, 0, score, change)


def outcome(*lanes: Lane, pre: Mean = NONE, post: Mean = NONE) -> Outcome:
    return Outcome(
        UUID(int=0),
        "KEU",
        "Keuangan",
        "5571",
        days(-9),
        days(-1),
        False,
        10,
        10,
        10,
        5,
        2,
        pre,
        post,
        pre,
        post,
        lanes,
    )


def test_a_level_mean_leaves_hidden_groups_out_so_that_they_cannot_be_solved():
    shown, hidden = (
        lane("alumnus", Mean(10, 3.0), Mean(10, 3.0)),
        lane("supervisor", Mean(3, 1.0), Mean(3, 1.0)),
    )
    assert domain.level_mean([shown, hidden]) == Mean(10, 3.0)
    assert domain.behaviour_verdict(outcome(shown, hidden)) == "changed"
    assert domain.verdict(outcome(hidden, pre=Mean(8, 50.0), post=Mean(8, 60.0))) == ("L2", "unchanged")


@pytest.mark.parametrize(
    ("pre", "post", "band"),
    [(50, 85, "tinggi"), (50, 65, "sedang"), (50, 64.9, "rendah"), (60, 50, "rendah"), (100, 100, None)],
)
def test_gain_bands_judge_the_unrounded_value(pre: float, post: float, band: str | None):
    assert domain.band_of(outcome(pre=Mean(9, pre), post=Mean(9, post)).gain) == band


def test_a_mean_of_four_is_withheld():
    assert Mean(4, 3.0).shown is None
    assert replace(Mean(4, 3.0), n=5).shown == 3.0


def test_publication_lies_apart_from_midnight():
    zone = clock.ZONE
    at = datetime(2026, 11, 20, 0, 0, 3, tzinfo=zone)
    assert domain.next_publication(at) == datetime(2026, 11, 20, 1, tzinfo=zone)
    assert domain.next_publication(at + timedelta(hours=1)).date() == date(2026, 11, 21)
    assert domain.next_publication(at.astimezone(UTC).astimezone(zone)).astimezone(UTC).hour == 18
