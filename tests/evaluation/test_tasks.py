from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from bina.events import Event
from bina.events.evaluation import EvaluationTaskClosed, EvaluationTaskOpened
from bina.messaging import clock, inbox, together
from bina.messaging.testing import ServiceUnderTest
from bina.web.access import Person
from evaluation.app import service
from evaluation.roster import store as roster
from evaluation.tasks import api, domain, evaluators, handlers, store, windows
from evaluation.tasks.domain import Occasion
from meeting import Meeting

from .story import (
    accepted,
    announced,
    cancelled,
    changed,
    completed,
    corrected,
    days,
    enrolment,
    erased,
    person,
    recorded,
    run,
    withdrawn,
)

RUN = "KEU-2026-02"


async def states(evaluation: ServiceUnderTest, name: str = "rahma", code: str = RUN) -> dict[str, str]:
    rows = await evaluation.rows(
        "SELECT instrument_code || ' ' || role AS name, state FROM tasks WHERE enrollment_id = :id AND attempt = 1",
        id=enrolment(code, name),
    )
    return {row.name: row.state for row in rows}


async def facts(evaluation: ServiceUnderTest) -> list[Event]:
    return list(await evaluation.emitted(EvaluationTaskOpened, EvaluationTaskClosed))


async def later(evaluation: ServiceUnderTest, n: int) -> None:
    await evaluation.does_due_work(clock.now() + timedelta(days=n))


async def test_nobody_hears_of_a_survey_before_the_result_it_asks_about(evaluation: ServiceUnderTest):
    at = datetime(2026, 11, 20, 3, tzinfo=UTC)
    done = completed(RUN, "rahma").model_copy(update={"notify_after": at})
    await evaluation.receives(announced(RUN), recorded("rahma", "erna"), recorded("erna"), done)
    [opened] = await facts(evaluation)
    assert isinstance(opened, EvaluationTaskOpened)
    assert opened.notify_after == at


async def test_a_completion_opens_the_reaction_survey_now_and_plans_the_rest(evaluation: ServiceUnderTest):
    await evaluation.receives(
        announced(RUN), recorded("rahma", "erna"), recorded("erna"), event := completed(RUN, "rahma")
    )
    [opened] = await facts(evaluation)
    assert isinstance(opened, EvaluationTaskOpened)
    assert (opened.instrument_code, opened.respondent_id, opened.about_id, opened.role) == (
        "L1-REACTION",
        person("rahma"),
        person("rahma"),
        "alumnus",
    )
    assert (opened.opens_on, opened.closes_on) == (days(-1), days(13))
    assert opened.envelope.causation_id == event.event_id
    assert await states(evaluation) == {
        "L1-REACTION alumnus": "open",
        "L3-ALUMNUS alumnus": "planned",
        "L3-SUPERVISOR supervisor": "planned",
        "L3-OBSERVATION supervisor": "planned",
        "L3-INTERVIEW evaluator": "planned",
    }


async def test_a_redelivered_completion_opens_one_survey(evaluation: ServiceUnderTest):
    event = completed(RUN, "rahma")
    await evaluation.receives(announced(RUN), recorded("rahma"), event, event)
    assert len(await facts(evaluation)) == 1


async def test_windows_open_and_close_by_due_work(evaluation: ServiceUnderTest):
    await evaluation.receives(announced(RUN), recorded("rahma", "erna"), completed(RUN, "rahma"))
    await facts(evaluation)
    await later(evaluation, 179)
    told = await facts(evaluation)
    opened = {(e.instrument_code, e.respondent_id) for e in told if isinstance(e, EvaluationTaskOpened)}
    assert opened == {
        ("L3-ALUMNUS", person("rahma")),
        ("L3-SUPERVISOR", person("erna")),
        ("L3-OBSERVATION", person("erna")),
    }
    assert [(e.reason, e.task_id) for e in told if isinstance(e, EvaluationTaskClosed)] == [
        ("expired", domain.task_id(enrolment(RUN, "rahma"), "L1-REACTION", "alumnus"))
    ]
    assert (await states(evaluation))["L3-INTERVIEW evaluator"] == "unassigned"
    await later(evaluation, 46)
    assert {type(e).__name__ for e in await facts(evaluation)} == {"EvaluationTaskClosed"}
    assert set((await states(evaluation)).values()) == {"expired", "lapsed"}


