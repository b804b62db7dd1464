"""A record that a law demands stays, and the answer says why, until when and what can be done; then it goes."""

from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from bina.messaging import clock
from bina.web.audit.searching import Sought, find
from bina.web.retention import KEPT, Periods, UnknownPeriod, name_of
from enrollment.register.domain import erasable_from
from enrollment.register.recording import record_asn

from .conftest import Site
from .story import CITY, PAST, asn_id, enrollment_id, person, reported, served_since
from .test_held_seats import HELD, announced

ORDER = "Putusan PTUN Jambi 12/G/2026/PTUN.JBI, 3 November 2026"
YEAR = timedelta(days=365)


async def leaves(site: Site, n: int, on: date) -> None:
    async with site.svc.sessions() as session, session.begin():
        await served_since(session, date(2000, 1, 1), n)
        await record_asn(session, [person(n, left_on=on)])
    await site.svc.emitted()


async def erase(site: Site, n: int, *roles: str, order: str = "", key: str = "", **who) -> httpx.Response:
    async with site.client(*(roles or ("bkd",)), **who) as client:
        path = f"/enrollment/api/v1/asn/{asn_id(n)}"
        headers = {"Idempotency-Key": key or uuid4().hex}
        return await client.delete(path, headers=headers, params={"order": order} if order else {})


async def is_there(site: Site, n: int) -> bool:
    return bool(await site.svc.rows("SELECT FROM asn WHERE asn_id = :id", id=asn_id(n)))


async def test_whoever_serves_stays(site: Site):
    answer = await erase(site, 2)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (409, "urn:bina:problem:erasure-not-yet")
    assert "UU 20/2023 Pasal 49" in problem["law"]
    assert problem["law"] in problem["detail"]
    assert "possible_from" not in problem
    assert "Preferensi" in problem["mend"]
    assert await is_there(site, 2)
    assert await site.svc.emitted() == []


async def test_whoever_is_to_leave_still_serves(site: Site):
    await leaves(site, 2, clock.today() + timedelta(days=1))
    assert "possible_from" not in (await erase(site, 2)).json()


async def test_within_the_period_the_day_is_named_and_on_it_the_record_goes(site: Site):
    left = clock.today() - YEAR
    await leaves(site, 2, left)
    free = left + Periods.read().of("people", clock.today()).length
    answer = await erase(site, 2)
    assert (answer.status_code, answer.json()["possible_from"]) == (409, free.isoformat())
    clock.move(clock.offset() + (free - clock.today()) - timedelta(days=1))
    assert (await erase(site, 2)).status_code == 409
    clock.move(clock.offset() + timedelta(days=1))
    assert (await erase(site, 2)).status_code == 200
    assert not await is_there(site, 2)


async def test_a_training_keeps_the_record_longer(site: Site):
    await leaves(site, 2, date(2022, 10, 7))
    await site.svc.receives(reported(2, PAST), agency=CITY)  # told once they had left
    (row,) = await site.svc.rows("SELECT completed_on FROM enrolments WHERE asn_id = :id", id=asn_id(2))
    periods = Periods.read()
    answer = await erase(site, 2)
    free = row.completed_on + periods.of("trainings", clock.today()).length
    assert (answer.status_code, answer.json()["possible_from"]) == (409, free.isoformat())


async def test_a_sites_own_period_decides(site: Site, tmp_path: Path):
    own = tmp_path / "retention.toml"
    own.write_text(
        '[[periods]]\nkeeps = "people"\nfrom = 2026-11-23\ndays = 30\nbasis = "law"\nsource = "Perda 1/2026"\n'
    )
    clock.move(clock.offset() + timedelta(days=10))
    await leaves(site, 2, clock.today() - timedelta(days=29))
    before = site.app.state.periods
    site.app.state.periods = Periods.read(str(own))
    try:
        answer = await erase(site, 2)
        assert "Perda 1/2026" in answer.json()["detail"]
        clock.move(clock.offset() + timedelta(days=1))
        assert (await erase(site, 2)).status_code == 200
    finally:
        site.app.state.periods = before


async def test_a_courts_order_is_the_platforms_to_follow_and_stays_in_the_audit(site: Site):
    assert (await erase(site, 2, "platform")).status_code == 409
    assert (await erase(site, 2, "bkd", order=ORDER)).status_code == 403
    assert (await erase(site, 2, "platform", order="karena diminta")).status_code == 422
    named = await erase(site, 2, "platform", order=f"{ORDER} tentang 198703032010011002")
    assert (named.status_code, named.json()["type"]) == (422, "urn:bina:problem:order-names-somebody")
    assert await is_there(site, 2)
    assert (await erase(site, 2, "platform", order=ORDER)).status_code == 200
    assert not await is_there(site, 2)
    async with site.svc.sessions() as session:
        entry = (await find(session, Sought(whom=str(asn_id(2)))))[0]
    assert (entry.values["why"], entry.erased) == (ORDER, [asn_id(2)])


