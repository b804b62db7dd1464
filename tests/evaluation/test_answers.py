import asyncio
import re
from uuid import UUID, uuid4

import pytest

from bina.events.evaluation import EvaluationTaskClosed
from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest
from bina.web.access import issue_task_link
from evaluation.instruments.shipped import load_instruments
from evaluation.responses import domain
from evaluation.tasks.domain import task_id

from .conftest import SECRET, ClientOf, token
from .story import announced, completed, enrolment, erased, person, recorded

RUN = "KEU-2026-02"
GOOD = {f"r{n}": 3 for n in range(1, 8)}


def survey(name: str = "rahma") -> UUID:
    return task_id(enrolment(RUN, name), "L1-REACTION", "alumnus")


@pytest.fixture
async def asked(evaluation: ServiceUnderTest) -> UUID:
    """Rahma was asked for her reaction."""
    await evaluation.receives(announced(RUN), recorded("rahma", "erna"), completed(RUN, "rahma"))
    await evaluation.emitted()
    return survey()


async def send(client, task: UUID, answers: dict, key: str = "") -> object:
    return await client.post(
        f"/evaluation/api/v1/tasks/{task}/answers",
        json={"answers": answers},
        headers={"Idempotency-Key": key or uuid4().hex},
    )


async def test_answers_get_a_receipt_and_close_the_task(evaluation, client_of: ClientOf, asked: UUID):
    async with client_of(person("rahma")) as client:
        listed = (await client.get("/evaluation/api/v1/tasks")).json()["tasks"]
        assert [row["task_id"] for row in listed] == [str(asked)]
        answered = await send(client, asked, GOOD | {"r8": "9", "r9": "  Latihan  "})
        assert answered.status_code == 201
        assert re.fullmatch(r"EV-[2-9A-Z]{4}-[2-9A-Z]{4}", answered.json()["receipt"])
        assert (await client.get("/evaluation/api/v1/tasks")).json() == {"tasks": []}
    [closed] = await evaluation.emitted(EvaluationTaskClosed)
    assert (closed.task_id, closed.reason) == (asked, "answered")
    [row] = await evaluation.rows("SELECT answers, score, change, on_behalf FROM responses")
    assert row.answers == GOOD | {"r8": 9, "r9": "Latihan"}
    assert (row.score, row.change, row.on_behalf) == (3.0, None, False)


async def test_sending_again_never_answers_twice(evaluation, client_of: ClientOf, asked: UUID):
    async with client_of(person("rahma")) as client:
        first = await send(client, asked, GOOD, "the-same-key")
        same_key = await send(client, asked, GOOD, "the-same-key")
        same_answers = await send(client, asked, GOOD)
        other = await send(client, asked, GOOD | {"r1": 1})
    assert first.json() == same_key.json() == same_answers.json()
    assert (other.status_code, other.json()["type"]) == (409, "urn:bina:problem:task-answered")
    assert len(await evaluation.emitted(EvaluationTaskClosed)) == 1


async def test_of_two_different_answers_at_once_one_counts_and_the_other_is_told(
    evaluation, client_of: ClientOf, asked: UUID
):
    given = [GOOD | {"r1": mark} for mark in (1, 2, 3, 4)]
    async with client_of(person("rahma")) as client:
        answered = await asyncio.gather(*(send(client, asked, answers) for answers in given))
    codes = [response.status_code for response in answered]
    assert sorted(codes) == [201, 409, 409, 409]
    assert {r.json()["type"] for r in answered if r.status_code == 409} == {"urn:bina:problem:task-answered"}
    [row] = await evaluation.rows("SELECT answers, receipt FROM responses")
    assert row.answers == given[codes.index(201)]
    assert row.receipt == answered[codes.index(201)].json()["receipt"]


async def test_bad_answers_are_named_by_question(client_of: ClientOf, asked: UUID):
    async with client_of(person("rahma")) as client:
        refused = await send(client, asked, {"r1": 5, "r2": 1, "r8": 11, "zz": "?"})
    assert refused.status_code == 422
    places = [error["where"] for error in refused.json()["errors"]]
    assert places == ["r1", "r3", "r4", "r5", "r6", "r7", "r8", "zz"]


async def test_nobody_answers_for_another(evaluation, client_of: ClientOf, asked: UUID):
    async with client_of(person("erna")) as client:
        assert (await send(client, asked, GOOD)).status_code == 404
        url = f"/evaluation/api/v1/tasks?respondent={person('rahma')}"
        assert (await client.get(url)).status_code == 404
    async with client_of(None, "platform") as client:
        assert (await client.get(url)).json()["tasks"][0]["about_nip"] == recorded("rahma").nip
        assert (await send(client, asked, GOOD)).status_code == 403
    assert await evaluation.rows("SELECT * FROM responses") == []


