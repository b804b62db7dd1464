"""Commands on enrolments, attendance, results and runs."""

from datetime import date

from bina.events.agency import RequestAnswered
from bina.events.enrollment import (
    AttendanceMet,
    EnrollmentAccepted,
    EnrollmentWithdrawn,
    TrainingAnnounced,
    TrainingCancelled,
    TrainingChanged,
    TrainingCompleted,
    TrainingConcluded,
    TrainingNotCompleted,
)
from bina.web.masking import masked

from .conftest import Site
from .story import (
    ATTENDED,
    CITY,
    FOREIGN,
    OPEN,
    PAST,
    PROVINCE,
    REGENCY,
    SMALL,
    TESTED,
    asked,
    asn_id,
    enrollment_id,
    left,
    nip,
    reported,
    scored,
)


async def test_an_asn_asks_for_herself_and_gives_back(site: Site):
    answer = await site.command("enrolments", {"run": SMALL}, "asn", person=2)
    assert (answer.status_code, answer.json()["outcome"]) == (201, "accepted")
    given = answer.json()["enrollment_id"]
    back = await site.command(f"enrolments/{given}/withdraw", {"reason": "Cuti"}, "asn", person=2)
    assert back.json()["outcome"] == "withdrawn"
    told = [type(e).__name__ for e in await site.svc.emitted()]
    assert told == ["EnrollmentAccepted", "EnrollmentWithdrawn"]


async def test_nobody_asks_or_gives_back_for_another(site: Site):
    assert (
        await site.command("enrolments", {"run": SMALL, "nip": nip(3)}, "asn", person=2)
    ).status_code == 403
    await site.svc.receives(asked(3, SMALL), agency=CITY)
    path = f"enrolments/{enrollment_id(3, SMALL)}/withdraw"
    assert (await site.command(path, {}, "asn", person=2)).status_code == 403
    assert (await site.command(path, {}, "operator", agency=REGENCY)).status_code == 409
    assert (await site.command(path, {}, "operator")).status_code == 200


async def test_an_old_attempt_is_not_given_back_in_place_of_the_new(site: Site):
    for message in (asked(3, SMALL), left(3, SMALL), asked(3, SMALL)):
        await site.svc.receives(message, agency=CITY)
    await site.svc.emitted()
    old = await site.command(f"enrolments/{enrollment_id(3, SMALL)}/withdraw", {}, "asn", person=3)
    assert (old.status_code, old.json()["type"]) == (409, "urn:bina:problem:enrollment-replaced")
    assert await site.svc.emitted() == []
    path = f"enrolments/{enrollment_id(3, SMALL, attempt=2)}/withdraw"
    assert (await site.command(path, {}, "asn", person=3)).status_code == 200


async def test_a_clerk_enrols_own_people_by_the_same_rules(site: Site):
    accepted = await site.command("enrolments", {"run": SMALL, "nip": nip(3)}, "operator")
    assert accepted.json()["outcome"] == "accepted"
    foreign = await site.command("enrolments", {"run": SMALL, "nip": nip(21)}, "operator")
    assert (foreign.status_code, foreign.json()["type"]) == (409, "urn:bina:problem:nip-other-agency")
    unknown = await site.command("enrolments", {"run": FOREIGN, "nip": nip(3)}, "operator")
    assert unknown.json()["type"] == "urn:bina:problem:run-unknown"
    closed = await site.command("enrolments", {"run": PAST, "nip": nip(3)}, "operator")
    assert closed.json()["type"] == "urn:bina:problem:run-closed"


async def test_attendance_completes_a_run_without_pass_score(site: Site):
    await site.svc.receives(asked(3, OPEN), asked(4, OPEN), agency=CITY)
    await site.command(f"runs/{OPEN}/change", {"starts_on": "2026-11-16"}, "operator", agency=REGENCY)
    await site.svc.emitted()
    body = {
        "enrollments": [str(enrollment_id(3, OPEN))],
        "absent": [str(enrollment_id(4, OPEN))],
        "met_on": "2026-11-20",
    }
    assert (await site.command("attendance", body, "operator")).status_code == 403
    answer = await site.command("attendance", body, "operator", agency=REGENCY)
    assert answer.json() == {"present": 1, "absent": 1}
    met, completed, missed = await site.svc.emitted()
    assert isinstance(met, AttendanceMet)
    assert isinstance(completed, TrainingCompleted)
    assert (completed.jp, completed.jp_in_year) == (40, 40)
    assert isinstance(missed, TrainingNotCompleted)
    assert missed.reason == "absent"
    await site.command("attendance", body, "operator", agency=REGENCY)
    assert await site.svc.emitted() == []


