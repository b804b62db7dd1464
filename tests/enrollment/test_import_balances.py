"""Files of balances of JP from before the ledger: checked, planned, applied, taken back; what somebody said is not overwritten."""

from typing import Any

import pytest

from .importing import CITY, PEOPLE, Importing
from .loaded_world import csv
from .test_import_pages import PATH, Clerk

HEAD = ("NIP", "Tahun", "JP", "Sumber")
ONE, TWO, THREE = PEOPLE[:3]
STANDS = """SELECT string_agg(concat(minutes / 45, ' ', earned_on, ' ', reason), '; ' ORDER BY earned_on) FROM jp_entries AS j
    JOIN asn USING (asn_id) WHERE nip = :nip AND source = 'opening' AND reverses IS NULL
    AND NOT EXISTS (SELECT FROM jp_entries AS b WHERE b.reverses = j.entry_id)"""
SUM = "SELECT coalesce(sum(minutes), 0) / 45 FROM jp_entries JOIN asn USING (asn_id) WHERE nip = :nip AND source = 'opening'"


def balances(*rows: tuple[str, object, object], source: str = "Rekap SIMPEG") -> bytes:
    return csv(HEAD, *((nip, year, jp, source) for nip, year, jp in rows))


async def planned(importing: Importing, file: bytes, agency: str = CITY) -> dict[str, Any]:
    return await importing.planned(file, "saldo-jp", agency)


async def stands(importing: Importing, nip: str) -> str:
    return str(await importing.scalar(STANDS, nip=nip) or "")


async def by_hand(importing: Importing, jp: int, nip: str = ONE) -> None:
    row = {"nip": nip, "year": 2025, "jp": jp, "source": "Surat BKD"}
    answer = await importing.site.command(
        "jp-openings", {"items": [row]}, "operator", person=900, agency=CITY
    )
    assert answer.json() == {"loaded": 1, "unchanged": 0}


async def test_balances_are_applied_as_planned_and_taken_back(importing: Importing):
    one = await planned(importing, balances((ONE, 2025, 12), (TWO, "2024", "7 JP"), (THREE, 2026, 0)))
    assert (one["added"], one["refused"], one["to_do"]) == (3, 0, 3)
    rows = await importing.rows(one["id"])
    assert [(row["nip"], row["year"], row["effect"]) for row in rows] == [
        (ONE, 2025, "added"), (TWO, 2024, "added"), (THREE, 2026, "added"),
    ]  # fmt: skip
    assert rows[0]["changes"] == {
        "jp": [None, 12], "earned_on": [None, "2025-01-01"], "source": [None, "Rekap SIMPEG"],
    }  # fmt: skip
    assert await stands(importing, ONE) == ""  # nothing before it is confirmed
    done = await importing.applied(balances((ONE, 2025, 12), (TWO, 2024, 7)), "saldo-jp")
    assert (done["state"], done["applied"], done["moved"]) == ("applied", 2, 0)
    assert await stands(importing, ONE) == "12 2025-01-01 Rekap SIMPEG"
    after = await importing.undone(done)
    assert (after["state"], after["undone"], after["kept"]) == ("undone", 2, 0)
    assert (await stands(importing, ONE), await importing.scalar(SUM, nip=ONE)) == ("", 0)
    again = await importing.applied(balances((ONE, 2025, 12)), "saldo-jp")
    assert (again["added"], again["applied"]) == (1, 1)
    assert await importing.scalar(SUM, nip=ONE) == 12