async def test_in_a_demonstration_the_platform_answers_on_behalf(evaluation, client_of, app, asked: UUID):
    app.state.settings = app.state.settings.model_copy(update={"demo": True})
    async with client_of(None, "platform") as client:
        url = f"/evaluation/api/v1/tasks?respondent={recorded('rahma').nip}"
        assert [row["task_id"] for row in (await client.get(url)).json()["tasks"]] == [str(asked)]
        assert (await send(client, asked, GOOD)).status_code == 201
    [row] = await evaluation.rows("SELECT on_behalf FROM responses")
    assert row.on_behalf


async def test_after_its_window_a_task_takes_nothing(evaluation, client_of: ClientOf, asked: UUID):
    from datetime import timedelta

    await evaluation.does_due_work(clock.now() + timedelta(days=20))
    async with client_of(person("rahma")) as client:
        late = await send(client, asked, GOOD)
        page = await client.get(f"/evaluation/tugas/{asked}")
    assert (late.status_code, late.json()["type"]) == (409, "urn:bina:problem:task-closed")
    assert "Tugas ini sudah ditutup" in page.text


async def test_erasure_leaves_figures_and_no_words(evaluation, client_of: ClientOf, asked: UUID):
    async with client_of(person("rahma")) as client:
        await send(client, asked, GOOD | {"r9": "Bu Erna membantu"})
    await evaluation.receives(erased("rahma"))
    [row] = await evaluation.rows("SELECT answers, digest FROM responses")
    assert (row.answers, bytes(row.digest)) == (GOOD, b"")


def fields(html: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html))


async def test_a_form_without_javascript_from_list_to_receipt(evaluation, client_of: ClientOf, asked: UUID):
    async with client_of(person("rahma")) as client:
        inbox = await client.get("/evaluation/tugas")
        assert f"/evaluation/tugas/{asked}" in inbox.text
        brief = await client.get(f"/evaluation/tugas/{asked}")
        assert "WIB" in brief.text
        form = await client.get(f"/evaluation/isi/{asked}")
        given = {name: str(value) for name, value in GOOD.items()} | {"r9": "Simulasi <b>lapangan</b>"}
        incomplete = await client.post(f"/evaluation/isi/{asked}", data=fields(form.text) | {"r1": "2"})
        assert incomplete.status_code == 422
        assert 'href="#f-r2"' in incomplete.text
        review = await client.post(f"/evaluation/isi/{asked}", data=fields(form.text) | given)
        assert "Simulasi &lt;b&gt;lapangan" in review.text
        assert await evaluation.rows("SELECT * FROM responses") == []
        back = await client.post(
            f"/evaluation/isi/{asked}", data=fields(review.text) | given | {"langkah": "ubah"}
        )
        assert back.text.count("checked") == 7
        sent = await client.post(f"/evaluation/isi/{asked}/kirim", data=fields(review.text) | given)
        assert (sent.status_code, sent.headers["location"]) == (303, f"/evaluation/tugas/{asked}")
        receipt = await client.get(f"/evaluation/tugas/{asked}")
        [row] = await evaluation.rows("SELECT receipt, answers FROM responses")
        assert row.receipt in receipt.text
        assert f'data-survey-over="{asked}"' in receipt.text
        assert row.answers["r9"] == "Simulasi <b>lapangan</b>"
        again = await client.get(f"/evaluation/isi/{asked}")
        assert again.status_code == 303


async def test_a_personal_link_opens_one_task_and_no_other(evaluation, client_of: ClientOf, asked: UUID):
    from datetime import UTC, datetime, timedelta

    link = issue_task_link(asked, SECRET, datetime.now(UTC) + timedelta(days=1))
    async with client_of(signed_in=False) as guest:
        assert (await guest.get(f"/evaluation/tautan/{link}")).status_code == 200
        assert (await guest.get(f"/evaluation/tugas/{asked}")).status_code == 303
        form = await guest.get(f"/evaluation/tautan/{link}/isi")
        given = {name: str(value) for name, value in GOOD.items()}
        review = await guest.post(f"/evaluation/tautan/{link}/isi", data=fields(form.text) | given)
        sent = await guest.post(f"/evaluation/tautan/{link}/isi/kirim", data=fields(review.text) | given)
        assert sent.headers["location"] == f"/evaluation/tautan/{link}"
        assert "EV-" in (await guest.get(sent.headers["location"])).text
        session = token(person("rahma"))
        assert (await guest.get(f"/evaluation/tautan/{session}")).status_code == 404
    assert len(await evaluation.rows("SELECT * FROM responses")) == 1


