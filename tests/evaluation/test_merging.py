"""Two records of one person made one: who is asked, about whom, and who is told; answers stay nobody's."""

import asyncio
from datetime import timedelta
from uuid import UUID

from bina.events.evaluation import EvaluationTaskClosed
from bina.messaging import clock
from bina.messaging.applying import Outcome
from bina.messaging.release import MOST
from evaluation.app import service
from evaluation.merging import store
from merging import check_sorted

from .story import accepted, announced, completed, merged, person, recorded

RUN = "KEU-2026-02"
EKA, SARI, BAYU = (person(name) for name in ("eka", "eka sari", "bayu"))


async def tasks(svc, role: str) -> set[tuple[UUID, UUID | None, str]]:
    rows = await svc.rows("SELECT about_id, respondent_id, state FROM tasks WHERE role = :role", role=role)
    return {tuple(row) for row in rows}


async def test_every_table_that_names_a_person_is_sorted(under_test):
    await check_sorted(await under_test(service), store.MOVED, store.LEFT)


async def test_tasks_of_and_about_the_one_are_the_others_and_stay_themselves(under_test):
    svc = await under_test(service)
    await svc.receives(recorded("eka"), recorded("eka sari"), recorded("bayu", "eka"), announced(RUN))
    await svc.receives(completed(RUN, "eka"), completed(RUN, "bayu"))
    await svc.does_due_work(clock.now() + timedelta(days=190))
    before = {row.task_id for row in await svc.rows("SELECT task_id FROM tasks WHERE state = 'open'")}
    async with svc.sessions() as session, session.begin():
        await session.fetch(
            "INSERT INTO evaluators VALUES ('agency', '5571', ARRAY[$1, $2, $3]::uuid[], $2, current_date)",
            BAYU, EKA, SARI,
        )  # fmt: skip
    await svc.receives(merged("eka", "eka sari"))
    assert {about for about, *_ in await tasks(svc, "alumnus")} == {SARI, BAYU}
    assert (BAYU, SARI, "open") in await tasks(svc, "supervisor")
    after = {row.task_id for row in await svc.rows("SELECT task_id FROM tasks WHERE state = 'open'")}
    assert after == before, "their links go on"
    (pool,) = await svc.rows("SELECT evaluator_ids, appointed_by FROM evaluators")
    assert (pool.evaluator_ids, pool.appointed_by) == ([BAYU, SARI], SARI)
    rows = await svc.rows("SELECT asn_id, supervisor_id FROM people")
    assert {tuple(row) for row in rows} == {(SARI, None), (BAYU, SARI)}


async def test_nobody_is_asked_about_themselves_as_their_superior(under_test):
    svc = await under_test(service)
    await svc.receives(recorded("eka"), recorded("eka sari", "eka"), announced(RUN))
    await svc.receives(completed(RUN, "eka sari"))
    await svc.does_due_work(clock.now() + timedelta(days=190))
    assert (SARI, EKA, "open") in await tasks(svc, "supervisor")
    await svc.emitted()
    await svc.receives(merged("eka", "eka sari"))
    closed = await svc.emitted(EvaluationTaskClosed)
    assert {(fact.respondent_id, fact.reason) for fact in closed} == {(SARI, "withdrawn")}
    assert "open" not in {state for *_, state in await tasks(svc, "supervisor")}
    rows = await svc.rows("SELECT supervisor_id FROM people")
    assert [row.supervisor_id for row in rows] == [None]


async def test_late_facts_and_a_chain_are_the_last_ones(under_test):
    svc = await under_test(service)
    await svc.receives(announced(RUN), announced("PBJ-2026-04", starts=20, ends=25), recorded("eka"))
    await svc.receives(merged("eka sari", "bayu"))
    await svc.receives(merged("eka", "eka sari"), accepted("PBJ-2026-04", "eka"))
    await svc.receives(completed(RUN, "eka", on=-1), recorded("fitri", "eka"))
    assert len(await svc.held()) == 1, "the record that stays is not known yet"
    await svc.receives(recorded("bayu", "erna"))
    assert await svc.held() == []
    assert {row.asn_id for row in await svc.rows("SELECT asn_id FROM enrolments")} == {BAYU}
    assert {about for role in ("alumnus", "supervisor") for about, *_ in await tasks(svc, role)} == {BAYU}
    (fitri,) = await svc.rows("SELECT supervisor_id FROM people WHERE asn_id = :id", id=person("fitri"))
    assert fitri.supervisor_id == BAYU


async def test_a_batch_under_way_ends_before_a_merge_moves_what_it_wrote(under_test):
    """Two workers at once: what the one writes under the record that goes is there before the other moves it."""
    svc = await under_test(service)
    await svc.receives(recorded("eka"), recorded("eka sari"), announced(RUN))
    batch = svc.intake.read([svc.message(accepted(RUN, "eka"))])
    merge = svc.intake.read([svc.message(merged("eka", "eka sari"))])
    async with asyncio.timeout(20), svc.sessions() as session:
        async with session.begin():
            await svc.intake._in(session, batch, Outcome(guarded=False, room=MOST))
            merging = asyncio.ensure_future(svc.intake.take(merge))
            await asyncio.wait([merging], timeout=1)
            waits = not merging.done()
        await merging
    assert {row.asn_id for row in await svc.rows("SELECT asn_id FROM enrolments")} == {SARI}
    assert waits