async def test_with_a_pass_score_attendance_and_pass_complete_in_either_order(site: Site):
    await site.svc.receives(asked(5, TESTED), asked(6, TESTED), agency=CITY)
    await site.svc.receives(scored(5))
    await site.svc.emitted()
    both = {"enrollments": [str(enrollment_id(n, TESTED)) for n in (5, 6)], "met_on": "2026-09-17"}
    assert (await site.command("attendance", both, "operator")).json() == {"present": 2, "absent": 0}
    told = await site.svc.emitted()
    assert [e.asn_id for e in told if isinstance(e, TrainingCompleted)] == [asn_id(5)]
    await site.svc.receives(scored(6))
    (completed,) = await site.svc.emitted()
    assert (completed.asn_id, completed.completed_on) == (asn_id(6), date(2026, 9, 18))


async def test_attendance_before_the_run_is_refused(site: Site):
    await site.svc.receives(asked(3, OPEN), agency=CITY)
    body = {"enrollments": [str(enrollment_id(3, OPEN))], "met_on": "2026-11-19"}
    answer = await site.command("attendance", body, "operator", agency=REGENCY)
    assert answer.status_code == 422


async def test_attendance_is_not_before_any_of_its_runs(site: Site):
    await site.svc.receives(asked(3, OPEN), asked(5, TESTED), agency=CITY)
    await site.command(f"runs/{OPEN}/change", {"starts_on": "2026-11-16"}, "operator", agency=REGENCY)
    both = [str(enrollment_id(3, OPEN)), str(enrollment_id(5, TESTED))]
    early = await site.command("attendance", {"enrollments": both, "met_on": "2026-11-15"}, "platform")
    assert (early.status_code, early.json()["errors"][0]["where"]) == (422, "met_on")
    assert await site.svc.emitted(AttendanceMet) == []
    right = await site.command("attendance", {"enrollments": both, "met_on": "2026-11-16"}, "platform")
    assert right.json() == {"present": 2, "absent": 0}


async def test_runs_are_announced_once_with_what_their_programme_says(site: Site):
    run = {
        "code": "btk-2026-06",
        "programme": "BTK",
        "organiser": CITY,
        "starts_on": "2026-12-21",
        "ends_on": "2026-12-22",
    }
    first = await site.command("runs", {"items": [run]}, "operator")
    assert first.json()["announced"] == 1
    (announced,) = await site.svc.emitted()
    assert isinstance(announced, TrainingAnnounced)
    assert (announced.run_code, announced.jp, announced.open_to) == ("BTK-2026-06", 16, (CITY,))
    second = await site.command("runs", {"items": [run]}, "operator")
    assert second.json()["existing"] == ["BTK-2026-06"]
    assert await site.svc.emitted() == []
    assert (await site.command("runs", {"items": [run]}, "operator", agency=REGENCY)).status_code == 403
    shown = (await site.reads("runs/btk-2026-06", "asn")).json()
    assert (shown["status"], shown["seats"]) == ("open", 30)


async def test_more_seats_move_the_waiting_list_up(site: Site):
    await site.svc.receives(*(asked(n, SMALL) for n in (1, 2, 3, 4)), agency=CITY)
    await site.svc.emitted()
    answer = await site.command(f"runs/{SMALL}/change", {"seats": 3}, "operator")
    assert (answer.json()["taken"], answer.json()["waiting"]) == (3, 1)
    changed, moved, answer = await site.svc.emitted()
    assert (answer.nip, answer.outcome) == (nip(3), "accepted")
    assert isinstance(changed, TrainingChanged)
    assert changed.seats == 3
    assert (type(moved), moved.asn_id) == (EnrollmentAccepted, asn_id(3))


async def test_a_cancelled_run_takes_nobody_and_is_told_once(site: Site):
    for _ in range(2):
        await site.command(f"runs/{SMALL}/cancel", {"reason": "Anggaran dipotong"}, "operator")
    (told,) = await site.svc.emitted()
    assert isinstance(told, TrainingCancelled)
    refused = await site.command("enrolments", {"run": SMALL}, "asn", person=2)
    assert refused.json()["type"] == "urn:bina:problem:run-closed"
    assert (await site.command(f"runs/{SMALL}/change", {"seats": 9}, "operator")).status_code == 409


