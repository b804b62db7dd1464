"""Sessions of a run, their lists, and what the run's rule makes of them."""

import re

import pytest

from bina.events.enrollment import AttendanceMet, TrainingCompleted, TrainingNotCompleted
from enrollment.catalogue import store as catalogue
from meeting import Meeting

from .attending import (
    AHEAD,
    FIRST,
    PAGE,
    SECOND,
    TAUGHT,
    fields_of,
    hold,
    marked,
    say,
    sends,
    session,
    session_id,
)
from .conftest import Site
from .story import CITY, REGENCY, TESTED, asn_id, enrollment_id, nip, reported, scored

ROLL = f"{PAGE}/presensi/{session_id()}"


def choice(n: int) -> str:
    return f"attendance.{enrollment_id(n, TESTED)}"


async def kinds(site: Site) -> list[tuple[str, object]]:
    return [(type(e).__name__, getattr(e, "asn_id", None)) for e in await site.svc.emitted()]


async def test_a_run_tells_its_sessions_to_readers_of_page_and_interface(site: Site):
    await hold(site, FIRST, SECOND, people=())
    run = (await site.reads(f"runs/{TESTED}", "asn", person=1)).json()
    assert [one["starts_at"] for one in run["sessions"]] == ["2026-11-19T01:00:00Z", "2026-11-20T02:30:00Z"]
    assert (run["attendance_percent"], run["report_required"]) == (100, False)
    async with site.client("asn", person=1) as client:
        html = (await client.get(PAGE)).text
    assert "19 Nov 2026, 08.00 WIB–11.00 WIB" in html
    assert "hadir di semua sesi" in html
    assert nip(TAUGHT) not in html


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([session(FIRST.replace(month=8))], "sessions.0.starts_at"),
        ([session(SECOND, trainer="199909092020121099")], "sessions.0.trainer"),
        ([session(SECOND), session(SECOND)], "sessions.1.id"),
    ],
)
async def test_sessions_that_cannot_be_are_named(site: Site, rows, place):
    answer = await site.command(f"runs/{TESTED}/change", {"sessions": rows}, "operator")
    assert answer.status_code == 422
    assert [fault["where"] for fault in answer.json()["errors"]] == [place]


async def test_a_session_stays_once_somebody_came_and_a_run_does_not_leave_its_sessions(site: Site):
    await hold(site, FIRST, SECOND)
    moved = await site.command(f"runs/{TESTED}/change", {"starts_on": "2026-11-20"}, "operator")
    assert [fault["where"] for fault in moved.json()["errors"]] == ["sessions"]
    await say(site, FIRST, present=(1,))
    gone = await site.command(f"runs/{TESTED}/change", {"sessions": [session(SECOND)]}, "operator")
    assert (gone.status_code, gone.json()["type"]) == (409, "urn:bina:problem:session-attended")
    fewer = await site.command(f"runs/{TESTED}/change", {"sessions": [session(FIRST)]}, "operator")
    assert fewer.status_code == 200


async def test_the_list_is_recorded_once_and_by_whom_it_may_be(site: Site):
    await hold(site, SECOND)
    assert (await say(site, SECOND, present=(1, 2), absent=(3,))).json() == {"changed": 3}
    assert (await say(site, SECOND, present=(1, 2), absent=(3,))).json() == {"changed": 0}
    assert await marked(site) == {1: "present", 2: "present", 3: "absent"}
    assert (await say(site, SECOND, "operator", who={"agency": REGENCY}, present=(1,))).status_code == 403
    assert (await say(site, SECOND, "asn", who={"person": 1}, excused=(1,))).status_code == 403


async def test_a_trainer_takes_attendance_of_own_sessions_only(site: Site):
    await hold(site, FIRST, SECOND)
    trainer = {"person": TAUGHT}
    assert (await say(site, SECOND, "trainer", who=trainer, present=(1,))).status_code == 200
    assert (await say(site, FIRST, "trainer", who=trainer, present=(1,))).status_code == 403
    assert (await say(site, SECOND, "trainer", who={"person": 8}, present=(1,))).status_code == 403
    async with site.client("trainer", person=TAUGHT) as client:
        page = await client.get(f"{PAGE}/presensi", follow_redirects=True)
        assert page.url.path == ROLL
        assert str(session_id(FIRST)) not in page.text
        assert nip(1) not in page.text
        assert (await client.get(f"{PAGE}/presensi/{session_id(FIRST)}")).status_code == 403
    settled = await site.command(f"runs/{TESTED}/attendance/settle", {}, "trainer", **trainer)
    assert settled.status_code == 403