async def test_history_is_asked_of_nobody_and_counts_as_no_refusal(evaluation: ServiceUnderTest):
    await evaluation.receives(
        announced(RUN, -500, -400), recorded("rahma", "erna"), completed(RUN, "rahma", on=-400)
    )
    await later(evaluation, 0)
    assert await facts(evaluation) == []
    assert set((await states(evaluation)).values()) == {"withdrawn"}


async def test_a_result_reported_after_the_reaction_window_still_plans_the_rest(evaluation: ServiceUnderTest):
    await evaluation.receives(
        announced(RUN, -40, -30), recorded("rahma", "erna"), completed(RUN, "rahma", on=-30)
    )
    await later(evaluation, 0)
    assert await facts(evaluation) == []
    found = await states(evaluation)
    assert found.pop("L1-REACTION alumnus") == "withdrawn"
    assert set(found.values()) == {"planned"}


async def test_a_window_missed_by_due_work_is_told_to_nobody(evaluation: ServiceUnderTest):
    await evaluation.receives(announced(RUN), recorded("rahma", "erna"), completed(RUN, "rahma"))
    await facts(evaluation)
    await later(evaluation, 400)
    assert [type(e) for e in await facts(evaluation)] == [EvaluationTaskClosed]  # the reaction survey's
    found = await states(evaluation)
    assert found.pop("L1-REACTION alumnus") == "expired"
    assert set(found.values()) == {"lapsed"}


async def test_without_a_supervisor_nobody_is_asked_in_their_place(evaluation: ServiceUnderTest):
    await evaluation.receives(announced(RUN), recorded("rahma"), completed(RUN, "rahma"))
    await later(evaluation, 179)
    asked = {e.role for e in await facts(evaluation) if isinstance(e, EvaluationTaskOpened)}
    assert asked == {"alumnus"}
    assert (await states(evaluation))["L3-SUPERVISOR supervisor"] == "unassigned"


async def test_a_supervisor_known_later_is_asked_then(evaluation: ServiceUnderTest):
    await evaluation.receives(announced(RUN), recorded("rahma"), completed(RUN, "rahma"))
    await later(evaluation, 179)
    await facts(evaluation)
    await evaluation.receives(recorded("rahma", "dedi"))
    await later(evaluation, 0)
    assert {e.respondent_id for e in await facts(evaluation)} == {person("dedi")}


async def test_planned_tasks_follow_the_supervisor_and_open_ones_stay(evaluation: ServiceUnderTest):
    await evaluation.receives(announced(RUN), recorded("rahma", "erna"), completed(RUN, "rahma"))
    await evaluation.receives(recorded("rahma", "dedi"))
    await later(evaluation, 179)
    await facts(evaluation)
    await evaluation.receives(recorded("rahma", "citra"))
    await later(evaluation, 1)
    rows = await evaluation.rows("SELECT DISTINCT respondent_id FROM tasks WHERE role = 'supervisor'")
    assert [row.respondent_id for row in rows] == [person("dedi")]


async def test_an_erased_supervisor_is_not_asked(evaluation: ServiceUnderTest):
    await evaluation.receives(
        announced(RUN), recorded("erna"), recorded("rahma", "erna"), completed(RUN, "rahma")
    )
    await evaluation.receives(erased("erna"))
    await later(evaluation, 179)
    assert (await states(evaluation))["L3-SUPERVISOR supervisor"] == "unassigned"


