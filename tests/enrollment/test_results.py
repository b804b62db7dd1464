"""Reported results, tests and the ledger."""

from datetime import UTC, date, datetime
from typing import Any

from bina.events.agency import ResultAnswered
from bina.events.enrollment import (
    AttendanceMet,
    CertificateIssued,
    EnrollmentAccepted,
    TrainingCompleted,
    TrainingNotCompleted,
    TrainingResultCorrected,
)

from .story import (
    ATTENDED,
    CITY,
    OPEN,
    PAST,
    REGENCY,
    SMALL,
    TESTED,
    asked,
    asn_id,
    dated,
    enrollment_id,
    reported,
    scored,
)


def codes(answer: ResultAnswered) -> list[tuple[str, str]]:
    return [(p.code, p.severity) for p in answer.problems]


async def ledger(svc) -> list[tuple[Any, ...]]:
    rows = await svc.rows(
        """SELECT asn_id, sum(minutes) / 45, earned_on FROM jp_entries GROUP BY 1, 3 HAVING sum(minutes) <> 0
        ORDER BY earned_on, asn_id"""
    )
    return [tuple(row) for row in rows]


async def test_a_result_of_somebody_never_requested_enrols_and_completes(svc):
    await svc.receives(
        reported(7, PAST, pre_score=55, post_score=82.5, certificate_number="893.3/120"), agency=CITY
    )
    told = await svc.emitted()
    assert [type(e) for e in told] == [
        EnrollmentAccepted,
        TrainingCompleted,
        AttendanceMet,
        CertificateIssued,
        ResultAnswered,
    ]
    assert told[0].origin == "result"
    completed = told[1]  # its score first, or the attendance would open a test for it
    assert (completed.jp, completed.jp_in_year, completed.completed_on) == (16, 16, date(2026, 10, 6))
    assert (completed.pre_score, completed.post_score) == (55, 82.5)
    assert told[3].number == "893.3/120"
    assert told[4].enrollment_id == str(enrollment_id(7, PAST))
    assert await ledger(svc) == [(asn_id(7), 16, date(2026, 10, 6))]


async def test_the_organiser_reports_people_of_other_employers_within_its_remit(svc):
    await svc.receives(reported(22, PAST), agency=CITY)
    (completed,) = await svc.emitted(TrainingCompleted)
    assert (completed.asn_id, completed.agency_code) == (asn_id(22), REGENCY)


async def test_only_the_organiser_reports(svc):
    await svc.receives(reported(22, PAST), agency=REGENCY)
    (answer,) = await svc.emitted()
    assert (answer.outcome, codes(answer)) == ("refused", [("run.unknown", "error")])


async def test_the_same_result_again_is_a_warning_a_different_one_an_error(svc):
    await svc.receives(reported(7, PAST, post_score=82.5), agency=CITY)
    await svc.emitted()
    await svc.receives(reported(7, PAST, post_score=82.5), agency=CITY)
    await svc.receives(reported(7, PAST, post_score=83), agency=CITY)
    first, second = await svc.emitted()
    assert (first.outcome, codes(first)) == ("accepted", [("duplicate.existing", "warning")])
    assert (second.outcome, codes(second)) == ("refused", [("duplicate.existing", "error")])


async def test_dates_and_jp_are_checked(svc):
    await svc.receives(
        reported(1, PAST, completed_on=date(2026, 10, 4)),
        reported(2, PAST, jp=17),
        reported(3, PAST, completed_on=date(2026, 11, 21)),
        reported(4, PAST, jp=0),
        agency=CITY,
    )
    assert [codes(answer)[0][0] for answer in await svc.emitted()] == [
        "date.before_start",
        "number.range",
        "date.future",
        "number.range",
    ]


async def test_a_clock_ahead_reports_no_future(svc):
    ahead = dated(reported(3, PAST, completed_on=date(2026, 11, 21)), datetime(2030, 1, 1, tzinfo=UTC))
    await svc.receives(ahead, agency=CITY)
    (answer,) = await svc.emitted()
    assert codes(answer) == [("date.future", "error")]


async def test_nobody_reports_what_had_not_happened_when_they_said_so(svc):
    early = dated(reported(3, PAST, completed_on=date(2026, 10, 6)), datetime(2026, 10, 5, 9, tzinfo=UTC))
    await svc.receives(early, agency=CITY)
    (answer,) = await svc.emitted()
    assert codes(answer) == [("date.future", "error")]


async def test_failing_and_giving_up_end_without_jp(svc):
    await svc.receives(reported(8, PAST, "failed", jp=0), reported(4, PAST, "withdrawn", jp=0), agency=CITY)
    ended = await svc.emitted(TrainingNotCompleted)
    assert [(e.asn_id, e.reason) for e in ended] == [(asn_id(8), "failed"), (asn_id(4), "withdrawn")]
    assert await ledger(svc) == []


