"""From an answered test to a profile and a recommendation."""

from datetime import UTC, date, datetime

import pytest

from assessment.app import service
from assessment.assessments import store
from assessment.plans import store as plans
from bina.events import Event
from bina.events.assessment import (
    AssessmentOpened,
    AssessmentScored,
    CompetencyProfileChanged,
    TrainingRecommended,
)
from bina.events.enrollment import (
    AsnErased,
    CompetencyTarget,
    EnrollmentWithdrawn,
    TrainingCancelled,
    TrainingNotCompleted,
)
from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest
from meeting import Meeting

from .story import accepted, announced, attended, changed, completed, day, id_of, person, seat
from .taking import take

M1 = (CompetencyTarget(code="M1", level=2),)


@pytest.fixture
async def svc(under_test) -> ServiceUnderTest:
    svc: ServiceUnderTest = await under_test(service)
    clock.move(datetime(2026, 11, 20, 3, tzinfo=UTC) - datetime.now(UTC))
    await svc.receives(person("Aisyah"), announced(pass_score=70), accepted("Aisyah"), attended("Aisyah"))
    return svc


def levels(event: CompetencyProfileChanged) -> list[tuple[str, int, int | None]]:
    return [(e.code, e.level, e.standard) for e in event.entries]


async def test_an_answered_test_is_scored_and_changes_the_profile(svc: ServiceUnderTest) -> None:
    scored, profile = await take(svc, "Aisyah", right="M1 M5")
    assert isinstance(scored, AssessmentScored)
    assert (scored.kind, scored.score, scored.passed, scored.source) == ("post", 100.0, True, "test")
    assert [(c.code, c.score, c.level) for c in scored.competencies] == [("M1", 100.0, 2), ("M5", 100.0, 2)]
    assert isinstance(profile, CompetencyProfileChanged)
    assert levels(profile) == [("M1", 2, 2), ("M5", 2, 2)]
    entry = profile.entries[0]
    assert (entry.source, entry.indicative) == ("Post-test PKP-2026-02, indikatif", True)
    assert (entry.assessed_on, entry.valid_until) == (day(0), None)


async def test_a_failed_post_test_may_be_taken_once_more(svc: ServiceUnderTest) -> None:
    scored, again, *_ = await take(svc, "Aisyah", right="M1")
    assert isinstance(scored, AssessmentScored)
    assert (scored.score, scored.passed) == (50.0, False)
    assert isinstance(again, AssessmentOpened)
    assert (again.kind, again.assessment_id != scored.assessment_id) == ("post", True)
    told = await take(svc, "Aisyah", attempt=2)
    assert not [e for e in told if isinstance(e, AssessmentOpened)]


async def test_an_ended_enrolment_closes_the_repetition(svc: ServiceUnderTest) -> None:
    await take(svc, "Aisyah", right="M1")
    await svc.receives(TrainingNotCompleted(**seat("Aisyah"), reason="failed", ended_on=day(0)))
    [again] = await svc.rows("SELECT state FROM assessments WHERE attempt = 2")
    assert again.state == "closed"


@pytest.mark.parametrize(
    "end",
    [
        EnrollmentWithdrawn(**seat("Aisyah")),
        TrainingNotCompleted(**seat("Aisyah"), reason="failed", ended_on=date(2026, 11, 20)),
        TrainingCancelled(run_id=id_of("PKP-2026-02")),
    ],
    ids=lambda event: type(event).__name__,
)
async def test_a_repetition_that_opens_as_the_seat_ends_is_closed(
    svc: ServiceUnderTest, meeting: Meeting, end: Event
) -> None:
    taking = take(svc, "Aisyah", right="M1")
    await meeting(svc, (store, "open_tests"), taking, lambda: svc.receives(end))
    [again] = await svc.rows("SELECT state FROM assessments WHERE attempt = 2")
    assert again.state == "closed"


async def test_an_answer_under_way_keeps_its_place_before_a_reported_score(
    svc: ServiceUnderTest, meeting: Meeting
) -> None:
    taking = take(svc, "Aisyah", right="M1 M5")
    reporting = completed("Aisyah", post_score=55.0)
    await meeting(svc, (store, "mark_scored"), taking, lambda: svc.receives(reporting))
    rows = await svc.rows("SELECT source, score FROM assessments WHERE kind = 'post' AND state = 'scored'")
    assert [tuple(row) for row in rows] == [("test", 100.0)]


async def test_what_one_is_accepted_to_meanwhile_is_not_recommended(
    svc: ServiceUnderTest, meeting: Meeting
) -> None:
    await svc.receives(announced("INT-2026-02", competencies=M1))
    accepting = svc.receives(accepted("Aisyah", "INT-2026-02"))
    await meeting(svc, (plans, "refresh"), accepting, lambda: take(svc, "Aisyah", right="M5"))
    assert await svc.rows("SELECT programme_code FROM recommendations") == []


async def test_nothing_is_recommended_to_whoever_is_erased_meanwhile(
    svc: ServiceUnderTest, meeting: Meeting
) -> None:
    await take(svc, "Aisyah", right="M5")
    await svc.receives(announced("INT-2026-02", competencies=M1))
    erasing = svc.receives(AsnErased(asn_id=id_of("Aisyah")))
    await meeting(svc, (plans, "erase"), erasing, svc.does_due_work)
    assert await svc.rows("SELECT asn_id FROM recommendations") == []
    assert await svc.emitted(TrainingRecommended) == []


