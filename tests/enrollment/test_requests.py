"""Requests and withdrawals of agencies: seats, waiting list, refusals, answers."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text

from bina.events.agency import EnrollmentRequested, RequestAnswered
from bina.events.enrollment import (
    EnrollmentAccepted,
    EnrollmentRejected,
    EnrollmentWaitlisted,
    EnrollmentWithdrawn,
)
from bina.messaging import clock
from bina.messaging.records import Message
from enrollment.catalogue.domain import run_id_of

from .story import (
    CITY,
    FOREIGN,
    OPEN,
    PAST,
    PROVINCE,
    REGENCY,
    SMALL,
    asked,
    asn_id,
    dated,
    enrollment_id,
    left,
    nip,
)


def codes(answer: RequestAnswered) -> list[tuple[str, str]]:
    return [(p.code, p.severity) for p in answer.problems]


async def answers(svc) -> list[RequestAnswered]:
    found: list[RequestAnswered] = await svc.emitted(RequestAnswered)
    return found


async def seats(svc, run: str) -> tuple[int, int]:
    (row,) = await svc.rows("SELECT taken, waiting FROM run_seats WHERE run_id = :run", run=run_id_of(run))
    return row.taken, row.waiting


async def ends(svc, run: str, day: date) -> None:
    async with svc.sessions() as session, session.begin():
        values = {"day": day, "run": run_id_of(run)}
        await session.execute(
            text("UPDATE runs SET starts_on = :day, ends_on = :day WHERE run_id = :run"), values
        )


async def test_seats_go_in_order_of_arrival_and_the_rest_wait(svc):
    await svc.receives(*(asked(n, SMALL) for n in (3, 1, 4, 2)), agency=CITY)
    told = await svc.emitted()
    assert [e.asn_id for e in told if isinstance(e, EnrollmentAccepted)] == [asn_id(3), asn_id(1)]
    assert [(e.asn_id, e.position) for e in told if isinstance(e, EnrollmentWaitlisted)] == [
        (asn_id(4), 1),
        (asn_id(2), 2),
    ]
    answered = [e for e in told if isinstance(e, RequestAnswered)]
    assert [(a.nip, a.outcome, a.position) for a in answered] == [
        (nip(3), "accepted", None),
        (nip(1), "accepted", None),
        (nip(4), "waitlisted", 1),
        (nip(2), "waitlisted", 2),
    ]
    assert codes(answered[2]) == [("run.full", "warning")]
    assert answered[0].enrollment_id == str(enrollment_id(3, SMALL))
    assert await seats(svc, SMALL) == (2, 2)


async def test_a_batch_or_one_by_one_gives_the_same_seats(svc):
    for n in (3, 1, 4):
        await svc.receives(asked(n, SMALL), agency=CITY)
    assert [(a.nip, a.outcome) for a in await answers(svc)] == [
        (nip(3), "accepted"),
        (nip(1), "accepted"),
        (nip(4), "waitlisted"),
    ]


async def test_the_answer_names_its_request_and_its_agency(svc):
    request = asked(1, SMALL)
    await svc.receives(request, agency=CITY)
    told = await svc.emitted()
    (answer,) = [e for e in told if isinstance(e, RequestAnswered)]
    assert answer.request_id == request.event_id
    assert answer.destination == f"agency.outcomes.{CITY}"
    assert {e.envelope.causation_id for e in told} == {request.event_id}


async def test_asking_again_changes_nothing(svc):
    await svc.receives(*(asked(n, SMALL) for n in (1, 2, 3)), agency=CITY)
    await svc.emitted()
    await svc.receives(asked(1, SMALL), asked(3, SMALL), agency=CITY)
    told = await svc.emitted()
    assert [(type(e), e.outcome, e.position, codes(e)) for e in told] == [
        (RequestAnswered, "accepted", None, [("duplicate.existing", "warning")]),
        (RequestAnswered, "waitlisted", 1, [("duplicate.existing", "warning")]),
    ]
    assert await seats(svc, SMALL) == (2, 1)


async def test_refusals_say_why(svc):
    wrong = asked(1, SMALL).model_copy(update={"nip": "198713032010011001"})
    await svc.receives(
        asked(77, SMALL),
        asked(21, SMALL),
        asked(5, FOREIGN),
        asked(6, PAST),
        asked(1, "XYZ-1"),
        wrong,
        agency=CITY,
    )
    told = await svc.emitted()
    answered = [e for e in told if isinstance(e, RequestAnswered)]
    assert [[code for code, _ in codes(a)] for a in answered] == [
        ["nip.unknown"],
        ["nip.other_agency"],
        ["run.unknown"],
        ["run.closed"],
        ["run.unknown"],
        ["nip.checks"],
    ]
    assert {a.outcome for a in answered} == {"refused"}
    assert all(p.advice for a in answered for p in a.problems)
    rejected = [e for e in told if isinstance(e, EnrollmentRejected)]
    # only where both are known and the person is the publisher's own
    assert [(e.asn_id, e.reason_code) for e in rejected] == [
        (asn_id(5), "run.unknown"),
        (asn_id(6), "run.closed"),
    ]


async def test_a_run_open_to_others_only_is_unknown_to_this_agency(svc):
    await svc.receives(asked(1, FOREIGN), agency=CITY)
    (answer,) = await answers(svc)
    assert codes(answer) == [("run.unknown", "error")]


async def test_an_unregistered_publisher_may_name_nobody(svc):
    await svc.receives(asked(1, SMALL), agency="9999")
    (answer,) = await answers(svc)
    assert (answer.agency_code, codes(answer)) == ("9999", [("nip.other_agency", "error")])


async def test_a_publisher_is_its_topic_not_its_word(svc):
    await svc.receives(asked(1, SMALL), agency=REGENCY)
    (answer,) = await answers(svc)
    assert codes(answer) == [("nip.other_agency", "error")]


async def test_run_codes_compare_in_normal_form(svc):
    await svc.receives(asked(1, "keu\u20132026\u201003"), agency=CITY)
    (answer,) = await answers(svc)
    assert answer.outcome == "accepted"


async def test_a_withdrawal_frees_a_seat_for_the_longest_waiting(svc):
    waited = asked(3, SMALL)
    await svc.receives(asked(1, SMALL), asked(2, SMALL), waited, asked(4, SMALL), agency=CITY)
    await svc.emitted()
    await svc.receives(left(1, SMALL, "Tugas lain"), agency=CITY)
    withdrawn, late, answer, moved = await _sorted(svc)
    assert (withdrawn.asn_id, withdrawn.reason) == (asn_id(1), "Tugas lain")
    assert answer.outcome == "withdrawn"
    assert moved.asn_id == asn_id(3)
    assert moved.envelope.causation_id == answer.request_id
    assert await seats(svc, SMALL) == (2, 1)
    assert (late.request_id, late.nip, late.outcome) == (waited.event_id, nip(3), "accepted")
    assert late.enrollment_id == str(enrollment_id(3, SMALL))


async def test_a_late_answer_goes_to_who_asked_and_only_once(svc):
    waited = asked(3, SMALL)
    await svc.receives(asked(1, SMALL), asked(2, SMALL), waited, asked(4, SMALL), agency=CITY)
    await svc.receives(left(4, SMALL), agency=CITY)
    await svc.emitted()
    await svc.receives(left(1, SMALL), agency=CITY)
    late, own = await answers(svc)
    assert (late.destination, late.request_id) == (f"agency.outcomes.{CITY}", waited.event_id)
    assert (own.nip, own.outcome) == (nip(1), "withdrawn")
    await svc.receives(left(2, SMALL), agency=CITY)
    assert [(a.nip, a.outcome) for a in await answers(svc)] == [(nip(2), "withdrawn")]
    assert await svc.rows("SELECT 1 FROM waiting_asks") == []


async def _sorted(svc):
    order: list[type] = [EnrollmentWithdrawn, RequestAnswered, EnrollmentAccepted]
    return sorted(await svc.emitted(), key=lambda e: order.index(type(e)))


async def test_one_who_waits_may_leave_without_moving_anyone(svc):
    await svc.receives(*(asked(n, SMALL) for n in (1, 2, 3, 4)), agency=CITY)
    await svc.emitted()
    await svc.receives(left(3, SMALL), agency=CITY)
    assert await svc.emitted(EnrollmentAccepted) == []
    await svc.receives(asked(4, SMALL), agency=CITY)
    (answer,) = await answers(svc)
    assert answer.position == 1


async def test_who_comes_back_begins_a_new_enrolment_at_the_end(svc):
    await svc.receives(*(asked(n, SMALL) for n in (1, 2, 3)), agency=CITY)
    await svc.receives(left(1, SMALL), agency=CITY)
    await svc.emitted()
    await svc.receives(asked(1, SMALL), agency=CITY)
    (waiting,) = await svc.emitted(EnrollmentWaitlisted)
    assert waiting.enrollment_id == enrollment_id(1, SMALL, attempt=2)


async def test_leaving_twice_and_leaving_what_one_is_not_in(svc):
    await svc.receives(asked(1, SMALL), agency=CITY)
    await svc.receives(left(1, SMALL), agency=CITY)
    await svc.emitted()
    await svc.receives(left(1, SMALL), left(2, SMALL), agency=CITY)
    assert [(a.outcome, codes(a)) for a in await svc.emitted()] == [
        ("withdrawn", [("withdrawal.existing", "warning")]),
        ("refused", [("enrollment.unknown", "error")]),
    ]


async def test_two_runs_of_one_batch_keep_their_own_seats(svc):
    await svc.receives(asked(1, SMALL), asked(1, OPEN), asked(2, OPEN), agency=CITY)
    assert (await seats(svc, SMALL), await seats(svc, OPEN)) == ((1, 0), (2, 0))


async def test_an_unreadable_message_is_answered(svc):
    raw = Message(
        f"agency.enrollments.{CITY}",
        0,
        7,
        nip(1).encode(),
        (
            ("ce_type", b"enrollment.requested.v1"),
            ("ce_id", b"A-1"),
            ("ce_source", b"x"),
            ("ce_time", clock.now().isoformat().encode()),
        ),
        b"{",
    )
    await svc.receives_raw(raw)
    (answer,) = await answers(svc)
    assert (answer.request_id, answer.nip, answer.outcome) == ("A-1", nip(1), "refused")
    assert codes(answer) == [("message.json.invalid", "error")]
    assert "JSON" in answer.problems[0].advice


async def test_requests_of_the_province_reach_its_own_run(svc):
    await svc.receives(asked(1, FOREIGN), agency=PROVINCE)
    (answer,) = await answers(svc)
    assert codes(answer)[0][0] == "nip.other_agency"


async def test_a_request_dated_back_gets_no_seat_in_a_run_that_is_over(svc):
    await svc.receives(dated(asked(1, PAST), datetime(2026, 10, 5, 2, tzinfo=UTC)), agency=CITY)
    (answer,) = await answers(svc)
    assert codes(answer) == [("run.closed", "error")]
    assert await seats(svc, PAST) == (0, 0)


async def test_a_request_dated_ahead_was_asked_when_it_came(svc):
    await svc.receives(dated(asked(1, SMALL), datetime(2030, 1, 1, tzinfo=UTC)), agency=CITY)
    (row,) = await svc.rows("SELECT requested_at FROM enrolments WHERE run_id = :run", run=run_id_of(SMALL))
    assert row.requested_at <= clock.now()


async def test_a_request_is_checked_by_the_day_on_which_it_is_taken_in(svc):
    appointed_next_month = "198703032026121003"
    event = EnrollmentRequested(nip=appointed_next_month, run_code=SMALL)
    read = svc.intake.read([svc.message(event, agency=CITY)])
    clock.move(clock.offset() + timedelta(days=60))
    await svc.intake.take(read)
    (answer,) = await answers(svc)
    assert ("nip.unknown", "error") in codes(answer)


async def test_withdrawals_dated_back_move_nobody_into_a_run_that_is_over(svc):
    await svc.receives(*(asked(n, SMALL) for n in (1, 2, 3)), agency=CITY)
    await ends(svc, SMALL, date(2026, 11, 19))
    await svc.emitted()
    await svc.receives(dated(left(1, SMALL), datetime(2026, 11, 10, tzinfo=UTC)), agency=CITY)
    assert await svc.emitted(EnrollmentAccepted) == []


async def test_a_time_at_the_end_of_the_calendar_is_answered(svc):
    await svc.receives(dated(asked(1, SMALL), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)), agency=CITY)
    (answer,) = await answers(svc)
    assert codes(answer) == [("message.envelope.invalid", "error")]
    assert await svc.held() == [("parked", nip(1), "envelope.invalid")]