async def test_a_cancelled_run_answers_the_agencies_whose_requests_wait(site: Site):
    requests = [asked(n, SMALL) for n in (1, 2, 3, 4)]
    await site.svc.receives(*requests, agency=CITY)
    await site.command("enrolments", {"run": SMALL}, "asn", person=5)
    await site.svc.receives(left(4, SMALL), agency=CITY)
    await site.svc.emitted()
    for _ in range(2):
        await site.command(f"runs/{SMALL}/cancel", {"reason": "Anggaran dipotong."}, "operator")
    cancelled, answer = await site.svc.emitted()
    assert isinstance(cancelled, TrainingCancelled)
    assert isinstance(answer, RequestAnswered)
    assert (answer.destination, answer.request_id) == (f"agency.outcomes.{CITY}", requests[2].event_id)
    assert (answer.nip, answer.run_code, answer.outcome) == (nip(3), SMALL, "withdrawn")
    assert answer.enrollment_id == str(enrollment_id(3, SMALL))
    (problem,) = answer.problems
    assert (problem.column, problem.code, problem.severity) == ("Kode Angkatan", "run.cancelled", "warning")
    assert "dibatalkan penyelenggara: Anggaran dipotong. Pilih" in problem.advice


async def test_nobody_attends_passes_or_completes_a_cancelled_run(site: Site):
    await site.svc.receives(asked(5, TESTED), reported(7, TESTED, "failed", jp=0), agency=CITY)
    await site.command(f"runs/{TESTED}/cancel", {"reason": "Anggaran dipotong"}, "operator")
    await site.svc.emitted()
    for who in (
        {"enrollments": [str(enrollment_id(5, TESTED))]},
        {"absent": [str(enrollment_id(5, TESTED))]},
    ):
        answer = await site.command(
            "attendance", {"met_on": "2026-09-17", "enrollments": []} | who, "operator"
        )
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:bina:problem:run-cancelled")
    right = {"completed": True, "jp": 32, "completed_on": "2026-10-06", "reason": "Salah baris"}
    answer = await site.command(f"results/{enrollment_id(7, TESTED)}/correct", right, "operator")
    assert answer.json()["type"] == "urn:bina:problem:run-cancelled"
    await site.svc.receives(scored(ATTENDED))
    await site.svc.receives(reported(5, TESTED, jp=32), agency=CITY)
    (refused,) = await site.svc.emitted()
    assert (refused.outcome, [p.code for p in refused.problems]) == ("refused", ["run.cancelled"])


async def test_a_concluded_run_lets_the_waiting_go(site: Site):
    await site.svc.receives(*(asked(n, SMALL) for n in (1, 2, 3)), agency=CITY)
    await site.svc.emitted()
    await site.command(f"runs/{SMALL}/conclude", {}, "operator")
    released, answer, concluded = await site.svc.emitted()
    assert (answer.nip, answer.outcome, answer.problems[0].code) == (nip(3), "withdrawn", "run.concluded")
    assert (type(released), released.asn_id) == (EnrollmentWithdrawn, asn_id(3))
    assert concluded.concluded_on == date(2026, 11, 20)
    await site.command(f"runs/{SMALL}/conclude", {}, "operator")
    assert await site.svc.emitted(TrainingConcluded) == []


async def test_readers_see_own_people_and_own_runs(site: Site):
    await site.svc.receives(asked(1, SMALL), asked(2, OPEN), agency=CITY)
    await site.svc.receives(asked(21, OPEN), agency=REGENCY)

    async def seen(*roles, **who) -> set[tuple[str, str]]:
        items = (await site.reads("enrolments", *roles, **who)).json()["items"]
        return {(item["nip"], item["run_code"]) for item in items} - {(nip(9), TESTED)}

    assert await seen("operator") == {(nip(1), SMALL), (nip(2), OPEN)}
    assert await seen("operator", agency=REGENCY) == {(masked(nip(2)), OPEN), (nip(21), OPEN)}
    assert await seen("operator", agency=PROVINCE) == set()
    assert len(await seen("platform", agency=None)) == 3
    own = (await site.reads(f"enrolments?asn={asn_id(2)}", "asn", person=2)).json()["items"]
    assert [item["run_code"] for item in own] == [OPEN]
    assert (await site.reads(f"enrolments?asn={asn_id(1)}", "asn", person=2)).status_code == 403
    by_run = (await site.reads(f"enrolments?run={OPEN}&agency={CITY}", "platform", agency=None)).json()[
        "items"
    ]
    assert [item["nip"] for item in by_run] == [nip(2)]