async def test_another_job_changes_standards_but_not_levels(svc: ServiceUnderTest) -> None:
    await take(svc, "Aisyah", right="M1 M5")
    await svc.receives(person("Aisyah", job_level="Administrator"))
    [profile] = await svc.emitted(CompetencyProfileChanged)
    assert levels(profile) == [("M1", 2, 3), ("M5", 2, 3)]
    await svc.receives(person("Aisyah", job_level="Administrator", grade="III/d"))
    assert await svc.emitted(CompetencyProfileChanged) == []


async def test_a_person_without_results_has_no_profile(svc: ServiceUnderTest) -> None:
    await svc.receives(person("Aisyah", job_level="Administrator"), person("Budi"))
    assert await svc.emitted(CompetencyProfileChanged) == []


async def test_the_largest_gap_gets_a_run_that_is_open_to_the_agency(svc: ServiceUnderTest) -> None:
    await svc.receives(
        announced("INT-2026-01", competencies=M1, starts_on=day(-30), ends_on=day(-20)),
        announced("INT-2026-02", competencies=M1, starts_on=day(30), ends_on=day(31)),
        announced("INT-2026-03", competencies=M1, starts_on=day(20), ends_on=day(21)),
        announced("LUR-2026-01", competencies=M1, open_to=("6472",), organiser="6472"),
        announced("DAS-2026-01", competencies=(CompetencyTarget(code="M1", level=1),)),
        announced("PIM-2026-01", competencies=M1, job_levels=("Administrator",)),
    )
    told = [e for e in await take(svc, "Aisyah", right="M5") if isinstance(e, TrainingRecommended)]
    assert [(e.competency_code, e.competency_name, e.gap, e.programme_code) for e in told] == [
        ("M1", "Integritas", 2, "INT")
    ]
    assert told[0].run_id == id_of("INT-2026-03")


async def test_a_programme_without_a_run_ahead_is_recommended_by_itself(svc: ServiceUnderTest) -> None:
    await svc.receives(announced("INT-2026-01", competencies=M1, starts_on=day(-30), ends_on=day(-20)))
    [told] = [e for e in await take(svc, "Aisyah") if isinstance(e, TrainingRecommended)]
    assert (told.programme_code, told.run_id) == ("INT", None)


async def test_a_programme_one_takes_is_not_recommended(svc: ServiceUnderTest) -> None:
    assert not [e for e in await take(svc, "Aisyah") if isinstance(e, TrainingRecommended)]
    await svc.receives(EnrollmentWithdrawn(**seat("Aisyah")))
    [told] = await svc.emitted(TrainingRecommended)
    assert (told.programme_code, told.run_id) == ("PKP", id_of("PKP-2026-02"))


async def test_a_new_run_finds_the_people_who_lack_what_it_develops(svc: ServiceUnderTest) -> None:
    await svc.receives(person("Budi"), accepted("Budi"), attended("Budi"))
    await take(svc, "Budi", right="M1 M5")
    await take(svc, "Aisyah", right="M5")
    await svc.receives(announced("INT-2026-02", competencies=M1))
    await svc.does_due_work()
    [told] = await svc.emitted(TrainingRecommended)
    assert (told.asn_id, told.run_id, told.gap) == (id_of("Aisyah"), id_of("INT-2026-02"), 2)


async def test_it_is_told_once_until_it_changes(svc: ServiceUnderTest) -> None:
    await take(svc, "Aisyah", right="M5")
    await svc.receives(announced("INT-2026-02", competencies=M1))
    await svc.does_due_work()
    assert len(await svc.emitted(TrainingRecommended)) == 1
    await svc.receives(announced("INT-2026-03", competencies=M1, starts_on=day(3)), person("Aisyah"))
    await svc.receives(changed("INT-2026-02", competencies=M1, seats=31))
    await svc.does_due_work()
    assert await svc.emitted(TrainingRecommended) == []
    await svc.receives(TrainingCancelled(run_id=id_of("INT-2026-03")))
    await svc.does_due_work()
    assert [e.run_id for e in await svc.emitted(TrainingRecommended)] == [id_of("INT-2026-02")]


async def test_a_large_audience_is_reached_page_by_page(svc: ServiceUnderTest, monkeypatch) -> None:
    monkeypatch.setattr("assessment.plans.schedule.PEOPLE_A_CHUNK", 1)
    names = ["Budi", "Citra", "Dewi"]
    for name in names:
        await svc.receives(person(name), accepted(name), attended(name))
        await take(svc, name, right="M5")
    await svc.receives(announced("INT-2026-02", competencies=M1))
    assert await svc.does_due_work() > len(names)
    assert {e.asn_id for e in await svc.emitted(TrainingRecommended)} == {id_of(n) for n in names}


async def test_a_closed_gap_takes_the_recommendation_away(svc: ServiceUnderTest) -> None:
    await svc.receives(announced("INT-2026-02", competencies=M1))
    await take(svc, "Aisyah", right="M5")
    assert len(await svc.rows("SELECT 1 FROM recommendations")) == 1
    await take(svc, "Aisyah", attempt=2, right="M1 M5")
    assert await svc.rows("SELECT 1 FROM recommendations") == []


async def test_an_erased_person_has_no_profile_and_no_recommendation(svc: ServiceUnderTest) -> None:
    await svc.receives(announced("INT-2026-02", competencies=M1))
    await take(svc, "Aisyah", right="M5")
    await svc.receives(AsnErased(asn_id=id_of("Aisyah")))
    for table in ("competency_results", "profile_entries", "recommendations", "assessments"):
        assert await svc.rows(f"SELECT 1 FROM {table}") == [], table