async def test_a_cancelled_run_takes_everything_back_whatever_came_first(under_test):
    for cancelled_first in (False, True):
        evaluation = await under_test(service)
        await evaluation.receives(announced(RUN, 10, 12), recorded("rahma"))
        both = [[accepted(RUN, "rahma")], [cancelled(RUN)]]
        for batch in reversed(both) if cancelled_first else both:
            await evaluation.receives(*batch)
        told = await facts(evaluation)
        assert [type(e).__name__ for e in told] == ["EvaluationTaskOpened", "EvaluationTaskClosed"]
        assert await states(evaluation) == {"L3-BASELINE alumnus": "withdrawn"}


async def test_baseline_questions_end_when_the_training_begins(evaluation: ServiceUnderTest):
    await evaluation.receives(announced(RUN, 5, 8), recorded("rahma"), accepted(RUN, "rahma"))
    [opened] = await facts(evaluation)
    assert isinstance(opened, EvaluationTaskOpened)
    assert (opened.instrument_code, opened.closes_on) == ("L3-BASELINE", days(5))
    await evaluation.receives(withdrawn(RUN, "rahma"))
    [closed] = await facts(evaluation)
    assert isinstance(closed, EvaluationTaskClosed)
    assert closed.reason == "withdrawn"


async def test_who_was_accepted_after_the_start_gets_no_baseline(evaluation: ServiceUnderTest):
    await evaluation.receives(announced(RUN, -2, 8), recorded("rahma"), accepted(RUN, "rahma"))
    assert await facts(evaluation) == []


async def test_a_completion_corrected_away_and_back_is_asked_again_under_a_new_task(
    evaluation: ServiceUnderTest,
):
    await evaluation.receives(announced(RUN), recorded("rahma", "erna"), completed(RUN, "rahma"))
    [first] = await facts(evaluation)
    await evaluation.receives(corrected(RUN, "rahma", passed=False))
    [closed] = await facts(evaluation)
    assert (closed.key, closed.reason) == (first.key, "withdrawn")
    assert set((await states(evaluation)).values()) == {"withdrawn"}
    await evaluation.receives(corrected(RUN, "rahma", passed=True, on=0, revision=3))
    [again] = await facts(evaluation)
    assert again.key == str(domain.task_id(enrolment(RUN, "rahma"), "L1-REACTION", "alumnus", 2))
    assert (await states(evaluation))["L3-ALUMNUS alumnus"] == "planned"


async def test_a_corrected_day_moves_the_windows_that_have_not_begun(evaluation: ServiceUnderTest):
    await evaluation.receives(announced(RUN), recorded("rahma"), completed(RUN, "rahma", on=-1))
    await evaluation.receives(corrected(RUN, "rahma", passed=True, on=-11))
    rows = await evaluation.rows("SELECT instrument_code, opens_on FROM tasks WHERE role = 'alumnus'")
    assert {row.instrument_code: row.opens_on for row in rows} == {
        "L1-REACTION": days(-1),
        "L3-ALUMNUS": days(169),
    }


async def test_an_erased_alumnus_is_asked_nothing_more(evaluation: ServiceUnderTest):
    await evaluation.receives(announced(RUN), recorded("rahma", "erna"), completed(RUN, "rahma"))
    await evaluation.receives(erased("rahma"))
    assert set((await states(evaluation)).values()) == {"withdrawn"}
    [row] = await evaluation.rows(
        "SELECT name, nip, erased FROM people WHERE asn_id = :id", id=person("rahma")
    )
    assert tuple(row) == ("", "", True)


async def test_a_full_chunk_of_due_work_comes_again(evaluation: ServiceUnderTest, monkeypatch):
    from evaluation.tasks import schedule

    monkeypatch.setattr(schedule, "CHUNK", 3)
    names = [f"asn{n}" for n in range(5)]
    await evaluation.receives(announced(RUN), *(recorded(n) for n in names))
    await evaluation.receives(*(completed(RUN, n) for n in names))
    await facts(evaluation)
    await later(evaluation, 179)
    opened = [e for e in await facts(evaluation) if isinstance(e, EvaluationTaskOpened)]
    assert len({e.task_id for e in opened}) == len(opened) == 5


