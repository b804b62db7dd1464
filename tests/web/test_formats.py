from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import format_decimal, format_percent
from hypothesis import given
from hypothesis import strategies as st

from bina.web import formats, language

EVENING = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)


@pytest.fixture
def english():
    language.use("en")
    yield
    language.use("id")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (formats.number(1234.5), "1.234,5"),
        (formats.number(Decimal("1234567.89")), "1.234.567,89"),
        (formats.number(0), "0"),
        (formats.number(2, 2), "2,00"),
        (formats.number(None), "–"),
        (formats.percent(0.883), "88,3%"),
        (formats.percent(1), "100%"),
        (formats.percent(None), "–"),
        (formats.rupiah(1_500_000), "Rp 1.500.000"),
        (formats.jp(20), "20 JP"),
        (formats.jp(21.5), "21,5 JP"),
        (formats.day(date(2026, 11, 22)), "22 November 2026"),
        (formats.weekday(date(2026, 11, 22)), "Minggu, 22 November 2026"),
        (formats.short_day(date(2026, 8, 7)), "7 Agu 2026"),
        (formats.month(date(2026, 8, 1)), "Agustus 2026"),
        (formats.moment(EVENING), "22 November 2026 pukul 21.05 WIB"),
        (formats.moment(EVENING, ZoneInfo("Asia/Makassar")), "22 November 2026 pukul 22.05 WITA"),
        (formats.moment(EVENING, ZoneInfo("Asia/Jayapura")), "22 November 2026 pukul 23.05 WIT"),
        (formats.day(datetime(2026, 11, 22, 17, 30, tzinfo=UTC)), "23 November 2026"),
        (formats.duration(7505), "2 jam 5 menit"),
        (formats.duration(0), "0 detik"),
        (formats.duration(86400 * 3 + 59), "3 hari"),
        (formats.days_until(date(2026, 11, 23), date(2026, 11, 22)), "besok"),
        (formats.days_until(date(2026, 12, 31), date(2026, 11, 22)), "39 hari lagi"),
        (formats.days_until(date(2026, 11, 19), date(2026, 11, 22)), "3 hari lalu"),
    ],
)
def test_numbers_and_times_read_as_indonesians_write_them(shown, expected):
    assert shown == expected


NUMBERS = st.one_of(
    st.integers(-(10**12), 10**12),
    st.floats(-1e9, 1e9, allow_nan=False),
    st.decimals(-(10**9), 10**9, places=6),
    st.integers(-20000, 20000).map(lambda n: n / 2000),  # many end in a half
)


@given(value=NUMBERS, digits=st.integers(0, 4), shown_in=st.sampled_from(list(language.LOCALES)))
def test_numbers_are_those_of_babel(value, digits, shown_in):
    language.use(shown_in)
    name, zeros, any_digits = language.locale(), "." + "0" * digits, "." + "#" * digits
    fixed, open_ended = (f"#,##0{part if digits else ''}" for part in (zeros, any_digits))
    assert formats.number(value, digits) == format_decimal(value, fixed, locale=name)
    assert formats.number(value) == format_decimal(value, "#,##0.###", locale=name)
    assert formats.percent(value, digits) == format_percent(value, f"{open_ended}%", locale=name)
    language.use("id")


def test_english_readers_get_theirs(english):
    assert formats.number(1234.5) == "1,234.5"
    assert formats.moment(EVENING) == "22 November 2026, 21:05 WIB"
    assert formats.percent(0.883) == "88.3%"
    assert formats.duration(2 * 86400 + 3600) == "2 days 1 hour"
    assert formats.duration(61) == "1 minute 1 second"
    assert formats.duration(0) == "0 seconds"