async def test_nobody_is_recorded_before_a_session_or_in_anothers_run(site: Site):
    await hold(site, SECOND, AHEAD)
    early = await say(site, AHEAD, present=(1,))
    assert (early.status_code, early.json()["type"]) == (409, "urn:bina:problem:session-ahead")
    assert (await say(site, SECOND, present=(5,))).status_code == 404


async def test_the_page_saves_what_was_changed_and_all_the_others_at_one_press(site: Site):
    await hold(site, SECOND)
    async with site.client("operator") as client:
        page = await client.get(ROLL)
        assert "0 dari 3 tercatat" in page.text or "0 dari 4 tercatat" in page.text
        saved = await sends(client, ROLL, ROLL, **{choice(3): "absent", choice(1): ""})
        assert saved.status_code == 303
        assert await marked(site) == {3: "absent"}
        again = await sends(client, ROLL, ROLL, **{choice(3): "absent"})
        assert again.status_code == 422
        await sends(client, ROLL, ROLL, **{choice(3): "absent", "rest": "present"})
    assert await marked(site) == {1: "present", 2: "present", 3: "absent"}


async def test_a_stale_page_takes_nothing_back_that_was_recorded_meanwhile(site: Site):
    await hold(site, SECOND)
    async with site.client("operator") as client:
        hidden = fields_of((await client.get(ROLL)).text, ROLL)
        await say(site, SECOND, present=(1,))
        answer = await client.post(ROLL, data=hidden | {choice(1): "absent", choice(2): "present"})
        assert answer.headers["location"].endswith("?sementara=1")
        shown = (await client.get(answer.headers["location"])).text
    assert await marked(site) == {1: "present", 2: "present"}
    assert "1 orang dicatat orang lain sementara Anda mengisi" in shown


async def test_the_rule_of_the_run_decides_once_everything_is_recorded(site: Site):
    await hold(site, FIRST, SECOND, attendance_percent=50)
    await say(site, FIRST, present=(1, 2), absent=(3,))
    early = await site.command(f"runs/{TESTED}/attendance/settle", {}, "operator")
    assert (early.status_code, early.json()["type"]) == (409, "urn:bina:problem:attendance-unfinished")
    await say(site, SECOND, present=(1,), excused=(2,), absent=(3,))
    answer = await site.command(f"runs/{TESTED}/attendance/settle", {}, "operator")
    assert answer.json() == {"met": 2, "missed": 1}
    told = await site.svc.emitted()
    assert {e.asn_id for e in told if isinstance(e, AttendanceMet)} == {asn_id(1), asn_id(2)}
    completed = [e for e in told if isinstance(e, TrainingCompleted)]
    assert {e.asn_id for e in completed} == {asn_id(1), asn_id(2)}
    assert {e.completed_on.isoformat() for e in completed} == {"2026-11-20"}
    assert [(e.asn_id, e.reason) for e in told if isinstance(e, TrainingNotCompleted)] == [
        (asn_id(3), "absent")
    ]
    again = await site.command(f"runs/{TESTED}/attendance/settle", {}, "operator")
    assert again.json() == {"met": 0, "missed": 0}
    assert await site.svc.emitted() == []
    late = await say(site, SECOND, present=(3,))
    assert (late.status_code, late.json()["type"]) == (409, "urn:bina:problem:attendance-settled")
    assert "koreksi hasil" in late.json()["mend"]


async def test_every_session_counts_unless_the_run_asks_for_less(site: Site):
    await hold(site, FIRST, SECOND)
    await say(site, FIRST, present=(1, 2, 3))
    await say(site, SECOND, present=(1, 3), excused=(2,))
    answer = await site.command(f"runs/{TESTED}/attendance/settle", {}, "operator")
    assert answer.json() == {"met": 2, "missed": 1}


async def test_a_run_with_sessions_is_not_recorded_as_a_whole(site: Site):
    await hold(site, SECOND)
    body = {"enrollments": [str(enrollment_id(1, TESTED))], "met_on": "2026-11-20"}
    answer = await site.command("attendance", body, "operator")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:bina:problem:attendance-by-session")


async def test_test_and_report_are_waited_for_in_any_order(site: Site):
    await hold(site, SECOND, people=(1, 2), pass_score=70, report_required=True)
    receive = f"runs/{TESTED}/reports"
    await site.command(receive, {"enrollments": marks_of(1), "received_on": "2026-11-20"}, "operator")
    await say(site, SECOND, present=(1, 2))
    await site.command(f"runs/{TESTED}/attendance/settle", {}, "operator")
    assert [kind for kind, _who in await kinds(site)] == ["AttendanceMet", "AttendanceMet"]
    await site.svc.receives(scored(1), scored(2))
    assert await kinds(site) == [("TrainingCompleted", asn_id(1))]
    answer = await site.command(receive, {"enrollments": marks_of(1, 2)}, "operator")
    assert answer.json() == {"received": 1}
    assert await kinds(site) == [("TrainingCompleted", asn_id(2))]


