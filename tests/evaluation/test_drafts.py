"""Answers on their way: kept one by one, each once, until they are handed in or nobody asks for them any more."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest
from bina.web.access import issue_task_link
from bina.web.headers import CSP
from evaluation.links import revoke_links

from .conftest import SECRET, ClientOf
from .story import announced, cancelled, completed, erased, person, recorded
from .test_answers import GOOD, RUN, survey

pytestmark = pytest.mark.usefixtures("asked")


@pytest.fixture
async def asked(evaluation: ServiceUnderTest) -> UUID:
    """Rahma was asked for her reaction."""
    await evaluation.receives(announced(RUN), recorded("rahma", "erna"), completed(RUN, "rahma"))
    await evaluation.emitted()
    return survey()


def link(task: UUID, *, days: float = 1) -> str:
    return issue_task_link(task, SECRET, datetime.now(UTC) + timedelta(days=days))


async def keep(
    client: httpx.AsyncClient, desk: str, question: str, value: str, known: str = "", key: str = ""
) -> httpx.Response:
    return await client.put(
        f"/evaluation/api/v1/{desk}/draft/{question}",
        json={"value": value, "known": known},
        headers={"Idempotency-Key": key or uuid4().hex},
    )


async def draft(evaluation: ServiceUnderTest) -> dict[str, str] | None:
    [row] = await evaluation.rows("SELECT draft FROM tasks WHERE task_id = :task_id", task_id=survey())
    found: dict[str, str] | None = row.draft
    return found


async def test_an_answer_is_kept_and_stands_in_the_form(evaluation, client_of: ClientOf):
    desk = f"tasks/{survey()}"
    async with client_of(person("rahma")) as client:
        for question, value in (("r1", "3"), ("r9", "Simulasi <b>lapangan</b>")):
            kept = await keep(client, desk, question, value)
            assert (kept.status_code, kept.json()) == (200, {"saved": True})
        page = (await client.get(f"/evaluation/isi/{survey()}")).text
    assert await draft(evaluation) == {"r1": "3", "r9": "Simulasi <b>lapangan</b>"}
    assert page.count(" checked") == 1
    assert "Simulasi &lt;b&gt;lapangan" in page


async def test_an_answer_counts_once_however_often_it_comes(evaluation, client_of: ClientOf):
    desk = f"tasks/{survey()}"
    async with client_of(person("rahma")) as client:
        again = [await keep(client, desk, "r1", "3", key="one-answer") for _ in range(3)]
        assert [one.status_code for one in again] == [200, 200, 200]
        assert (await keep(client, desk, "r1", "4", known="3")).status_code == 200
        late = await keep(client, desk, "r1", "3", key="one-answer")
        assert late.json() == {"saved": True}
    assert await draft(evaluation) == {"r1": "4"}
    noted = await evaluation.rows("SELECT FROM audit.entries WHERE action LIKE 'PUT %draft%'")
    assert len(noted) == 2


async def test_of_two_devices_the_later_one_is_told_and_nothing_is_written_over(evaluation, client_of):
    desk = f"tasks/{survey()}"
    async with client_of(person("rahma")) as client:
        await keep(client, desk, "r1", "1")
        other = await keep(client, desk, "r1", "4")
        assert other.status_code == 409
        assert other.json()["type"] == "urn:bina:problem:draft-changed"
        assert other.json()["value"] == "1"
        assert await draft(evaluation) == {"r1": "1"}
        assert (await keep(client, desk, "r1", "4", known="1")).status_code == 200
        at_once = await asyncio.gather(*(keep(client, desk, "r2", value) for value in "1234"))
    assert sorted(one.status_code for one in at_once) == [200, 409, 409, 409]
    assert (await draft(evaluation) or {})["r1"] == "4"


async def test_nobody_keeps_an_answer_for_another_or_to_no_question(evaluation, client_of: ClientOf):
    desk = f"tasks/{survey()}"
    async with client_of(person("erna")) as client:
        assert (await keep(client, desk, "r1", "3")).status_code == 404
    async with client_of(signed_in=False) as client:
        assert (await keep(client, desk, "r1", "3")).status_code == 401
    async with client_of(person("rahma")) as client:
        assert (await keep(client, desk, "zz", "3")).status_code == 404
        assert (await keep(client, desk, "r9", "x" * 4001)).status_code == 422
    assert await draft(evaluation) is None


async def test_a_personal_link_keeps_and_hands_in(evaluation, client_of: ClientOf, caplog):
    token = link(survey())
    caplog.set_level(logging.DEBUG)
    async with client_of(signed_in=False) as guest:
        assert (await keep(guest, f"links/{token}", "r1", "3")).status_code == 200
        assert " checked" in (await guest.get(f"/evaluation/tautan/{token}/isi")).text
        sent = await guest.post(
            f"/evaluation/api/v1/links/{token}/answers",
            json={"answers": GOOD},
            headers={"Idempotency-Key": uuid4().hex},
        )
        assert sent.status_code == 201
        assert sent.json()["receipt"].startswith("EV-")
        assert sent.headers["referrer-policy"] == "no-referrer"
    assert token not in "".join(one.getMessage() for one in caplog.records if one.name != "httpx")
    assert token not in str(await evaluation.rows("SELECT detail, action, about FROM audit.entries"))


@pytest.mark.parametrize("closed", ["expired", "revoked"])
async def test_a_link_that_is_over_keeps_nothing_and_says_so(evaluation, client_of, app, closed: str):
    token = link(survey(), days=-1 if closed == "expired" else 1)
    if closed == "revoked":
        async with app.state.runtime.transaction() as session:
            await revoke_links(session, survey())
    async with client_of(signed_in=False) as guest:
        told = await keep(guest, f"links/{token}", "r1", "3")
    assert (told.status_code, told.json()["type"]) == (410, f"urn:bina:problem:link-{closed}")
    assert told.json()["title"].startswith("Tautan ini sudah")
    assert await draft(evaluation) is None


async def test_what_was_handed_in_leaves_no_draft_and_takes_none(evaluation, client_of: ClientOf):
    async with client_of(person("rahma")) as client:
        await keep(client, f"tasks/{survey()}", "r1", "1")
        url = f"/evaluation/api/v1/tasks/{survey()}/answers"
        sent = await client.post(url, json={"answers": GOOD}, headers={"Idempotency-Key": uuid4().hex})
        late = await keep(client, f"tasks/{survey()}", "r1", "2", known="1")
    assert late.json()["type"] == "urn:bina:problem:task-answered"
    assert sent.json()["receipt"] in late.json()["title"]
    assert await draft(evaluation) is None


@pytest.mark.parametrize("over", ["late", "cancelled", "erased"])
async def test_a_task_that_is_over_leaves_no_draft(evaluation, client_of: ClientOf, over: str):
    async with client_of(person("rahma")) as client:
        await keep(client, f"tasks/{survey()}", "r9", "Bu Erna membantu")
        if over == "late":
            await evaluation.does_due_work(clock.now() + timedelta(days=20))
        else:
            await evaluation.receives(erased("rahma") if over == "erased" else cancelled(RUN))
        told = await keep(client, f"tasks/{survey()}", "r9", "Lagi", known="Bu Erna membantu")
    assert told.json()["type"] == "urn:bina:problem:task-closed"
    assert await draft(evaluation) is None


async def test_the_worker_gives_pages_out_with_the_headers_of_a_page(client_of: ClientOf):
    async with client_of(signed_in=False) as guest:
        script = await guest.get("/evaluation/survei.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["service-worker-allowed"] == "/evaluation/"
    assert CSP in script.text
    assert "HEADERS_OF_A_PAGE" not in script.text
    assert len(script.content) < 2048
