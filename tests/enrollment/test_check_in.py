"""Codes that change every half minute, checking in by them, and looking at the faces."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from bina.web.headers import CSP
from enrollment.attendance import codes
from enrollment.attendance.domain import SAMPLE_PERCENT, Mark, to_look_at

from .attending import (
    FIRST,
    PAGE,
    SECOND,
    TAUGHT,
    check_in,
    code,
    fields_of,
    hold,
    later,
    marked,
    say,
    sends,
    session_id,
)
from .conftest import SECRET, Site
from .story import CITY, TESTED, enrollment_id, reported

ROLL = f"{PAGE}/presensi/{session_id()}"
moments = st.integers(1_600_000_000, 3_700_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))


@given(moments, st.integers(0, 59), st.uuids())
def test_a_code_holds_from_its_half_minute_to_the_end_of_the_next(at, seconds, session):
    shown = codes.code_at(session, codes.step_of(at), SECRET)
    begins = datetime.fromtimestamp(codes.step_of(at) * 30, UTC)
    assert codes.is_current(shown, session, begins + timedelta(seconds=seconds), SECRET)
    assert not codes.is_current(shown, session, begins + timedelta(seconds=60), SECRET)
    assert not codes.is_current(shown, session, begins - timedelta(seconds=1), SECRET)


@given(moments, st.integers(-120, 120))
def test_a_phone_may_be_two_minutes_wrong_and_no_more(at, wrong):
    session = uuid4()
    shown = codes.code_at(session, codes.step_of(at), SECRET)
    assert codes.was_current(shown, session, at + timedelta(seconds=wrong), SECRET)
    assert not codes.was_current(shown, session, at + timedelta(minutes=4), SECRET)
    assert not codes.was_current(shown, session, at - timedelta(minutes=4), SECRET)


@given(st.uuids(), st.integers(0, 10**9), st.sampled_from(" -.\u00a0"))
def test_a_code_may_be_typed_in_any_case_with_anything_between(session, step, between):
    shown = codes.code_at(session, step, SECRET)
    assert codes.normal(between.join(shown.lower())) == shown
    assert len(shown) == codes.LENGTH
    assert set(shown) <= set(codes.ALPHABET)
    assert codes.code_at(session, step, "another secret") != shown


@given(
    st.lists(st.tuples(st.uuids(), st.booleans(), st.booleans()), unique_by=lambda one: one[0], max_size=60)
)
def test_all_that_is_odd_and_a_tenth_of_the_others_are_looked_at(people):
    session, at = uuid4(), datetime(2026, 11, 20, tzinfo=UTC)
    marks = [
        Mark(session, id_, "present", "code", at, late=late, shared=shared) for id_, late, shared in people
    ]
    chosen = to_look_at(session, marks, SECRET)
    odd = {mark.enrollment_id for mark in marks if mark.late or mark.shared}
    assert odd <= chosen
    assert len(chosen) >= len(marks) * SAMPLE_PERCENT / 100
    assert len(chosen - odd) <= -(-len(marks) * SAMPLE_PERCENT // 100)
    assert to_look_at(session, reversed(marks), SECRET) == chosen


async def test_a_participant_checks_in_once_by_the_code_on_the_screen(site: Site):
    await hold(site, SECOND)
    async with site.client("operator") as screen:
        page = (await screen.get(f"{ROLL}/kode")).text
    shown = code()
    assert f"{shown[:3]} {shown[3:]}" in page or f"{code(back=1)[:3]} {code(back=1)[3:]}" in page
    assert '<svg role="img" aria-label="Kode QR untuk hadir" viewBox="0 0' in page
    assert "style=" not in page
    async with site.client("asn", person=1) as client:
        assert "Pengelolaan" not in (await client.get("/enrollment/hadir")).text
        assert (await check_in(client, code().lower())).status_code == 303
        page = (await client.get(f"/enrollment/hadir/{session_id()}")).text
        assert "Anda tercatat hadir." in page
        assert '<form method="post" action="/enrollment/hadir' not in page
    assert await marked(site) == {1: "present"}
    (row,) = await site.svc.rows("SELECT how, late, device, marked_by FROM attendance")
    assert (row.how, row.late, len(row.device)) == ("code", False, 32)


async def test_an_old_picture_and_a_guess_are_refused_with_words(site: Site):
    await hold(site, SECOND)
    async with site.client("asn", person=1) as client:
        for typed in (code(back=2), "AAAAAA", "", code(FIRST)):
            answer = await check_in(client, typed)
            assert answer.status_code == 409, typed
            assert "Pindai atau ketik kode yang sekarang tampil" in answer.text
        assert await marked(site) == {}
        assert (await check_in(client, code(back=1))).status_code == 303


async def test_a_device_checks_in_one_person_a_session(site: Site):
    await hold(site, SECOND)
    async with site.client("asn", person=1) as first:
        await check_in(first, code())
        device = first.cookies["bina_device"]
    async with site.client("asn", person=2) as second:
        second.cookies.set("bina_device", device)
        answer = await check_in(second, code())
        page = (await second.get(answer.headers["location"])).text
        assert "Perangkat ini sudah dipakai peserta lain" in page
        assert await marked(site) == {1: "present"}
    async with site.client("asn", person=2) as own:
        assert (await check_in(own, code())).status_code == 303
    assert await marked(site) == {1: "present", 2: "present"}
    rows = await site.svc.rows("SELECT enrollment_id, shared FROM attendance WHERE shared")
    assert [row.enrollment_id for row in rows] == [enrollment_id(1, TESTED)]
    assert len({r.device for r in await site.svc.rows("SELECT device FROM attendance")}) == 2


async def test_a_forged_device_is_none(site: Site):
    await hold(site, SECOND)
    async with site.client("asn", person=1) as client:
        page = f"/enrollment/hadir/{session_id()}"
        html = await client.get(page)
        client.cookies.delete("bina_device")
        client.cookies.set("bina_device", "forged")
        answer = await client.post(page, data=fields_of(html.text, page) | {"kode": code()})
    assert (answer.status_code, await marked(site)) == (409, {})


async def test_whoever_takes_no_part_or_was_marked_absent_checks_in_nowhere(site: Site):
    await hold(site, SECOND, people=(1,))
    async with site.client("asn", person=2) as stranger:
        assert (await stranger.get(f"/enrollment/hadir/{session_id()}")).status_code == 404
    await say(site, SECOND, absent=(1,))
    async with site.client("asn", person=1) as client:
        page = await client.get(f"/enrollment/hadir/{session_id()}")
        assert "Anda tercatat tidak hadir." in page.text


def seen(minutes_ago: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat()


async def test_a_check_in_made_without_network_counts_when_it_arrives_and_is_looked_at(site: Site):
    await hold(site, SECOND)
    later(4)  # the session is over for more than half an hour
    moved = 4 * 60
    async with site.client("asn", person=1) as client:
        old = codes.code_at(session_id(), codes.step_of(datetime.now(UTC) - timedelta(minutes=moved)), SECRET)
        assert (await check_in(client, old)).status_code == 409
        assert (await check_in(client, old, dilihat=seen(moved - 20))).status_code == 409
        assert (await check_in(client, old, dilihat=seen(moved))).status_code == 303
    (row,) = await site.svc.rows("SELECT how, late, at FROM attendance")
    assert (row.how, row.late) == ("code", True)
    assert row.at < datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
    async with site.client("trainer", person=TAUGHT) as trainer:
        assert "terkirim terlambat" in (await trainer.get(f"{ROLL}/periksa")).text


async def test_a_check_in_kept_for_more_than_a_day_is_for_the_trainer(site: Site):
    await hold(site, SECOND)
    page = f"/enrollment/hadir/{session_id()}"
    async with site.client("asn", person=1) as client:
        await client.get(page)
        later(27)
        assert (await client.get(page)).status_code == 404


async def test_a_face_that_is_not_there_takes_the_presence_back_for_a_reason(site: Site):
    await hold(site, SECOND, people=(1,))
    async with site.client("asn", person=1) as client:
        await check_in(client, code())
    settle = f"runs/{TESTED}/attendance/settle"
    waits = await site.command(settle, {}, "operator")
    assert (waits.status_code, "diperiksa wajahnya" in waits.json()["detail"]) == (409, True)
    field = f"face.{enrollment_id(1, TESTED)}"
    async with site.client("trainer", person=TAUGHT) as trainer:
        silent = await sends(trainer, f"{ROLL}/periksa", f"{ROLL}/periksa", **{field: "wrong"})
        assert silent.status_code == 422
        told = {field: "wrong", "reason": "Tidak ada di ruangan"}
        assert (await sends(trainer, f"{ROLL}/periksa", f"{ROLL}/periksa", **told)).status_code == 303
    assert await marked(site) == {1: "absent"}
    (row,) = await site.svc.rows("SELECT how, checked, note FROM attendance")
    assert tuple(row) == ("spot_check", "denied", "Tidak ada di ruangan")
    entries = await site.svc.rows("SELECT detail::text AS detail FROM audit.entries ORDER BY id DESC LIMIT 1")
    assert "denied" in entries[0].detail or "attendance" in entries[0].detail
    assert (await site.command(settle, {}, "operator")).json() == {"met": 0, "missed": 1}


async def test_a_confirmed_face_is_not_looked_at_again(site: Site):
    await hold(site, SECOND, people=(1,))
    async with site.client("asn", person=1) as client:
        await check_in(client, code())
    async with site.client("operator") as clerk:
        field = f"face.{enrollment_id(1, TESTED)}"
        await sends(clerk, f"{ROLL}/periksa", f"{ROLL}/periksa", **{field: "right"})
        assert "Semua sudah diperiksa." in (await clerk.get(f"{ROLL}/periksa")).text
    assert await marked(site) == {1: "present"}


async def test_nobodys_face_is_waited_for_who_left_or_has_a_result(site: Site):
    await hold(site, SECOND)
    for n in (1, 2):
        async with site.client("asn", person=n) as client:
            await check_in(client, code())
    await site.svc.rows("UPDATE attendance SET late = true RETURNING session_id")
    left = f"enrolments/{enrollment_id(1, TESTED)}/withdraw"
    assert (await site.command(left, {}, "asn", person=1)).status_code == 200
    await site.svc.receives(reported(2, TESTED, completed_on="2026-11-20", jp=32), agency=CITY)
    await say(site, SECOND, present=(3,))
    async with site.client("operator") as clerk:
        assert "Semua sudah diperiksa." in (await clerk.get(f"{ROLL}/periksa")).text
    answer = await site.command(f"runs/{TESTED}/attendance/settle", {}, "operator")
    assert answer.json() == {"met": 1, "missed": 0}


async def test_the_page_is_kept_by_a_worker_of_its_own_path_with_the_headers_of_a_page(site: Site):
    await hold(site, SECOND, people=(1,))
    async with site.client("asn", person=1) as client:
        page = (await client.get(f"/enrollment/hadir/{session_id(SECOND)}")).text
    assert 'data-worker="/enrollment/hadir.js"' in page
    async with site.client() as guest:
        script = await guest.get("/enrollment/hadir.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["service-worker-allowed"] == "/enrollment/hadir/"
    assert CSP in script.text
    assert "HEADERS_OF_A_PAGE" not in script.text
