"""Who is CPNS or PPPK of part time: recorded beside the employment, and asked for no JP that are not theirs yet."""

from datetime import date
from typing import Any

import pytest
from asyncpg import CheckViolationError
from sqlalchemy import text

from bina.events.enrollment import AsnRecorded
from bina.web.permissions import Reach
from enrollment.entitlement.domain import rule_for, year_of
from enrollment.entitlement.store import load_contracts, load_forecast
from enrollment.register.recording import record_asn

from .conftest import Site
from .story import CITY, PAST, SECTION, SMALL, UNIT, asked, asn_id, nip, person, reported
from .test_data_requests import page
from .test_histories import balance, loads
from .test_own_data import data_of, rows

TODAY = date(2026, 11, 20)
CITY_REACH = Reach(agency_code=CITY)
PART_TIMER: dict[str, Any] = {
    "nip": "199009132025242014", "employment": "PPPK", "started_on": "2025-03-01", "appointment": "paruh_waktu",
}  # fmt: skip


async def recorded(site: Site, *rows: Any) -> None:
    async with site.svc.sessions() as session, session.begin():
        await record_asn(session, list(rows))


async def sent(site: Site, n: int, **changes: Any) -> Any:
    row = person(n, **changes).model_dump(mode="json", exclude_unset=True)
    return await site.command("asn", {"items": [row]}, "operator")


async def appointment(site: Site, n: int) -> str:
    (row,) = await site.svc.rows("SELECT appointment FROM asn WHERE asn_id = :id", id=asn_id(n))
    return row.appointment


async def seen_of(site: Site, n: int, path: str) -> str:
    return await page(site, path, person=n)


@pytest.mark.parametrize(
    ("employment", "appointed", "kind"),
    [
        ("PNS", "", "floor"),
        ("PNS", "CPNS", "later"),
        ("PPPK", "", "ceiling"),
        ("PPPK", "paruh_waktu", "unset"),
    ],
)
def test_the_floor_waits_for_a_cpns_and_part_timers_have_no_ceiling(employment, appointed, kind):
    assert rule_for(employment, TODAY, appointed).kind == kind
    assert rule_for(employment, TODAY, appointed).year == rule_for(employment, TODAY).year
    assert year_of("PPPK", date(2025, 3, 1), TODAY).of_contract


async def test_it_is_recorded_told_and_read(site: Site):
    assert (await sent(site, 2, appointment="CPNS")).status_code == 201
    (told,) = await site.svc.emitted()
    assert isinstance(told, AsnRecorded)
    assert (told.employment, told.appointment) == ("PNS", "CPNS")
    (read,) = (await site.reads(f"asn?nip={nip(2)}", "operator")).json()["items"]
    assert (read["employment"], read["appointment"]) == ("PNS", "CPNS")


async def test_a_row_that_does_not_speak_of_it_keeps_it_and_one_that_does_ends_it(site: Site):
    await sent(site, 2, appointment="CPNS")
    assert (await sent(site, 2, position="Arsiparis")).json()["recorded"] == 1
    assert await appointment(site, 2) == "CPNS"
    await sent(site, 2, position="Arsiparis", appointment="")
    assert await appointment(site, 2) == ""


async def test_it_goes_with_the_employment_that_it_belongs_to(site: Site):
    await sent(site, 2, appointment="CPNS")
    assert (await sent(site, 2, employment="PPPK")).status_code == 201
    assert await appointment(site, 2) == ""


@pytest.mark.parametrize(
    ("employment", "appointed", "words"),
    [
        ("PPPK", "CPNS", "CPNS hanya untuk PNS."),
        ("PNS", "paruh_waktu", "Paruh waktu hanya untuk PPPK."),
    ],
)
async def test_each_belongs_to_one_employment(site: Site, employment: str, appointed: str, words: str):
    refused = await sent(site, 2, employment=employment, appointment=appointed)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"where": "items.0.appointment", "what": words}]


async def test_the_database_keeps_them_apart_too(site: Site):
    with pytest.raises(CheckViolationError):
        async with site.svc.sessions() as session, session.begin():
            await session.execute(text("UPDATE asn SET appointment = 'paruh_waktu' WHERE employment = 'PNS'"))