async def test_a_supervisor_finds_alumni_of_one_run_together(evaluation, client_of: ClientOf):
    await evaluation.receives(announced(RUN, -300, -183), recorded("rahma", "erna"), recorded("bayu", "erna"))
    await evaluation.receives(completed(RUN, "rahma", on=-183), completed(RUN, "bayu", on=-183))
    await evaluation.does_due_work(clock.now())
    async with client_of(person("erna"), "supervisor") as client:
        inbox = await client.get("/evaluation/tugas")
        assert "2 alumni" in inbox.text
        href = re.search(r'href="(/evaluation/tugas\?[^"]*L3-SUPERVISOR)"', inbox.text)
        assert href
        group = await client.get(href[1].replace("&amp;", "&"))
        assert "Rahma Yulita" in group.text
        assert "Bayu Bagas" in group.text
        fragment = await client.get("/evaluation/potongan/beranda", headers={"X-Fragment": "1"})
        assert fragment.text.count("link-row") == 2
        assert "<html" not in fragment.text
        assert (await client.get("/evaluation/potongan/beranda")).status_code == 303


REACTION = load_instruments()["L1-REACTION"].questions
OBSERVATION = load_instruments()["L3-OBSERVATION"]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("9", 9),
        ("7,5", 7.5),
        (" 7.5 ", 7.5),
        (0, 0),
        ("11", None),
        ("1.234", None),
        ("-1", None),
        ("x", None),
        (True, None),
    ],
)
def test_numbers_are_read_with_either_separator(value, kept):
    checked = domain.check(REACTION, GOOD | {"r8": value})
    assert checked.answers.get("r8") == kept
    assert bool(checked.faults) == (kept is None)


def test_conditions_do_not_count_as_behaviour():
    questions = load_instruments()["L3-ALUMNUS"].questions
    answers = {"b1": 4, "b2": 4, "b3": 4, "b4": 4, "b5": 1, "b7": 2}
    assert domain.score_of(questions, answers) == 4
    assert domain.change_of(questions, answers) == 2


def test_an_observation_asks_for_its_trainings_behaviours():
    questions = OBSERVATION.questions_for(["T1", "M4"])
    needed = {q.id for q in questions if q.required}
    assert {fault.question for fault in domain.check(questions, {}).faults} == needed
    assert len(questions) > len(OBSERVATION.questions)


def test_receipts_are_the_same_for_the_same_task_and_hard_to_mistake():
    task = UUID(int=7)
    assert domain.receipts_of(task) == domain.receipts_of(task)
    assert len(set(domain.receipts_of(task))) == 4
    assert not set("".join(domain.receipts_of(task))) & set("01ILO")


def filled(name: str, about: str, instrument: str, answers: dict, on: str) -> dict[str, object]:
    nips = {"respondent": recorded(name).nip, "about": recorded(about).nip}
    return nips | {"run": RUN, "instrument": instrument, "on": on, "answers": answers}


async def test_in_a_demonstration_many_answer_at_once(evaluation, client_of, app, asked: UUID):
    rows = [
        filled("rahma", "rahma", "L1-REACTION", GOOD | {"r9": "Latihan"}, "2020-01-01"),
        filled("rahma", "rahma", "L3-ALUMNUS", {}, "2020-01-01"),
        filled("erna", "rahma", "L1-REACTION", GOOD, "2020-01-01"),
    ]
    command = {"json": {"items": rows}, "headers": {"Idempotency-Key": "many answers"}}
    async with client_of(None, "platform") as client:
        refused = await client.post("/evaluation/api/v1/responses", **command)
        app.state.settings = app.state.settings.model_copy(update={"demo": True})
        taken = await client.post("/evaluation/api/v1/responses", **command)
        again = await client.post("/evaluation/api/v1/responses", **command)
        later = command | {"headers": {"Idempotency-Key": "once more"}}
        closed = await client.post("/evaluation/api/v1/responses", **later)
    async with client_of(person("rahma")) as client:
        assert (await client.post("/evaluation/api/v1/responses", **later)).status_code == 403
    assert refused.status_code == 403
    assert taken.json() == again.json() == {"answered": 1, "closed": 0, "unknown": 2, "invalid": 0}
    assert closed.json() == {"answered": 0, "closed": 0, "unknown": 3, "invalid": 0}
    [told] = await evaluation.emitted(EvaluationTaskClosed)
    assert (told.task_id, told.reason) == (asked, "answered")
    [row] = await evaluation.rows(
        "SELECT answers, score, on_behalf, receipt, answered_on, opens_on FROM responses JOIN tasks USING (task_id)"
    )
    assert (row.answers, row.score, row.on_behalf) == (GOOD | {"r9": "Latihan"}, 3.0, True)
    assert row.receipt == domain.receipts_of(asked)[0]
    assert row.answered_on == row.opens_on


async def test_invalid_answers_among_many_are_left_out(evaluation, client_of, app, asked: UUID):
    app.state.settings = app.state.settings.model_copy(update={"demo": True})
    rows = [filled("rahma", "rahma", "L1-REACTION", {"r1": 9}, "2026-06-01")]
    async with client_of(None, "platform") as client:
        command = {"json": {"items": rows}, "headers": {"Idempotency-Key": "bad answers"}}
        answer = await client.post("/evaluation/api/v1/responses", **command)
    assert answer.json() == {"answered": 0, "closed": 0, "unknown": 0, "invalid": 1}
    assert await evaluation.rows("SELECT * FROM responses") == []
