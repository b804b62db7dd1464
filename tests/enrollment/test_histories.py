"""What was before the ledger: as long as it is not loaded nobody is told that JP are missing."""

from typing import Any

import pytest

from bina.web.audit.searching import Sought, find
from enrollment.entitlement import store
from enrollment.register import store as register
from enrollment.register.recording import erase_asn
from meeting import Meeting

from .conftest import Site
from .story import CITY, PAST, REGENCY, asn_id, nip, person, reported
from .test_data_requests import page, sends

WORD = {"agency_code": CITY, "year": 2026, "complete": False, "source": "SIMPEG"}


async def declares(site: Site, *, complete: bool, role: str = "operator", **changes: Any):
    return await site.command("jp-histories", WORD | {"complete": complete} | changes, role, person=9)


def balance(n: int, jp: int = 6, **changes: Any) -> dict[str, Any]:
    return {"nip": nip(n), "year": 2026, "jp": jp, "source": "Rekap SIMPEG per 1 Juli"} | changes


async def loads(site: Site, *rows: dict[str, Any], role: str = "operator", **who: Any):
    return await site.command("jp-openings", {"items": list(rows)}, role, **({"person": 9} | who))


async def kept(site: Site) -> list[tuple[Any, ...]]:
    rows = await site.svc.rows(
        """SELECT asn_id, revision, minutes / 45, earned_on::text, reverses IS NOT NULL FROM jp_entries
        WHERE source = 'opening' ORDER BY asn_id, revision, reverses IS NULL"""
    )
    return [tuple(row) for row in rows]


async def test_without_the_agencys_word_a_person_is_not_told_what_is_missing(site: Site):
    await site.svc.receives(reported(2, PAST), agency=CITY)
    assert (await declares(site, complete=False)).status_code == 200
    for path in ("/beranda", "/enrollment/jp"):
        shown = await page(site, path, person=2)
        assert "Tercatat 16 JP; riwayat belum lengkap" in shown
        assert "Anda perlu" not in shown
    assert (await declares(site, complete=True)).status_code == 200
    assert "Anda perlu 4 JP lagi" in await page(site, "/enrollment/jp", person=2)


async def test_without_its_word_an_agency_reads_of_nobody_behind(site: Site):
    await site.svc.receives(reported(2, PAST), agency=CITY)
    await declares(site, complete=False)
    shown = await page(site, "/enrollment/instansi", "operator", person=9)
    assert "0 dari 9 PNS (0%) tercatat mencapai 20 JP. Riwayat belum lengkap untuk 9 orang." in shown
    assert "Yang tercatat di bawah 20 JP" in shown
    for word in ("ertinggal", "Belum mencapai", "Yang paling jauh", "kurang"):
        assert word not in shown
    shares = (await site.reads("jp/shares", "operator", person=9)).json()
    assert shares["agencies"][0]["unknown"] == 9


async def test_a_balance_makes_its_persons_year_whole(site: Site):
    await site.svc.receives(reported(2, PAST), agency=CITY)
    await declares(site, complete=False)
    assert (await loads(site, balance(2, 2))).json() == {"loaded": 1, "unchanged": 0}
    assert "Anda perlu 2 JP lagi" in await page(site, "/enrollment/jp", person=2)
    shown = await page(site, "/enrollment/instansi", "operator", person=9)
    assert "Riwayat belum lengkap untuk 8 orang." in shown


async def test_a_balance_of_nothing_says_so_too(site: Site):
    await declares(site, complete=False)
    await loads(site, balance(2, 0))
    assert "Anda perlu 20 JP lagi" in await page(site, "/enrollment/jp", person=2)


async def test_balances_are_loaded_once_and_replaced_by_reversal(site: Site):
    assert (await loads(site, balance(2), balance(3))).json() == {"loaded": 2, "unchanged": 0}
    assert (await loads(site, balance(2), balance(3, 8))).json() == {"loaded": 1, "unchanged": 1}
    expected = [
        (asn_id(2), 1, 6, "2026-01-01", False),
        (asn_id(3), 1, 6, "2026-01-01", False),
        (asn_id(3), 2, -6, "2026-01-01", True),
        (asn_id(3), 2, 8, "2026-01-01", False),
    ]
    assert await kept(site) == sorted(expected, key=lambda row: row[:2])


async def test_balances_of_one_person_loaded_at_once_count_once(site: Site, meeting: Meeting):
    async def load(jp: int) -> None:
        assert (await loads(site, balance(2, jp))).status_code == 200

    await meeting(site.svc, (store, "load_newest_openings"), load(6), lambda: load(8))
    counted = await site.svc.rows("SELECT sum(minutes) / 45 AS jp FROM jp_entries WHERE source = 'opening'")
    assert [row.jp for row in counted] == [8]


async def test_nothing_is_loaded_of_whoever_is_erased_meanwhile(site: Site, meeting: Meeting):
    async def load() -> None:
        assert (await loads(site, balance(2))).status_code == 422

    async def erase() -> None:
        async with site.svc.sessions() as session, session.begin():
            await erase_asn(session, asn_id(2))

    await meeting(site.svc, (register, "find_people"), load(), erase)
    assert await kept(site) == []


async def test_rows_at_fault_are_named_and_none_is_taken(site: Site):
    wrong = (
        balance(2),
        balance(2),
        balance(500),
        balance(3, year=2027),
        balance(4, earned_on="2025-12-31"),
    )
    answer = await loads(site, *wrong)
    assert answer.status_code == 422
    places = {fault["where"] for fault in answer.json()["errors"]}
    assert places == {"items.1", "items.2.nip", "items.3.year", "items.4.earned_on"}
    assert await kept(site) == []


async def test_others_people_and_agencies_are_theirs(site: Site):
    assert (await loads(site, balance(2), agency=REGENCY)).status_code == 403
    assert (await declares(site, complete=True, agency_code=REGENCY)).status_code == 403


async def test_an_agencys_word_is_given_and_taken_back_on_its_page_and_audited(site: Site):
    path = "/enrollment/instansi"
    async with site.client("operator", person=9) as client:
        assert "dinyatakan lengkap" in (await client.get(path)).text
        fields = {"instansi": CITY, "tahun": "2026", "sumber": "SIMPEG"}
        await sends(client, path, f"{path}/riwayat", **fields, lengkap="tidak")
        assert "Riwayat belum lengkap untuk 9 orang." in (await client.get(path)).text
        assert (await sends(client, path, f"{path}/riwayat", **fields | {"sumber": ""})).status_code == 422
        await sends(client, path, f"{path}/riwayat", **fields)
        assert "Riwayat belum lengkap" not in (await client.get(path)).text
    async with site.svc.sessions() as session:
        entries = await find(session, Sought(kind="command"), limit=10)
    assert sum("riwayat" in entry.action for entry in entries) == 2


@pytest.mark.parametrize(("ends_on", "status"), [("2025-02-28", 422), (None, 201), ("2027-02-28", 201)])
async def test_a_contract_ends_after_it_began(site: Site, ends_on, status):
    row = person(31, nip="199009132025212014", started_on="2025-03-01", contract_ends_on=ends_on)
    body = {"items": [row.model_dump(mode="json", exclude_none=True)]}
    assert (await site.command("asn", body, "operator", person=9)).status_code == status


async def test_only_pppk_have_contracts(site: Site):
    row = person(31, started_on="2025-03-01", contract_ends_on="2027-02-28")
    answer = await site.command(
        "asn", {"items": [row.model_dump(mode="json", exclude_none=True)]}, "operator"
    )
    assert answer.json()["errors"][0]["where"] == "items.0.contract_ends_on"
