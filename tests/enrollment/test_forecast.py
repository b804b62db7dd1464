"""Month by month, who reaches 20 JP: what is recorded, then what is scheduled, and nothing else."""

import random
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import text

from bina.web.permissions import Reach
from charted import chart_rows, figure
from enrollment.entitlement.store import Forecast, load_forecast

from .conftest import Site
from .story import CITY, PAST, REGENCY, SECTION, SMALL, asked, asn_id, reported
from .test_data_requests import page
from .test_histories import balance, declares, loads

TODAY = date(2026, 11, 20)
CITY_REACH = Reach(agency_code=CITY)
ENTRY = text(
    """INSERT INTO jp_entries (entry_id, asn_id, source, source_id, revision, minutes, earned_on)
    VALUES (:id, :asn, 'completion', :id, 1, :minutes, :day)"""
)


async def forecast(site: Site, reach: Reach = CITY_REACH) -> Forecast:
    async with site.svc.sessions() as session:
        return await load_forecast(session, reach, TODAY)


async def test_scheduled_runs_count_when_they_end_and_the_rest_is_nothing(site: Site):
    await site.svc.receives(
        reported(2, PAST), reported(3, PAST), asked(2, SMALL), asked(4, SMALL), agency=CITY
    )
    await loads(site, balance(3, 4))  # 1 January, so October's 16 make 20
    found = await forecast(site)
    assert found.people == 9
    assert found.recorded == [0] * 9 + [1, 1, 1]
    assert found.expected == [0] * 9 + [1, 1, 4]  # 9 is in a run of 32 JP that ends in December, too
    assert (await forecast(site, Reach(agency_code=REGENCY))).people == 2
    assert (await forecast(site, Reach(agency_code=CITY, unit_id=SECTION))).expected[-1] == 4


async def test_it_is_what_counting_each_person_gives(site: Site):
    rng = random.Random(5)
    entries = [
        {"id": uuid4(), "asn": asn_id(rng.randint(1, 9)), "minutes": rng.choice([-1, 1, 1]) * rng.randint(0, 900),
         "day": date(2026, rng.randint(1, 11), rng.randint(1, 20))}
        for _ in range(120)
    ]  # fmt: skip
    async with site.svc.sessions() as session, session.begin():
        for entry in entries:
            await session.execute(ENTRY, entry)
    found = await forecast(site)
    for month in range(1, 13):
        sums = [
            sum(e["minutes"] for e in entries if e["asn"] == asn_id(n) and e["day"].month <= month)
            for n in range(1, 10)
        ]
        assert found.recorded[month - 1] == sum(total >= 20 * 45 for total in sums)


async def test_the_page_says_who_will_miss_it_and_what_to_do(site: Site):
    await site.svc.receives(reported(2, PAST), asked(2, SMALL), agency=CITY)
    shown = await page(site, "/enrollment/instansi", "operator", person=9)
    assert "7 PNS akan luput 20 JP pada 31 Desember bila tidak didaftarkan" in shown
    assert (
        "Dihitung: JP tercatat, lalu pelatihan terjadwal yang sudah diterima; selebihnya dianggap nol."
        in shown
    )
    assert "Daftarkan peserta" in shown
    shares = (await site.reads("jp/shares", "operator", person=9)).json()
    assert (shares["agencies"][0]["missed"], shares["agencies"][0]["planned"]) == (7, 2)


async def test_as_long_as_something_is_missing_nobody_is_said_to_miss_it(site: Site):
    await declares(site, complete=False)
    shown = await page(site, "/enrollment/instansi", "operator", person=9)
    assert "akan luput 20 JP" not in shown
    assert "Riwayat belum lengkap, jadi yang mencapai mungkin lebih." in shown


async def test_charts_say_what_the_interface_says(site: Site):
    await site.svc.receives(reported(2, PAST), reported(3, PAST), agency=CITY)
    await loads(site, balance(3, 4))
    assert (await declares(site, complete=True)).status_code == 200
    async with site.client("bkd", person=9) as client:
        units, months = chart_rows((await client.get("/enrollment/instansi")).text)
        head, *sheet = (await client.get("/enrollment/instansi.csv")).text.splitlines()
    [told] = (await site.reads("jp/shares", "bkd", person=9)).json()["units"]
    [(name, share)] = units
    assert (name, figure(share)) == (told["name"], pytest.approx(told["share"], abs=0.0005))
    figures = [told["people"], told["reached"], told["share"], told["planned"], told["missed"]]
    [row] = [line.split(";") for line in sheet]
    assert (row[0], [figure(cell) for cell in row[1:]]) == (told["name"], figures), head
    (_november, recorded, _known), (_december, expected, _unknown) = months[-2:]
    assert figure(recorded) == told["reached"]
    assert figure(expected) == told["reached"] + told["planned"]
