"""When tests open, and when they do not."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from assessment.app import service
from assessment.assessments import store
from assessment.register import store as register
from bina.events import Event
from bina.events.assessment import AssessmentOpened, AssessmentScored
from bina.events.enrollment import AsnErased, EnrollmentWithdrawn, TrainingCancelled, TrainingNotCompleted
from bina.messaging import Service
from bina.messaging.testing import ServiceUnderTest
from meeting import Meeting

from .story import (
    accepted,
    announced,
    attended,
    changed,
    completed,
    corrected,
    day,
    id_of,
    person,
    seat,
    story,
)


@pytest.fixture
async def svc(under_test: Callable[[Service], Awaitable[ServiceUnderTest]]) -> ServiceUnderTest:
    return await under_test(service)


async def states(svc: ServiceUnderTest) -> dict[tuple[str, int], str]:
    rows = await svc.rows("SELECT kind, attempt, state FROM assessments ORDER BY kind, attempt")
    return {(row.kind, row.attempt): row.state for row in rows}


async def test_nobody_hears_of_a_test_or_score_before_what_it_comes_of(svc: ServiceUnderTest) -> None:
    at = datetime(2026, 11, 20, 3, tzinfo=UTC)
    seated = accepted("Aisyah").model_copy(update={"notify_after": at})
    await svc.receives(person("Aisyah"), announced(), seated)
    [opened] = await svc.emitted(AssessmentOpened)
    await svc.receives(completed("Aisyah", post_score=80, notify_after=at))
    [scored] = await svc.emitted(AssessmentScored)
    assert (opened.notify_after, scored.notify_after) == (at, at)


async def test_an_accepted_seat_opens_a_pre_test_until_the_run_begins(svc: ServiceUnderTest) -> None:
    await svc.receives(person("Aisyah"), announced(), accepted("Aisyah"))
    [opened] = await svc.emitted(AssessmentOpened)
    assert (opened.kind, opened.opens_on, opened.due_on) == ("pre", day(0), day(10))
    assert (opened.questions, opened.minutes) == (10, 15)
    assert (opened.asn_id, opened.enrollment_id) == (id_of("Aisyah"), id_of("Aisyah", "PKP-2026-02"))


async def test_a_seat_waits_for_its_run_and_its_person(svc: ServiceUnderTest) -> None:
    await svc.receives(accepted("Aisyah"), attended("Aisyah"))
    assert await svc.emitted() == []
    await svc.receives(person("Aisyah"))
    assert await svc.emitted() == []
    await svc.receives(announced())
    assert [e.kind for e in await svc.emitted(AssessmentOpened)] == ["pre", "post"]
    assert await svc.held() == []


async def test_met_attendance_opens_a_parallel_post_test(svc: ServiceUnderTest) -> None:
    await svc.receives(person("Aisyah"), announced(), accepted("Aisyah"))
    await svc.receives(attended("Aisyah", on=day(14)))
    post = (await svc.emitted(AssessmentOpened))[-1]
    assert (post.kind, post.opens_on, post.due_on) == ("post", day(14), day(14) + timedelta(days=7))
    pre_items, post_items = [
        row.items for row in await svc.rows("SELECT items FROM assessments ORDER BY kind DESC")
    ]
    assert [i.replace("-A", "-B") for i in pre_items] == post_items
    assert {i.split("-")[0] for i in pre_items} == {"M1", "M5"}


async def test_no_test_where_the_run_names_no_competency(svc: ServiceUnderTest) -> None:
    await svc.receives(person("Aisyah"), announced(competencies=()), accepted("Aisyah"), attended("Aisyah"))
    assert await svc.emitted() == []
    assert await states(svc) == {}


async def test_no_pre_test_for_a_run_that_is_over(svc: ServiceUnderTest) -> None:
    await svc.receives(person("Aisyah"), announced(starts_on=day(-9), ends_on=day(-1)), accepted("Aisyah"))
    assert await svc.emitted() == []


@pytest.mark.parametrize(
    "ending",
    [
        EnrollmentWithdrawn(**seat("Aisyah")),
        TrainingNotCompleted(**seat("Aisyah"), reason="absent", ended_on=day(0)),
    ],
    ids=["withdrawn", "not completed"],
)
async def test_an_ended_enrolment_closes_its_test_and_opens_none(svc: ServiceUnderTest, ending) -> None:
    await svc.receives(person("Aisyah"), announced(), accepted("Aisyah"))
    await svc.receives(ending)
    await svc.receives(attended("Aisyah"))
    assert await states(svc) == {("pre", 1): "closed"}


async def test_a_cancelled_run_closes_its_tests(svc: ServiceUnderTest) -> None:
    await svc.receives(person("Aisyah"), announced(), accepted("Aisyah"))
    await svc.emitted()
    await svc.receives(TrainingCancelled(run_id=id_of("PKP-2026-02")))
    await svc.receives(attended("Aisyah"))
    assert await svc.emitted() == []
    assert await states(svc) == {("pre", 1): "closed", ("post", 1): "closed"}


async def test_a_seat_accepted_after_the_cancellation_opens_nothing(svc: ServiceUnderTest) -> None:
    await svc.receives(person("Aisyah"), announced(), TrainingCancelled(run_id=id_of("PKP-2026-02")))
    await svc.receives(accepted("Aisyah"))
    assert await svc.emitted() == []
    assert await states(svc) == {("pre", 1): "closed"}


async def test_a_moved_run_moves_the_due_day_of_tests_opened_later(svc: ServiceUnderTest) -> None:
    await svc.receives(
        person("Aisyah"), announced(), changed("PKP-2026-02", starts_on=day(20), ends_on=day(24))
    )
    await svc.receives(accepted("Aisyah"))
    [opened] = await svc.emitted(AssessmentOpened)
    assert opened.due_on == day(20)


async def test_the_organisers_scores_are_told_once_and_close_open_tests(svc: ServiceUnderTest) -> None:
    await svc.receives(person("Aisyah"), announced(pass_score=70), accepted("Aisyah"), attended("Aisyah"))
    await svc.emitted()
    completion = completed("Aisyah", pre_score=55.0, post_score=82.5)
    await svc.receives(completion, completion)
    told = [(e.kind, e.score, e.passed, e.source) for e in await svc.emitted(AssessmentScored)]
    assert told == [("pre", 55.0, None, "organiser"), ("post", 82.5, True, "organiser")]
    assert await states(svc) == {
        ("pre", 0): "scored",
        ("pre", 1): "closed",
        ("post", 0): "scored",
        ("post", 1): "closed",
    }


async def test_a_corrected_score_takes_the_place_of_the_reported_one(svc: ServiceUnderTest) -> None:
    await svc.receives(person("Aisyah"), announced(pass_score=70), accepted("Aisyah"))
    await svc.receives(completed("Aisyah", pre_score=55.0, post_score=65.0))
    await svc.emitted()
    await svc.receives(corrected("Aisyah", pre_score=55.0, post_score=82.5))
    assert [(e.kind, e.score, e.passed) for e in await svc.emitted(AssessmentScored)] == [
        ("post", 82.5, True)
    ]
    standing = await svc.rows("SELECT kind, score FROM assessments WHERE state = 'scored' ORDER BY kind DESC")
    assert [tuple(row) for row in standing] == [("pre", 55.0), ("post", 82.5)]


async def test_no_post_test_after_the_organiser_reported_its_score(svc: ServiceUnderTest) -> None:
    await svc.receives(person("Aisyah"), announced(), accepted("Aisyah"))
    await svc.receives(completed("Aisyah", post_score=82.5))
    await svc.emitted()
    await svc.receives(attended("Aisyah"))
    assert await svc.emitted() == []
    assert await states(svc) == {("pre", 1): "open", ("post", 0): "scored"}


async def test_an_erased_person_leaves_nothing_and_gets_nothing(svc: ServiceUnderTest) -> None:
    await svc.receives(person("Aisyah"), announced(), accepted("Aisyah"))
    await svc.receives(AsnErased(asn_id=id_of("Aisyah")))
    await svc.emitted()
    await svc.receives(
        attended("Aisyah"), completed("Aisyah", post_score=80.0), accepted("Aisyah", "PKP-2026-02")
    )
    assert await svc.emitted() == []
    for table in ("people", "enrollments", "assessments"):
        assert await svc.rows(f"SELECT 1 FROM {table}") == [], table


async def test_the_story_reaches_its_end(svc: ServiceUnderTest) -> None:
    for event in story():
        await svc.receives(event)
    await svc.does_due_work()
    told: list[Event] = await svc.emitted()
    assert await svc.held() == []
    assert {type(e) for e in told} == {AssessmentOpened, AssessmentScored}
    assert len([e for e in told if isinstance(e, AssessmentScored)]) == 4


@pytest.mark.parametrize("opens", [accepted("Aisyah"), attended("Aisyah")], ids=["pre", "post"])
async def test_what_opens_as_its_run_is_cancelled_is_closed(
    svc: ServiceUnderTest, meeting: Meeting, opens: Event
) -> None:
    await svc.receives(person("Aisyah"), announced())
    if opens.type != accepted("Aisyah").type:
        await svc.receives(accepted("Aisyah"))
    cancelling = TrainingCancelled(run_id=seat("Aisyah")["run_id"], reason="Anggaran")
    await meeting(svc, (register, "load_runs"), svc.receives(opens), lambda: svc.receives(cancelling))
    assert set((await states(svc)).values()) == {"closed"}


async def test_nobody_is_tested_who_is_erased_as_attendance_is_met(
    svc: ServiceUnderTest, meeting: Meeting
) -> None:
    await svc.receives(person("Aisyah"), announced(), accepted("Aisyah"))
    erasing = AsnErased(asn_id=id_of("Aisyah"))
    meets = svc.receives(attended("Aisyah"))
    await meeting(svc, (store, "find_reported"), meets, lambda: svc.receives(erasing))
    assert await states(svc) == {}