async def test_who_is_appointed_while_tasks_are_planned_gets_them(
    evaluation: ServiceUnderTest, meeting: Meeting
):
    await evaluation.receives(announced(RUN), recorded("rahma", "erna"), event := recorded("erna"))
    planning = evaluation.receives(completed(RUN, "rahma"))
    await meeting(evaluation, (handlers, "_occasions"), planning, lambda: _appoint(evaluation, event.nip))
    [task] = await evaluation.rows("SELECT respondent_id FROM tasks WHERE role = 'evaluator'")
    assert task.respondent_id == person("erna")


async def test_pools_are_read_over_a_connection_that_was_asked_nothing_before(evaluation: ServiceUnderTest):
    await evaluation.receives(announced(RUN), event := recorded("erna"))
    await _appoint(evaluation, event.nip)
    await evaluation.engine.dispose()
    async with evaluation.sessions() as session:
        [pools] = await together(session, evaluators.pools_asked([run(RUN)], []))
    assert pools == {("run", str(run(RUN))): [person("erna")]}


async def test_appointing_and_a_change_of_the_run_do_not_lock_each_other_out(
    evaluation: ServiceUnderTest, meeting: Meeting
):
    await evaluation.receives(announced(RUN), event := recorded("erna"))
    changing = evaluation.receives(changed(RUN, 3, 5))
    await meeting(evaluation, (inbox, "claim"), changing, lambda: _appoint(evaluation, event.nip))
    [row] = await evaluation.rows("SELECT starts_on, evaluator_ids FROM runs CROSS JOIN evaluators")
    assert tuple(row) == (days(3), [person("erna")])


async def _appoint(evaluation: ServiceUnderTest, nip: str) -> None:
    platform = Person(None, "Penguji", frozenset({"platform"}))
    async with evaluation.sessions() as session, session.begin():
        await api.appoint(session, api.Appointment(run_id=run(RUN), evaluators=[nip]), platform)


async def test_nobody_is_asked_who_is_erased_while_windows_open(
    evaluation: ServiceUnderTest, meeting: Meeting
):
    await evaluation.receives(announced(RUN), recorded("rahma", "erna"), recorded("erna"))
    await evaluation.receives(completed(RUN, "rahma"))
    clock.move(timedelta(days=179))
    erasing = evaluation.receives(erased("erna"))
    await meeting(evaluation, (roster, "erase_people"), erasing, evaluation.does_due_work)
    assert await _asked_of_supervisors(evaluation) == {("unassigned", None)}


async def test_what_opened_as_its_respondent_was_erased_is_taken_back(
    evaluation: ServiceUnderTest, meeting: Meeting
):
    await evaluation.receives(announced(RUN), recorded("rahma", "erna"), recorded("erna"))
    await evaluation.receives(completed(RUN, "rahma"))
    clock.move(timedelta(days=179))
    opening = evaluation.does_due_work()
    await meeting(evaluation, (store, "open_tasks"), opening, lambda: evaluation.receives(erased("erna")))
    assert await _asked_of_supervisors(evaluation) == {("withdrawn", person("erna"))}


async def test_nobody_unknown_is_asked_who_is_erased_meanwhile(
    evaluation: ServiceUnderTest, meeting: Meeting
):
    await evaluation.receives(announced(RUN, 5, 8))
    accepting = evaluation.receives(accepted(RUN, "rahma"))
    await meeting(evaluation, (store, "put_tasks"), accepting, lambda: evaluation.receives(erased("rahma")))
    assert await _still_asked(evaluation) == []


async def test_nobody_unknown_is_asked_who_is_being_erased(evaluation: ServiceUnderTest, meeting: Meeting):
    await evaluation.receives(announced(RUN, 5, 8))
    accepting = accepted(RUN, "rahma")
    erasing = evaluation.receives(erased("rahma"))
    await meeting(evaluation, (roster, "erase_people"), erasing, lambda: evaluation.receives(accepting))
    assert await _still_asked(evaluation) == []


