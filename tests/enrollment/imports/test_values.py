from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.imports.cells import Broken, is_broken, is_empty, trimmed
from enrollment.imports.columns import Kind, configuration, header_key
from enrollment.imports.values import (
    EPOCH_1904,
    Choice,
    agency_code,
    read_date,
    read_decimal,
    read_email,
    read_grade,
    read_phone,
    read_whole,
    run_code,
)

DAY = date(2026, 11, 3)


@pytest.mark.parametrize(
    "cell",
    [
        "3-11-2026", "03/11/2026", "3.11.2026", " 03 / 11 / 2026 ", "3 Nopember 2026", "3 november 2026",
        "3-Nov-2026", "3 NOP 2026", "3 Nov. 2026", "2026-11-03", "2026-11-03T08:00:00", "2026-11-03 00:00:00",
        "2026-11-03T08:00:00+07:00", "46329", "46329.0", 46329, 46329.75, DAY,
        datetime(2026, 11, 3, 23, 59),  # noqa: DTZ001  # a cell has no zone
    ],
)  # fmt: skip
def test_the_ways_a_day_is_written(cell):
    assert read_date(cell) == DAY


@pytest.mark.parametrize(
    "cell",
    [
        "11/23/2026", "3-11-26", "31-02-2026", "0-1-2026", "3-11/2026", "2026/11/03", "2026-11-03T", "besok",
        "3 Nov", "3 Xyz 2026", "19999", "60001", 19999, 60001, 20261103, True, time(8), "٣-١١-٢٠٢٦", "", 1e300,
        float("inf"), "2026-13-01",
    ],
)  # fmt: skip
def test_no_day(cell):
    assert read_date(cell) is None


def test_months_of_old_and_new_spelling():
    names = [
        "Januari",
        "Pebruari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
    ]
    assert [read_date(f"1 {n} 2026") for n in [*names, "Nopember", "Desember"]] == [
        date(2026, m, 1) for m in range(1, 13)
    ]
    assert read_date("1 Agt 2026") == read_date("1 Aug 2026") == read_date("1 Agu 2026")


def test_serials_count_from_the_workbooks_day_zero():
    assert read_date(44867, EPOCH_1904) == DAY
    assert read_date("44867", EPOCH_1904) == DAY
    assert read_date(20000) == date(1954, 10, 3)
    assert read_date(60000) is not None


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("85,5", "85.5"),
        ("85.5", "85.5"),
        (85.5, "85.5"),
        ("0", "0"),
        (" 7 ", "7"),
        ("-1", "-1"),
        (10**20, str(10**20)),
    ],
)
def test_numbers(cell, number):
    assert read_decimal(cell) == Decimal(number)


@pytest.mark.parametrize(
    "cell",
    [
        "1e2",
        "1.000,5",
        "1,000.5",
        "NaN",
        "inf",
        "lima",
        "8 5",
        "85%",
        "٨٥",
        "",
        ".5",
        "5.",
        True,
        float("nan"),
        float("inf"),
        None,
        "9" * 31,
    ],
)
def test_no_numbers(cell):
    assert read_decimal(cell) is None


@pytest.mark.parametrize(
    ("cell", "jp"), [("40", 40), ("40 JP", 40), ("40jp", 40), ("40,0", 40), (40.0, 40), ("-3", -3), ("0", 0)]
)
def test_whole_jp(cell, jp):
    assert read_whole(cell) == jp


@pytest.mark.parametrize("cell", ["31.5", 31.5, "1.000", "1,000", "40 JP JP", "JP", True, "4O"])
def test_jp_that_nobody_can_be_sure_of(cell):
    assert read_whole(cell) is None


@pytest.mark.parametrize(
    "code",
    [
        "pka-2026-01",
        " PKA - 2026 - 01 ",
        "PKA–2026–01",
        "PKA−2026—01",
        "ＰＫＡ-2026-01",
        "PKA\u20112026\u201101",
        "PKA\n-2026-01",
    ],
)
def test_run_codes_in_normal_form(code):
    assert run_code(code) == "PKA-2026-01"


def test_blanks_do_not_stand_for_dashes_in_a_run_code():
    assert run_code("PKA 2026 01") == "PKA202601"


def test_choices_are_free_in_case_dashes_and_spacing():
    choice = Choice(configuration().choices["Jenis Kelamin"])
    assert [choice.read(t) for t in ("laki-laki", "LAKI LAKI", "Laki_Laki", "lk", "p", "M", "")] == [
        "L"
    ] * 4 + ["P", None, None]


def test_grades_by_status():
    grades = configuration().choices["Golongan"]
    assert [
        read_grade(t, tuple(grades["PNS"])) for t in ("III/a", "IIIa", "iii A", "III.a", "IX", "V/a")
    ] == ["III/a"] * 4 + [None] * 2
    assert [read_grade(t, tuple(grades["PPPK"])) for t in ("ix", "IX", "9", "III/a", "XVIII")] == [
        "IX",
        "IX",
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("cell", ["5571", " 55 71 ", "5571.0", 5571, 5571.0])
def test_agency_codes(cell):
    assert agency_code(cell) == "5571"


@pytest.mark.parametrize("text", ["a@b.go.id", "Budi.S+x@kota-jambi.go.id"])
def test_addresses(text):
    assert read_email(text) == text.lower()


@pytest.mark.parametrize(
    "text",
    [
        "a@b",
        "a@@b.id",
        "a b@c.id",
        "a@b,id",
        "a.@b.id",
        "é@b.id",
        "a@b.id;c@d.id",
        "a@-b.id",
        "@b.id",
        "a@b.1",
    ],
)
def test_no_addresses(text):
    assert read_email(text) is None


@pytest.mark.parametrize(
    "cell",
    [
        "081234567890",
        "+62 812-3456-7890",
        "62812.3456.7890",
        "(0812) 3456 7890",
        81234567890,
        "81234567890",
        "81234567890.0",
    ],
)
def test_phones(cell):
    assert read_phone(cell) == "+6281234567890"


@pytest.mark.parametrize(
    "cell",
    ["0812", "0112345678", "081234567890/081234567891", "+6281234567890123", "8123", "telepon", "7123456789"],
)
def test_no_phones(cell):
    assert read_phone(cell) is None


def test_headers_compare_by_letters_and_digits():
    assert (
        header_key("Tgl. Selesai*")
        == header_key("TGL\nSELESAI")
        == header_key("ｔｇｌ_selesai")
        == "tgl selesai"
    )
    assert "gol ruang" in configuration().by_header(Kind.PEGAWAI)


@pytest.mark.parametrize("cell", [None, "", " \u00a0\u200b", "-", "–", "—", "n/a", "N/A", "NULL"])
def test_what_counts_as_empty(cell):
    assert is_empty(cell)


@pytest.mark.parametrize("cell", ["--", "0", 0, False, Broken("=A1"), "nihil"])
def test_what_does_not_count_as_empty(cell):
    assert not is_empty(cell)


@pytest.mark.parametrize("cell", [Broken("=A1"), "#N/A", " #ref! ", "Err:502"])
def test_what_counts_as_broken(cell):
    assert is_broken(cell)


@pytest.mark.parametrize("cell", ["#1", "N/A", None, "lihat #N/A"])
def test_what_does_not_count_as_broken(cell):
    assert not is_broken(cell)


@given(st.text(st.characters(max_codepoint=127), max_size=20))
def test_plain_text_takes_a_shorter_way_to_the_same_value(text):
    detour = text + "\u200b"  # not ASCII, and dropped
    assert trimmed(text) == trimmed(detour)
    assert run_code(text) == run_code(detour)
