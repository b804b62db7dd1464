from datetime import date

import pytest

from enrollment.imports.nip import employment_of, is_plausible, read_nip, rules_on

AS_OF = date(2026, 11, 20)
NIP = "198206022022212767"


@pytest.mark.parametrize(
    "cell",
    [
        NIP,
        f"  {NIP}\u00a0",
        f"'{NIP}",
        f"’`{NIP}",
        "19820602 202221 2 767",
        "19820602.202221.2.767",
        "19820602-202221-2-767",
        f"{NIP}.0",
        f"{NIP},00",
        f"\u200b{NIP}",
    ],
)
def test_what_spreadsheets_leave_around_a_nip_is_removed(cell):
    assert read_nip(cell) == (NIP, None)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "19820602202221276",
        "1982060220222127671",
        "19820602202221276.0",  # 17 digits and a tail, not 18 digits
        "19820602..2022212767",
        "19820602/2022212767",
        "١٩٨٢٠٦٠٢٢٠٢٢٢١٢٧٦٧",
        "１９８２０６０２２０２２２１２７６７",
        f"NIP {NIP}",
        f'="{NIP}"',
        f"{NIP}'",
        12345,
        True,
        date(2026, 1, 1),
    ],
)
def test_anything_else_is_no_nip(cell):
    assert read_nip(cell) == (None, "nip.format")


@pytest.mark.parametrize(
    "cell",
    [
        "1,98206E+17",
        "1.98206E17",
        "1,98e+17",
        int(NIP),
        float(NIP),
        10**15,
        "198206022022212000",
        "198206022022212768.0",  # a multiple of 32
    ],
)
def test_what_excel_has_changed_is_never_guessed(cell):
    assert read_nip(cell) == (None, "nip.scientific")


@pytest.mark.parametrize(
    ("nip", "plausible"),
    [
        ("198206022022212767", True),  # PPPK of 2022
        ("197508232003122713", True),  # PNS since December 2003
        ("199009132025242014", True),  # a contract code of 24 is no month
        ("197502302003122713", False),  # 30 February
        ("197508232003002713", False),
        ("197508232003132713", False),
        ("197508232003202713", False),
        ("197508232003212713", False),  # PPPK before there were any
        ("197508232003120713", False),  # sex digit 0
        ("197508232003123713", False),
        ("197508232026112713", True),  # appointed this month
        ("197508232026122713", False),  # next month
        ("198206022027212767", False),  # next year's contract
        ("200811202026111713", True),  # appointed at 18
        ("201011202026111713", True),  # at 16
        ("201012202026111713", False),  # at 15
        ("196711201926111713", False),
        ("200711202025211713", True),  # PPPK at 18
        ("200811202025211713", False),  # PPPK at 17
        ("196601012025211713", True),  # PPPK at 59
        ("196501012025211713", False),  # PPPK at 60
        ("000001012003122713", False),
    ],
)
def test_a_nip_must_be_able_to_be_true(nip, plausible):
    assert is_plausible(nip, AS_OF) is plausible


@pytest.mark.parametrize(
    ("code", "employment"),
    [("01", "PNS"), ("12", "PNS"), ("21", "PPPK"), ("99", "PPPK"), ("13", None), ("00", None), ("20", None)],
)
def test_digits_13_and_14_tell_the_employment(code, employment):
    assert employment_of(f"198206022022{code}2767") == employment


def test_the_rules_name_their_source_and_the_oldest_serve_earlier_days():
    assert "PP 49/2018" in rules_on(AS_OF).source
    assert rules_on(date(2000, 1, 1)) == rules_on(date(2019, 1, 1))