async def test_a_later_file_takes_the_place_of_an_earlier_one_and_gives_it_back(importing: Importing):
    await importing.applied(balances((ONE, 2025, 12), (TWO, 2025, 3)), "saldo-jp")
    one = await importing.applied(balances((ONE, 2025, 15), (TWO, 2025, 3)), "saldo-jp")
    assert (one["changed"], one["unchanged"], one["applied"]) == (1, 1, 1)
    assert await importing.scalar(SUM, nip=ONE) == 15
    await importing.undone(one)
    assert await stands(importing, ONE) == "12 2025-01-01 Rekap SIMPEG"
    third = await planned(importing, balances((ONE, 2025, 9)))
    assert third["changed"] == 1  # it is a file's word again, not somebody's


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        (("198001012006041901", 2025, 3, "S"), "NIP", "nip.unknown"),
        (("123", 2025, 3, "S"), "NIP", "nip.format"),
        ((ONE, "dua ribu", 3, "S"), "Tahun", "number.invalid"),
        ((ONE, "2025,5", 3, "S"), "Tahun", "number.invalid"),
        ((ONE, 2027, 3, "S"), "Tahun", "number.range"),
        ((ONE, 1999, 3, "S"), "Tahun", "number.range"),
        ((ONE, 2025, -1, "S"), "JP", "number.range"),
        ((ONE, 2025, 2001, "S"), "JP", "number.range"),
        ((ONE, 2025, "3,5", "S"), "JP", "number.invalid"),
        ((ONE, 2025, 3, ""), "Sumber", "value.missing"),
    ],
)  # fmt: skip
async def test_a_wrong_row_is_named_with_its_column_code_and_advice(
    importing: Importing, cells: tuple[object, ...], column: str, code: str
):
    one = await planned(importing, csv(HEAD, cells, (TWO, 2025, 3, "S")))
    assert (one["refused"], one["added"]) == (1, 1)
    (row,) = await importing.rows(one["id"], effect="refused")
    (problem,) = row["problems"]
    assert (problem["row"], problem["column"], problem["code"]) == (2, column, code)
    assert problem["advice"]
    answer = await importing.gets(f"{one['id']}/refused.csv", CITY)
    assert code in answer.text


async def test_people_of_others_are_refused_and_two_words_of_one_year_too(importing: Importing):
    other = await importing.scalar("SELECT nip FROM asn WHERE agency_code = '6472' LIMIT 1")
    one = await planned(importing, balances((other, 2025, 3), (ONE, 2025, 3), (ONE, 2025, 4), (ONE, 2024, 4)))
    codes = {row["row"]: [p["code"] for p in row["problems"]] for row in await importing.rows(one["id"])}
    assert codes == {2: ["nip.other_agency"], 3: ["duplicate.in_file"], 4: ["duplicate.in_file"], 5: []}


async def test_what_somebody_said_stays_unless_it_is_overwritten_and_comes_back(importing: Importing):
    await by_hand(importing, 5)
    one = await planned(importing, balances((ONE, 2025, 12)))
    (row,) = await importing.rows(one["id"])
    assert (row["effect"], row["conflicts"], one["to_do"]) == ("unchanged", {"jp": 12}, 0)
    anew = (await importing.does("check", one["id"], {"overwrite": True})).json()
    assert anew["changed"] == 1
    await importing.does("apply", one["id"], {"plan": anew["plan"]})
    await importing.works()
    assert await importing.scalar(SUM, nip=ONE) == 12
    await importing.undone(one)
    assert await stands(importing, ONE) == "5 2025-01-01 Surat BKD"
    again = await planned(importing, balances((ONE, 2025, 12)))
    assert again["changed"] == 0  # by hand again


async def test_a_balance_said_meanwhile_is_neither_overwritten_nor_taken_back(importing: Importing):
    one = await planned(importing, balances((ONE, 2025, 12), (TWO, 2025, 12)))
    await by_hand(importing, 5)
    refused = await importing.does("apply", one["id"], {"plan": one["plan"]})
    assert (refused.status_code, refused.json()["rows"]) == (409, [2])
    done = await importing.applied(balances((TWO, 2025, 12)), "saldo-jp")
    await by_hand(importing, 8, TWO)
    blocked = await importing.does("undo", done["id"])
    assert (blocked.status_code, blocked.json()["rows"]) == (409, [{"row": 2, "reason": "changed"}])