async def _still_asked(evaluation: ServiceUnderTest) -> list[Any]:
    asked = "SELECT task_id FROM tasks WHERE state IN ('planned', 'open')"
    return await evaluation.rows(asked)


async def _asked_of_supervisors(evaluation: ServiceUnderTest) -> set[tuple[str, UUID | None]]:
    rows = await evaluation.rows("SELECT state, respondent_id FROM tasks WHERE role = 'supervisor'")
    return {(row.state, row.respondent_id) for row in rows}


async def test_an_appointed_evaluator_gets_what_waits_and_what_comes(evaluation: ServiceUnderTest):
    await evaluation.receives(announced(RUN), recorded("rahma"), recorded("bayu"), completed(RUN, "rahma"))
    await later(evaluation, 179)
    await facts(evaluation)
    async with evaluation.sessions() as session, session.begin():
        found = await evaluators.appoint(
            session, "agency", "5571", [person("erna")], by=None, on=clock.today()
        )
        await windows.schedule_openings(session, found)
    await evaluation.receives(completed(RUN, "bayu"))
    await later(evaluation, 0)
    interviews = [e for e in await facts(evaluation) if getattr(e, "method", "") == "interview"]
    assert {(e.about_id, e.respondent_id) for e in interviews} == {(person("rahma"), person("erna"))}
    rows = await evaluation.rows(
        "SELECT state, respondent_id FROM tasks WHERE role = 'evaluator' AND about_id = :id",
        id=person("bayu"),
    )
    assert [tuple(row) for row in rows] == [("planned", person("erna"))]


@pytest.mark.parametrize("name", ["rahma", "bayu", "citra", "dedi", "erna"])
async def test_sql_and_python_appoint_the_same_evaluator(evaluation: ServiceUnderTest, name: str):
    pool = [person("erna"), person("rahma"), person("dedi")]
    await evaluation.receives(announced(RUN), event := recorded(name), completed(RUN, name))
    async with evaluation.sessions() as session, session.begin():
        await evaluators.appoint(session, "run", str(run(RUN)), pool, by=None, on=clock.today())
    [row] = await evaluation.rows("SELECT respondent_id FROM tasks WHERE role = 'evaluator'")
    assert row.respondent_id == domain.appoint(pool, person(name), event.nip)
    assert row.respondent_id != person(name)


def occasion(**changes: object) -> Occasion:
    zero = UUID(int=0)
    given = {"on": days(0), "told_on": days(0), **changes}
    return Occasion(zero, zero, UUID(int=1), "5571", **given)


def test_a_void_occasion_tells_that_its_open_task_was_withdrawn():
    tasks = domain.plan_after_completion(occasion(void=True))
    assert [type(e).__name__ for e in domain.told(tasks)] == ["EvaluationTaskOpened", "EvaluationTaskClosed"]
    assert {task.state for task in tasks} == {"withdrawn"}
    assert {task.respondent_id for task in tasks if not task.opened} == {None}


def test_nobody_interviews_themselves():
    alone = [UUID(int=1)]
    assert domain.appoint(alone, UUID(int=1), "198703032010011003") is None
    assert domain.appoint([], UUID(int=1), "198703032010011003") is None


def test_a_window_ends_with_its_last_day_in_the_fields_own_zone():
    at = windows.window(windows.CLOSE, UUID(int=0), days(0)).due_at
    assert at.astimezone(UTC) == datetime.combine(days(1), datetime.min.time(), UTC) - timedelta(hours=7)


def test_tasks_keep_the_identities_of_the_standard_librarys_uuid5():
    enrollment = enrolment(RUN, "rahma")
    for code, attempt, name in (("L1-REACTION", 1, ""), ("L3-ALUMNUS", 2, "/2")):
        expected = uuid5(UUID("6f0f6a52-6c0f-5f0a-9c5c-1f1f3f3c7a10"), f"{enrollment}/{code}/alumnus{name}")
        assert domain.task_id(enrollment, code, "alumnus", attempt) == expected
