"""The operator's page of interviews: whose it shows, and what it takes."""

import re
from uuid import uuid4

import httpx
import pytest

from bina.messaging import clock
from evaluation.tasks import evaluators, windows

from .conftest import ClientOf
from .story import announced, completed, person, recorded, run

RUN = "KEU-2026-02"
HERE, THERE = uuid4(), uuid4()


@pytest.fixture
async def town(evaluation):
    """Two alumni of one agency in two units; an interview of each is under way, and one of each waits."""
    for code in (RUN, "BTK-2026-05"):
        await evaluation.receives(announced(code, -400, -183))
        for name, unit in (("rahma", HERE), ("bayu", THERE)):
            await evaluation.receives(recorded(name, unit=unit), completed(code, name, on=-183))
    await evaluation.receives(recorded("erna"))
    await evaluation.does_due_work(clock.now())
    async with evaluation.sessions() as session, session.begin():
        found = await evaluators.appoint(
            session, "run", str(run(RUN)), [person("erna")], by=None, on=clock.today()
        )
        await windows.schedule_openings(session, found)
    await evaluation.does_due_work(clock.now())
    return evaluation


async def test_a_units_operator_gets_links_of_the_units_interviews_only(town, client_of: ClientOf):
    seen = {}
    for unit in (None, HERE, uuid4()):
        async with client_of(uuid4(), "operator", unit=unit) as client:
            page = (await client.get("/evaluation/penilai")).text
        names = [name for name in ("Rahma Yulita", "Bayu Bagas") if name in page]
        seen[unit] = (page.count("http://bina.test/evaluation/tautan/"), len(names))
        assert ('name="where"' in page) is (unit is None)
    assert list(seen.values()) == [(2, 2), (1, 1), (0, 0)]


async def revoked(client: httpx.AsyncClient, task: str) -> httpx.Response:
    page = (await client.get("/evaluation/penilai")).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page))
    return await client.post("/evaluation/penilai/cabut", data=hidden | {"task": task})


async def test_a_revoked_link_opens_nothing_and_a_new_one_does(town, client_of: ClientOf):
    async with client_of(uuid4(), "operator") as client, client_of(signed_in=False) as guest:
        page = (await client.get("/evaluation/penilai")).text
        first, other = re.findall(r'href="http://bina.test(/evaluation/tautan/[^"]+)"', page)
        mine, _other = re.findall(r'<option value="([0-9a-f-]{36})"', page)
        assert (await guest.get(first)).status_code == 200
        assert (await revoked(client, mine)).status_code == 303
        for path in (first, f"{first}/isi"):
            closed = await guest.get(path)
            assert closed.status_code == 410
            assert "Tautan ini sudah dicabut." in closed.text
        assert (await guest.get(other)).status_code == 200
        fresh = re.findall(
            r'href="http://bina.test(/evaluation/tautan/[^"]+)"',
            (await client.get("/evaluation/penilai")).text,
        )
        assert (await guest.get(fresh[0])).status_code == 200


async def test_only_interviews_within_reach_have_their_links_revoked(town, client_of: ClientOf):
    async with client_of(uuid4(), "operator") as client:
        page = (await client.get("/evaluation/penilai")).text
        tasks = re.findall(r'<option value="([0-9a-f-]{36})"', page)
    async with client_of(uuid4(), "operator", unit=HERE) as client:
        answers = [(await revoked(client, task)).status_code for task in (*tasks, str(uuid4()), "x")]
    assert sorted(answers[:2]) == [303, 404]
    assert answers[2:] == [404, 404]


async def test_a_units_operator_appoints_nobody_for_the_agency(town, client_of: ClientOf):
    body = {"agency_code": "5571", "evaluators": [recorded("erna").nip]}
    async with client_of(uuid4(), "operator", unit=HERE) as client:
        path = "/evaluation/api/v1/evaluators"
        refused = await client.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})
    assert refused.status_code == 403


async def sent(client: httpx.AsyncClient, where: str) -> httpx.Response:
    page = (await client.get("/evaluation/penilai")).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page))
    fields = {"where": where, "evaluators": recorded("erna").nip}
    return await client.post("/evaluation/penilai", data=hidden | fields)


@pytest.mark.parametrize("where", ["agency:" + "5" * 65, "agency:9999", "agency:", "run:x", "x"])
async def test_a_made_up_audience_is_not_found(town, client_of: ClientOf, where: str):
    async with client_of(uuid4(), "operator") as client:
        assert (await sent(client, where)).status_code == 404