@pytest.mark.parametrize(
    ("command", "body", "call"),
    [
        ("change", {"report_required": True}, "change_run"),
        ("cancel", {"reason": "Ruang tidak tersedia"}, "mark_cancelled"),
    ],
)
async def test_a_run_changed_or_cancelled_meanwhile_is_settled_as_it_then_stands(
    site: Site, meeting: Meeting, command: str, body: dict[str, object], call: str
):
    await hold(site, SECOND, people=(1,))
    await say(site, SECOND, present=(1,))
    await site.svc.emitted()
    await meeting(
        site.svc,
        (catalogue, call),
        site.command(f"runs/{TESTED}/{command}", body, "operator"),
        lambda: site.command(f"runs/{TESTED}/attendance/settle", {}, "operator"),
    )
    assert await site.svc.emitted(TrainingCompleted) == []


async def test_a_report_received_as_its_run_is_cancelled_completes_nobody(site: Site, meeting: Meeting):
    await hold(site, SECOND, people=(1,), report_required=True)
    await say(site, SECOND, present=(1,))
    await site.command(f"runs/{TESTED}/attendance/settle", {}, "operator")
    await meeting(
        site.svc,
        (catalogue, "mark_cancelled"),
        site.command(f"runs/{TESTED}/cancel", {"reason": "Ruang tidak tersedia"}, "operator"),
        lambda: site.command(f"runs/{TESTED}/reports", {"enrollments": marks_of(1)}, "operator"),
    )
    assert await site.svc.emitted(TrainingCompleted) == []


async def test_a_session_that_goes_meanwhile_is_recorded_no_more(site: Site, meeting: Meeting):
    await hold(site, FIRST, SECOND, people=(1,))
    answers = []

    async def record() -> None:
        answers.append(await say(site, SECOND, present=(1,)))

    change = site.command(f"runs/{TESTED}/change", {"sessions": [session(FIRST)]}, "operator")
    await meeting(site.svc, (catalogue, "remove_sessions"), change, record)
    assert [answer.status_code for answer in answers] == [404]


async def test_a_participant_hands_in_a_report_until_it_is_received(site: Site):
    await hold(site, SECOND, people=(1,), report_required=True)
    path = f"{PAGE}/laporan-saya"
    async with site.client("asn", person=1) as client:
        assert (
            await sends(client, PAGE, path, content="https://drive.example/laporan <b>")
        ).status_code == 303
        assert "menunggu diperiksa" in (await client.get(PAGE)).text
    async with site.client("operator") as clerk:
        page = (await clerk.get(f"{PAGE}/laporan")).text
        assert re.search(r'<a href="https://drive.example/laporan" rel="no[a-z ]*noreferrer"', page)
        assert "&lt;b&gt;" in page
        ticked = {f"received.{enrollment_id(1, TESTED)}": "1", "received_on": "2026-11-20"}
        assert (await sends(clerk, f"{PAGE}/laporan", f"{PAGE}/laporan", **ticked)).status_code == 303
    async with site.client("asn", person=1) as client:
        assert "Diterima penyelenggara pada 20 November 2026" in (await client.get(PAGE)).text
    assert (
        await site.command(f"runs/{TESTED}/reports", {"enrollments": marks_of(1)}, "operator", agency=REGENCY)
    ).status_code == 403


async def test_an_organisers_report_ends_an_enrolment_whatever_the_lists_say(site: Site):
    await hold(site, SECOND, people=(1, 2))
    await site.svc.receives(reported(1, TESTED, completed_on="2026-11-20", jp=32), agency=CITY)
    await say(site, SECOND, present=(2,))
    answer = await site.command(f"runs/{TESTED}/attendance/settle", {}, "operator")
    assert answer.json() == {"met": 1, "missed": 0}


async def test_the_paper_list_names_everybody_and_what_is_recorded(site: Site):
    await hold(site, SECOND)
    await say(site, SECOND, present=(1,))
    async with site.client("operator") as client:
        page = (await client.get(f"{ROLL}/cetak")).text
    assert all(f"Pegawai {n}" in page for n in (1, 2, 3))
    assert page.count('class="sign">Hadir<') == 1


def marks_of(*numbers: int) -> list[str]:
    return [str(enrollment_id(n, TESTED)) for n in numbers]
