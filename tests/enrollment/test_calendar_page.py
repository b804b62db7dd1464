"""The calendar as a page of days: own sessions first, others' runs on their first day, months and filters by address."""

import re
from datetime import date

from enrollment.calendar.month import before, days_of, sheet_of, span_of
from enrollment.calendar.store import Entry
from enrollment.catalogue.domain import run_id_of

from .attending import SECOND, hold
from .conftest import Site
from .story import CITY, OPEN, REGENCY, SMALL, asked

PAGE = "/enrollment/kalender"


def entry(**more: object) -> Entry:
    values = {
        "run_id": run_id_of(OPEN), "run_code": OPEN, "programme_name": "P", "starts_on": date(2026, 12, 7),
        "ends_on": date(2026, 12, 11), "organiser": CITY, "mode": "", "place": "", "session_id": None, "starts_at": None,
        "ends_at": None, "title": "", "own": False,
    }  # fmt: skip
    return Entry(**values | more)


def cells(page: str) -> dict[str, str]:
    """What stands in each day of a page, by its date in words."""
    found = re.findall(r"<td class=.*?</td>", page, re.S)
    named = [re.search(r'day-name">([^<(]*)', cell) for cell in found]
    return {name[1].strip(): cell for name, cell in zip(named, found, strict=True) if name}


def test_a_sheet_has_whole_weeks_from_monday_to_sunday():
    for month in (date(2026, 2, 1), date(2026, 11, 1), date(2027, 1, 1), date(2028, 2, 1)):
        weeks = sheet_of(month, [])
        assert {len(week) for week in weeks} == {7}
        assert {week[0].on.weekday() for week in weeks} == {0}
        assert next(day.on for week in weeks for day in week if day.inside) == month
        assert (weeks[0][0].on, weeks[-1][-1].on) == span_of(month)
    assert before(date(2027, 1, 1)) == date(2026, 12, 1)


def test_others_runs_stand_on_their_first_day_own_ones_on_each():
    assert days_of(entry()) == [date(2026, 12, 7)]
    assert len(days_of(entry(own=True))) == 5
    many = sheet_of(date(2026, 12, 1), [entry()] * 7)
    (day,) = [day for week in many for day in week if day.entries]
    assert (len(day.first), len(day.rest)) == (4, 3)


async def test_a_person_sees_own_sessions_before_others_runs(site: Site):
    await hold(site, SECOND, people=(1,))
    await site.svc.receives(asked(1, SMALL), agency=CITY)
    async with site.client("asn", person=1) as client:
        page = (await client.get(PAGE)).text
        today = cells(page)["Jumat, 20 November 2026"]
        assert 'class="today' in today
        assert "09.30 WIB" in today
        assert "sesi Anda" in today
        december = cells((await client.get(f"{PAGE}?bulan=2026-12")).text)
    assert "sesi Anda" in december["Kamis, 3 Desember 2026"]  # of a run without sessions each day
    assert "Pemerintah Kabupaten Muaro Jambi" in december["Senin, 7 Desember 2026"]
    assert "sesi Anda" not in december["Senin, 7 Desember 2026"]


async def test_months_and_filters_are_addresses(site: Site):
    await site.svc.receives(asked(1, SMALL), agency=CITY)
    async with site.client("asn", person=1) as client:
        page = (await client.get(f"{PAGE}?bulan=2026-12&penyelenggara={REGENCY}")).text
        assert f"{PAGE}?bulan=2026-11&amp;penyelenggara={REGENCY}" in page
        assert f"{PAGE}?bulan=2027-01&amp;penyelenggara={REGENCY}" in page
        assert f"/angkatan/{OPEN}" in page
        assert f"/angkatan/{SMALL}" not in page
        mine = (await client.get(f"{PAGE}?bulan=2026-12&milik=saya")).text
        assert f"/angkatan/{SMALL}" in mine
        assert f"/angkatan/{OPEN}" not in mine
        assert (await client.get(f"{PAGE}?bulan=2026-13")).status_code == 422


async def test_staff_see_runs_that_concern_their_agency_and_no_subscription(site: Site):
    async with site.client("operator", person=9) as client:
        page = (await client.get(f"{PAGE}?bulan=2026-12")).text
    assert f"/angkatan/{OPEN}" in page
    assert "SKB-2026-01" not in page  # open to the province alone
    assert "Langganan" not in page
    assert "2 angkatan pada Desember 2026." in page
    async with site.client("platform", person=8, agency=None) as client:
        assert "SKB-2026-01" in (await client.get(f"{PAGE}?bulan=2026-12")).text