async def test_a_refusal_may_be_tried_again_and_an_erasure_counts_once(site: Site):
    key = uuid4().hex
    assert (await erase(site, 2, key=key)).status_code == 409
    await leaves(site, 2, clock.today() - 9 * YEAR)
    first = await erase(site, 2, key=key)
    assert first.status_code == 200
    assert (await erase(site, 2, key=key)).json() == first.json()


@pytest.mark.parametrize(
    ("left", "trained", "free"),
    [
        (None, None, None),
        (date(2026, 11, 21), None, None),
        (date(2026, 11, 20), None, date(2026, 11, 30)),
        (date(2020, 1, 1), date(2019, 12, 1), date(2020, 1, 11)),
        (date(2020, 1, 1), date(2019, 12, 30), date(2020, 1, 19)),
    ],
)
def test_the_later_of_both_periods_counts(left, trained, free):
    kept = (timedelta(days=10), timedelta(days=20))
    assert erasable_from(left, trained, kept, date(2026, 11, 20)) == free


GOOD = '[[periods]]\nkeeps = "notices"\nfrom = 2027-01-01\ndays = 10\nbasis = "agency"\n'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GOOD.replace("notices", "notes"), "number 1: keeps = 'notes'"),
        (GOOD + GOOD.replace("days = 10", 'days = "10"'), "number 2: days = '10'"),
        (GOOD.replace("days = 10", "days = -1"), "days = -1"),
        (GOOD.replace("days = 10", "days = true"), "days = True"),
        (GOOD.replace("notices", "commands").replace("days = 10", "days = 0"), "days = 0"),
        (GOOD.replace("2027-01-01", '"soon"'), "from = 'soon'"),
        (GOOD.replace("from = 2027-01-01\n", ""), "from = None"),
        (GOOD.replace("agency", "law"), "needs a source"),
        (GOOD.replace("agency", "habit"), "basis = 'habit'"),
        (GOOD + "hours = 3\n", "unknown fields ['hours']"),
        ("keeps = 1\n", "holds [[periods]]"),
        ("[[periods]", "line 1"),
    ],
)
def test_a_period_that_is_none_is_named_by_its_place(tmp_path: Path, text: str, fault: str):
    own = tmp_path / "own.toml"
    own.write_text(text)
    with pytest.raises(UnknownPeriod) as refused:
        Periods.read(str(own))
    assert str(own) in str(refused.value)
    assert fault in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(UnknownPeriod, match="BINA_RETENTION"):
        Periods.read(str(tmp_path / "none.toml"))


def test_the_newest_entry_whose_date_has_come_holds(tmp_path: Path):
    own = tmp_path / "own.toml"
    own.write_text(GOOD)
    periods = Periods.read(str(own))
    days = [periods.of("notices", day).days for day in (date(2026, 12, 31), date(2027, 1, 1))]
    assert days == [730, 10]
    assert [p.keeps for p in periods.on(date(2026, 11, 23))] == list(KEPT)
    assert all(name_of(kept) for kept in KEPT)


def test_a_sites_decision_stays_whatever_is_shipped_later(tmp_path: Path):
    own = tmp_path / "own.toml"
    own.write_text(GOOD.replace("2027-01-01", "2025-01-01") + GOOD.replace("= 10", "= 3650"))
    periods = Periods.read(str(own))
    days = [periods.of("notices", day).days for day in (date(2026, 12, 31), date(2027, 1, 1))]
    assert days == [10, 3650]


async def test_words_given_at_a_withdrawal_go_with_their_person(site: Site):
    await announced(site, 3, {"agency": CITY, "seats": 3})
    words = "Anak saya dirawat di rumah sakit"
    for n in (2, 3):
        await site.command("enrolments", {"run": HELD}, "asn", person=n)
        path = f"enrolments/{enrollment_id(n, HELD)}/withdraw"
        assert (await site.command(path, {"reason": words}, "asn", person=n)).status_code == 200
    await leaves(site, 2, clock.today() - 9 * YEAR)
    assert (await erase(site, 2)).status_code == 200
    rows = await site.svc.rows("SELECT asn_id, reason FROM enrolments WHERE state = 'withdrawn'")
    assert {row.asn_id: row.reason for row in rows} == {asn_id(2): "", asn_id(3): words}