async def test_one_on_the_waiting_list_who_took_part_gets_a_seat_by_the_result(svc):
    await svc.receives(*(asked(n, SMALL) for n in (1, 2, 3)), agency=CITY)
    async with svc.sessions() as session, session.begin():
        from sqlalchemy import text

        await session.execute(
            text("UPDATE runs SET starts_on = '2026-11-02', ends_on = '2026-11-06' WHERE run_code = :code"),
            {"code": SMALL},
        )
    await svc.emitted()
    await svc.receives(reported(3, SMALL, completed_on=date(2026, 11, 6), jp=50), agency=CITY)
    assert [type(e) for e in await svc.emitted()][:3] == [
        EnrollmentAccepted,
        TrainingCompleted,
        AttendanceMet,
    ]
    (row,) = await svc.rows(
        "SELECT taken, waiting FROM run_seats JOIN runs USING (run_id) WHERE run_code = :c", c=SMALL
    )
    assert (row.taken, row.waiting) == (3, 0)


async def test_jp_of_one_year_add_up(svc):
    await svc.receives(reported(7, PAST), agency=CITY)
    await svc.receives(reported(7, TESTED, completed_on=date(2026, 9, 17), jp=32), agency=CITY)
    assert [e.jp_in_year for e in await svc.emitted(TrainingCompleted)] == [16, 48]


async def test_jp_of_one_year_add_up_within_a_batch_in_their_order(svc):
    async with svc.sessions() as session, session.begin():
        from sqlalchemy import text

        moved = "UPDATE runs SET starts_on = '2026-11-02', ends_on = '2026-11-06' WHERE run_code = :code"
        await session.execute(text(moved), {"code": OPEN})
    own = reported(21, OPEN, completed_on=date(2026, 11, 6), jp=40)
    await svc.receives_raw(
        svc.message(reported(21, PAST), agency=CITY),
        svc.message(reported(22, PAST), agency=CITY),
        svc.message(own, agency=REGENCY),
    )
    told = await svc.emitted(TrainingCompleted)
    assert [(e.asn_id, e.jp, e.jp_in_year) for e in told] == [
        (asn_id(21), 16, 16),
        (asn_id(22), 16, 16),
        (asn_id(21), 40, 56),
    ]


async def test_a_test_taken_after_the_event_leaves_its_jp_where_the_event_ended(svc):
    await svc.receives(reported(7, PAST, completed_on=date(2026, 11, 19)), agency=CITY)
    assert await ledger(svc) == [(asn_id(7), 16, date(2026, 10, 6))]


async def test_a_pass_completes_who_attended(svc):
    await svc.receives(scored(ATTENDED))
    (completed,) = await svc.emitted(TrainingCompleted)
    assert (completed.enrollment_id, completed.jp) == (enrollment_id(ATTENDED, TESTED), 32)
    assert completed.completed_on == date(2026, 9, 18)
    assert await ledger(svc) == [(asn_id(ATTENDED), 32, date(2026, 9, 18))]


async def test_a_failed_test_a_pre_test_or_missing_attendance_completes_nothing(svc):
    await svc.receives(asked(5, TESTED), agency=CITY)
    await svc.emitted()
    await svc.receives(scored(ATTENDED, passed=False, score=60), scored(5), scored(4, kind="pre"))
    assert await svc.emitted() == []


async def test_a_second_better_test_completes(svc):
    await svc.receives(scored(ATTENDED, passed=False, score=60))
    await svc.receives(scored(ATTENDED, score=75, scored_on=date(2026, 9, 25)))
    (completed,) = await svc.emitted(TrainingCompleted)
    assert completed.completed_on == date(2026, 9, 25)


async def test_the_organisers_first_report_completes_what_the_test_began(svc):
    await svc.receives(scored(ATTENDED))
    await svc.emitted()
    report = reported(
        ATTENDED, TESTED, completed_on=date(2026, 9, 17), jp=32, post_score=80, certificate_number="MAN/7"
    )
    await svc.receives(report, agency=CITY)
    corrected, certificate, answer = await svc.emitted()
    assert isinstance(corrected, TrainingResultCorrected)
    assert (corrected.revision, corrected.post_score, corrected.completed) == (2, 80, True)
    assert certificate.number == "MAN/7"
    assert answer.outcome == "accepted"
    assert await ledger(svc) == [(asn_id(ATTENDED), 32, date(2026, 9, 17))]


async def test_a_reported_failure_does_not_undo_a_completion(svc):
    await svc.receives(scored(ATTENDED))
    await svc.emitted()
    await svc.receives(reported(ATTENDED, TESTED, "failed", jp=0), agency=CITY)
    (answer,) = await svc.emitted()
    assert codes(answer) == [("duplicate.existing", "error")]


async def test_reports_on_another_agencys_run_change_nothing(svc):
    await svc.receives(reported(1, OPEN, completed_on=date(2026, 11, 19), jp=40), agency=CITY)
    assert [codes(a)[0][0] for a in await svc.emitted()] == ["run.unknown"]
