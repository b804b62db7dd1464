"""One's own ledger: where each JP comes from, what was taken back, year by year, and the whole of it as a file."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bina.messaging import clock
from enrollment.entitlement.domain import JpYear, year_named

from .conftest import Site
from .story import CITY, PAST, enrollment_id, reported
from .test_credits import answers, hands_in
from .test_data_requests import page
from .test_histories import balance, loads


async def everything(site: Site) -> None:
    """A training that was corrected, a certificate, a conversion in minutes, balances of two years."""
    await site.svc.receives(reported(2, PAST, certificate_number="893.3/120"), agency=CITY)
    path = f"results/{enrollment_id(2, PAST)}/correct"
    body = {"completed": True, "jp": 12, "completed_on": "2026-10-06", "reason": "Hari kedua tidak hadir"}
    await site.command(path, body, "operator", person=9)
    await hands_in(site, form="e-learning", amount="100", title="Kursus Daring")
    await answers(site, "setujui", jp="2")
    await loads(site, balance(2, 3), balance(2, 9, year=2025))


async def test_each_source_is_named_and_a_reversal_is_shown_plainly(site: Site):
    await everything(site)
    shown = await page(site, "/enrollment/jp", person=2)
    for words in (
        "Pelatihan 12 JP", "Konversi 2,22 JP", "Saldo awal 3 JP", "Bimtek Penyusunan SKP Pembalik Hari kedua tidak hadir",
        "Bimtek Penyusunan SKP Diganti", "Kursus Daring", "Rekap SIMPEG per 1 Juli",
    ):  # fmt: skip
        assert words in shown
    assert "Anda perlu 3 JP lagi" in shown  # 12 + 3 JP and 100 minutes make 17


async def test_another_year_is_chosen_and_no_year_beyond(site: Site):
    await everything(site)
    before = await page(site, "/enrollment/jp?tahun=2025", person=2)
    assert "Tercatat 9 JP sampai 31 Desember 2025; sedikitnya 20 JP." in before
    assert "Kursus Daring" not in before
    assert "Kursus Daring" in await page(site, "/enrollment/jp?tahun=2031", person=2)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_the_year_goes_along_as_a_file(site: Site, form: str):
    await everything(site)
    async with site.client("asn", person=2) as client:
        listed = (await client.get("/enrollment/jp?tahun=2025")).text
        assert f"/enrollment/jp.{form}?tahun=2025" in listed
        answer = await client.get(f"/enrollment/jp.{form}?tahun=2026")
    assert answer.status_code == 200
    assert "buku-jp-2026" in answer.headers["content-disposition"]
    if form == "csv":
        assert len(answer.text.strip().splitlines()) == 1 + 5
        assert "Pembalik: Hari kedua tidak hadir" in answer.text


async def test_a_year_is_over_when_it_is(site: Site):
    await everything(site)
    clock.move(datetime(2027, 1, 2, 3, tzinfo=UTC) - datetime.now(UTC))
    assert "Tercatat 17 JP sampai 31 Desember 2026" in await page(site, "/enrollment/jp?tahun=2026", person=2)
    assert "riwayat belum lengkap" in await page(site, "/enrollment/jp", person=2)


def test_contract_years_are_named_by_when_they_begin():
    leap = date(2024, 2, 29)
    assert year_named("PPPK", leap, None, 2025) == JpYear(date(2025, 3, 1), date(2026, 2, 28))
    assert year_named("PPPK", leap, leap + timedelta(days=400), 2025).last == date(2025, 4, 4)
    assert year_named("PPPK", leap, None, 2020) == JpYear(date(2020, 1, 1), date(2020, 12, 31))