async def test_a_balance_said_after_the_confirmation_stays(importing: Importing):
    one = await planned(importing, balances((ONE, 2025, 12), (TWO, 2025, 12)))
    await importing.does("apply", one["id"], {"plan": one["plan"]})
    await by_hand(importing, 5)
    await importing.works()
    after = await importing.shown(one["id"])
    assert (after["applied"], after["moved"]) == (1, 1)
    assert await importing.scalar(SUM, nip=ONE) == 5


async def test_a_year_of_a_pppk_is_that_of_the_contract_which_begins_in_it(importing: Importing):
    await importing.execute(
        "UPDATE asn SET employment = 'PPPK', started_on = '2024-03-15', contract_ends_on = NULL WHERE nip = :n",
        n=ONE,
    )
    await importing.execute(
        "UPDATE asn SET employment = 'PPPK', started_on = '2024-12-15', contract_ends_on = NULL WHERE nip = :n",
        n=TWO,
    )
    one = await importing.applied(balances((ONE, 2025, 12), (ONE, 2023, 4), (TWO, 2026, 3)), "saldo-jp")
    assert (one["applied"], one["refused"]) == (2, 1)
    assert await stands(importing, ONE) == "4 2023-01-01 Rekap SIMPEG; 12 2025-03-15 Rekap SIMPEG"
    (row,) = await importing.rows(one["id"], effect="refused")
    assert [(p["column"], p["code"]) for p in row["problems"]] == [("Tahun", "date.future")]


async def test_the_year_is_whole_once_its_balance_is_loaded(importing: Importing):
    async def unknown() -> int:
        answer = await importing.site.reads("jp/shares", "operator", person=900, agency=CITY)
        return int(answer.json()["agencies"][0]["unknown"])

    before = await unknown()
    await importing.applied(balances((ONE, 2026, 4), (TWO, 2025, 4)), "saldo-jp")
    assert await unknown() == before - 1


async def test_columns_of_other_names_are_remembered_and_the_template_is_read(importing: Importing):
    answer = await importing.upload(
        csv(("NIP", "Periode", "Saldo Awal", "Bukti"), (ONE, 2025, 3, "SK 1")), "saldo-jp", CITY
    )
    one = answer.json()
    assert (one["state"], [p["code"] for p in one["problems"]]) == (
        "columns",
        ["column.missing", "column.unknown"],
    )
    checked = (await importing.does("check", one["id"], {"columns": {"Periode": "Tahun"}})).json()
    assert (checked["state"], checked["added"]) == ("checked", 1)
    again = await planned(importing, csv(("NIP", "Periode", "Saldo Awal", "Bukti"), (TWO, 2025, 3, "SK 1")))
    assert again["added"] == 1


async def test_the_pages_offer_and_show_balances(importing: Importing):
    async with importing.site.client("operator", person=900, agency=CITY) as http:
        clerk = Clerk(http)
        assert "Saldo awal JP" in await clerk.sees(PATH + "/baru")
        blank = await http.get(PATH + "/templat/saldo-jp.csv")
        assert blank.text.strip("\ufeff\r\n") == "NIP*;Tahun*;JP*;Sumber*"
        assert (await http.get(PATH + "/templat/saldo-jp.xlsx")).status_code == 200
        where = await clerk.uploaded(balances((ONE, 2025, 12)), "saldo-jp")
        shown = await clerk.sees(where)
        assert "Tahun 2025" in shown
        assert "Rekap SIMPEG" in shown
        assert (await clerk.sends(where, where + "/terapkan")).status_code == 303
        await importing.works()
        assert "1 saldo awal JP tercatat." in await clerk.sees(where)
        assert (await clerk.sends(where, where + "/batalkan")).status_code == 303
        await importing.works()
        assert "1 saldo awal JP kembali seperti semula." in await clerk.sees(where)