async def test_a_cpns_is_not_counted_among_those_who_must_reach_it(site: Site):
    await site.svc.receives(asked(2, SMALL), agency=CITY)
    await recorded(site, person(2, appointment="CPNS"))
    shares = (await site.reads("jp/shares", "operator", person=9)).json()
    assert shares["agencies"][0]["people"] == sum(unit["people"] for unit in shares["units"]) == 8
    async with site.svc.sessions() as session:
        found = await load_forecast(session, CITY_REACH, TODAY)
    assert (found.people, found.expected[-1]) == (8, 1)  # 9 is in a run of 32 JP
    shown = await page(site, "/enrollment/instansi", "operator", person=9)
    assert "0 dari 8 PNS" in shown
    assert "Pegawai 2 " not in shown
    assert "CPNS dan PPPK paruh waktu tidak dihitung." in shown


async def test_a_part_timer_is_not_counted_with_the_ceiling(site: Site):
    await recorded(
        site, person(31, nip="199009132025212014", started_on="2025-03-01"), person(32, **PART_TIMER)
    )
    await loads(site, *(balance(0, 30, nip=one, earned_on="2026-05-01") for one in ("199009132025212014", "199009132025242014")))  # fmt: skip
    async with site.svc.sessions() as session:
        assert await load_contracts(session, CITY_REACH, TODAY) == (1, 1, 0)


@pytest.mark.parametrize("path", ["/beranda", "/enrollment/jp"])
async def test_a_cpns_reads_what_was_earned_and_from_when_on_the_target_holds(site: Site, path: str):
    await site.svc.receives(reported(2, PAST), agency=CITY)
    await recorded(site, person(2, appointment="CPNS"))
    shown = await seen_of(site, 2, path)
    assert "Tercatat 16 JP tahun 2026. Target 20 JP berlaku sejak diangkat menjadi PNS." in shown
    assert "Anda perlu" not in shown
    assert "minimal 20 JP" not in shown
    assert "tidak menilai CPNS" in shown


@pytest.mark.parametrize("path", ["/beranda", "/enrollment/jp"])
async def test_a_part_timer_reads_that_no_ceiling_is_set(site: Site, path: str):
    await recorded(site, person(31, **PART_TIMER))
    shown = await seen_of(site, 31, path)
    said = "Tercatat 0 JP, kontrak s.d. 28 Februari 2027. Batas JP untuk PPPK paruh waktu belum diatur."
    assert said in shown
    assert "batas 24 JP" not in shown


async def test_a_part_timer_is_not_warned_of_a_ceiling(site: Site):
    await recorded(site, person(31, **PART_TIMER))
    assert "batas 24 JP" not in await seen_of(site, 31, f"/enrollment/angkatan/{SMALL}")
    await recorded(site, person(31, **PART_TIMER | {"appointment": ""}))
    assert "batas 24 JP" in await seen_of(site, 31, f"/enrollment/angkatan/{SMALL}")


async def test_pages_of_people_name_it(site: Site):
    await recorded(site, person(2, appointment="CPNS"), person(31, **PART_TIMER))
    assert "Kepegawaian CPNS" in await page(site, f"/enrollment/pegawai/{asn_id(2)}", "operator", person=9)
    shown = await page(site, f"/enrollment/pegawai/{asn_id(31)}", "operator", person=9)
    assert "Kepegawaian PPPK paruh waktu" in shown
    file = await page(site, f"/enrollment/unit/{UNIT}/pegawai.csv", "operator", person=9)
    assert (file.count("CPNS"), file.count("PPPK paruh waktu")) == (1, 1)


async def test_it_is_among_ones_own_data(site: Site):
    await recorded(site, person(2, appointment="CPNS"))
    assert rows(await data_of(site, 2), "asn")[0]["appointment"] == "CPNS"


async def test_records_of_one_person_are_compared_by_it(site: Site):
    twin = person(70, nip="198703032012022901", name="Pegawai 2", appointment="CPNS", unit_id=str(SECTION))
    await recorded(site, person(2), twin)
    words = dict(sorted([(asn_id(2), "PNS"), (asn_id(70), "CPNS")])).values()
    assert f"Kepegawaian {' '.join(words)}" in await page(
        site, "/enrollment/pegawai/ganda", "operator", person=9
    )
