"""Answers stay their respondents' own; whoever is named by a task is noted."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest
from bina.web.access import issue_task_link
from bina.web.audit.searching import Found, Sought, find
from evaluation.tasks import evaluators, windows
from evaluation.tasks.domain import task_id
from named import addresses, shown_to

from .conftest import SECRET, ClientOf
from .story import announced, completed, enrolment, erased, person, recorded, run

RUN = "KEU-2026-02"
GOOD = {f"r{n}": 3 for n in range(1, 8)}
SURVEY = task_id(enrolment(RUN, "rahma"), "L1-REACTION", "alumnus")
PEOPLE = {person(name): (recorded(name).nip, recorded(name).name) for name in ("rahma", "bayu", "erna")}


@pytest.fixture
async def asked(evaluation: ServiceUnderTest) -> UUID:
    """Rahma was asked for her reaction; Erna interviews both alumni."""
    await evaluation.receives(
        announced(RUN, -400, -183), recorded("rahma"), recorded("bayu"), recorded("erna")
    )
    await evaluation.receives(completed(RUN, "rahma", on=-183), completed(RUN, "bayu", on=-183))
    async with evaluation.sessions() as session, session.begin():
        found = await evaluators.appoint(
            session, "run", str(run(RUN)), [person("erna")], by=None, on=clock.today()
        )
        await windows.schedule_openings(session, found)
    await evaluation.does_due_work(clock.now())
    rows = await evaluation.rows("SELECT task_id FROM tasks WHERE role = 'evaluator' AND state = 'open'")
    return rows[0].task_id


async def entries(evaluation: ServiceUnderTest, **sought) -> list[Found]:
    async with evaluation.sessions() as session:
        return list(reversed(await find(session, Sought(**sought), limit=100)))


async def test_an_answer_is_noted_without_its_content(evaluation, client_of: ClientOf):
    await evaluation.receives(announced(RUN), recorded("rahma"), completed(RUN, "rahma"))
    async with client_of(person("rahma")) as client:
        answer = await client.post(
            f"/evaluation/api/v1/tasks/{SURVEY}/answers",
            json={"answers": GOOD | {"r9": "Latihan lebih banyak"}},
            headers={"Idempotency-Key": uuid4().hex},
        )
    assert answer.status_code == 201
    (entry,) = await entries(evaluation)
    assert entry.changes == [
        {"kind": "task", "id": str(SURVEY), "before": {"state": "open"}, "after": {"state": "answered"}}
    ]
    rows = await evaluation.rows(
        "SELECT to_jsonb(e)::text || coalesce((SELECT string_agg(value, '') FROM audit.personal), '') AS all FROM audit.entries e"
    )
    assert "Latihan" not in rows[0].all


async def test_appointing_evaluators_keeps_who_was_appointed_before(evaluation, client_of: ClientOf):
    await evaluation.receives(recorded("rahma"), recorded("erna"))
    async with client_of(uuid4(), "operator") as client:
        for name in ("rahma", "erna"):
            answer = await client.post(
                "/evaluation/api/v1/evaluators",
                json={"agency_code": "5571", "evaluators": [recorded(name).nip]},
                headers={"Idempotency-Key": uuid4().hex},
            )
            assert answer.status_code == 201
    _first, (change,) = [entry.changes for entry in await entries(evaluation)]
    assert change["before"] == {"evaluators": [str(person("rahma"))]}
    assert change["after"] == {"evaluators": [str(person("erna"))]}


async def test_an_erasure_that_is_heard_of_takes_names_along(evaluation, client_of: ClientOf, asked: UUID):
    async with client_of(person("erna")) as client:
        await client.get("/evaluation/tugas")
    kept = "SELECT FROM audit.personal WHERE person_id IS NOT NULL"
    assert len(await evaluation.rows(kept)) == 1
    await evaluation.receives(erased("erna"))
    assert await evaluation.rows(kept) == []
    last = (await entries(evaluation, kind="erasure"))[-1]
    assert (last.actor, last.erased) == ("service", [person("erna")])


async def test_nobody_else_is_named_without_being_noted(evaluation, client_of: ClientOf, app, asked: UUID):
    fillers = {"run_id": str(run(RUN)), "task_id": str(asked)}
    token = issue_task_link(asked, SECRET, datetime.now(UTC) + timedelta(days=3))
    more = [f"/evaluation/api/v1/tasks?respondent={person('erna')}"]
    paths = addresses(app, fillers | {"token": token}, more)
    for reader, roles in (
        (person("erna"), ("asn",)),
        (uuid4(), ("operator", "bkd")),
        (uuid4(), ("head",)),
        (uuid4(), ("auditor",)),
        (uuid4(), ("platform",)),
    ):
        async with client_of(reader, *roles) as client:
            shown = await shown_to(client, evaluation, paths, PEOPLE, reader=reader)
        assert shown.escaped == [], roles
        assert shown.noted != [], roles
