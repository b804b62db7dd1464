"""What a cell means in a date, number, choice, code, e-mail or phone column."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache

from enrollment.imports.cells import CellValue, collapsed, compact, raw_text

EPOCH_1900 = date(1899, 12, 30)
EPOCH_1904 = date(1904, 1, 1)
_SERIALS = range(20_000, 60_001)

_MONTHS = (
    "januari january jan djanuari",
    "februari february pebruari feb peb",
    "maret march mar mrt",
    "april apr",
    "mei may",
    "juni june jun djuni",
    "juli july jul djuli",
    "agustus august agu agt ags agst aug agoestoes",
    "september sep sept",
    "oktober october okt oct",
    "november nopember nov nop",
    "desember december des dec",
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}

_NUMERIC_DATE = re.compile(r"([0-9]{1,2}) ?([-/.]) ?([0-9]{1,2}) ?\2 ?([0-9]{4})")
_NAMED_DATE = re.compile(r"([0-9]{1,2})(?: ?[-/.] ?| )?([A-Za-z]+)\.?(?: ?[-/.] ?| )?([0-9]{4})")
_ISO_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)? ?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_SERIAL = re.compile(r"[0-9]{5}(?:[.,][0-9]+)?")


def read_date(value: CellValue, epoch: date = EPOCH_1900) -> date | None:
    """A date cell, a written date (day first, never swapped), ISO, or a serial; None if it is no date.

    `epoch` is day 0 of the workbook's serials.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_serial(value, epoch)
    return _from_text(collapsed(value), epoch) if isinstance(value, str) else None


def _from_text(text: str, epoch: date) -> date | None:
    if m := _ISO_DATE.fullmatch(text):
        return _day(m[3], int(m[2]), m[1])
    if m := _NUMERIC_DATE.fullmatch(text):
        return _day(m[1], int(m[3]), m[4])
    if m := _NAMED_DATE.fullmatch(text):
        return _day(m[1], _MONTH.get(m[2].lower(), 0), m[3])
    if _SERIAL.fullmatch(text):
        return _from_serial(float(text.replace(",", ".")), epoch)
    return None


def _from_serial(serial: float, epoch: date) -> date | None:
    # compared before truncation, so that an infinite or huge number never reaches int()
    if not _SERIALS.start <= serial < _SERIALS.stop:
        return None
    return epoch + timedelta(days=int(serial))


def _day(day: str, month: int, year: str) -> date | None:
    try:
        return date(int(year), month, int(day))
    except ValueError:
        return None


_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")
_JP_TAIL = re.compile(r" ?JP$", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?[0-9]+[.,][0-9]{3}")
_MOST_DIGITS = 30  # more is no score and no JP, and would only make arithmetic slow


def read_decimal(value: CellValue) -> Decimal | None:
    """A number with decimal point or comma; no thousands, exponents or other digits; None if it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        number = Decimal(str(value))
        return number if number.is_finite() else None
    text = collapsed(value) if isinstance(value, str) else ""
    if len(text) > _MOST_DIGITS or not _NUMBER.fullmatch(text):
        return None
    return Decimal(text.replace(",", "."))


def read_whole(value: CellValue) -> int | None:
    """A whole number of JP, with or without the tail ` JP`; None if it is fractional or no number.

    `1.000` is refused: nobody can tell whether it is one or a thousand.
    """
    if isinstance(value, str):
        value = _JP_TAIL.sub("", collapsed(value))
        if _THOUSANDS.fullmatch(value):
            return None
    number = read_decimal(value)
    return int(number) if number is not None and number == number.to_integral_value() else None


_DASH = re.compile("[\u2010-\u2015\u2212\u2043\ufe58\ufe63\uff0d\u00ad]")


@lru_cache(maxsize=4096)  # many name the same run
def run_code(text: str) -> str:
    """A run's code as it is compared: NFKC, upper case, no white space, every dash `-`."""
    if text.isascii():  # as nearly always: nothing to normalise
        return compact(text.upper())
    for _ in range(4):  # removing a space may let a mark join the letter before it, hence until it is stable
        before, text = text, _code_step(text)
        if text == before:
            break
    return text


def _code_step(text: str) -> str:
    normal = unicodedata.normalize("NFKC", _DASH.sub("-", text)).upper()
    return compact(_DASH.sub("-", normal))


def agency_code(value: CellValue) -> str:
    """An agency's code without white space and without the `.0` of a number cell."""
    return re.sub(r"(?<=[0-9])[.,]0$", "", compact(raw_text(value)))


@lru_cache(maxsize=4096)  # many say the same
def _choice_key(text: str) -> str:
    return re.sub(r"[\s_-]+", "", _DASH.sub("-", unicodedata.normalize("NFKC", text))).casefold()


@dataclass(frozen=True)
class Choice:
    """The words one column allows, each with its other spellings."""

    words: Mapping[str, Sequence[str]]

    def read(self, text: str) -> str | None:
        """The canonical word; case, `-`, `_` and spacing are free; None if it is no choice."""
        return self._by_key.get(_choice_key(text))

    @cached_property
    def _by_key(self) -> Mapping[str, str]:
        return {_choice_key(s): word for word, others in self.words.items() for s in (word, *others)}


@lru_cache(maxsize=4096)
def read_grade(text: str, grades: tuple[str, ...]) -> str | None:
    """A Golongan such as `III/a` (also `IIIa`, `III a`, `III.a`) or `IX` among `grades`, else None."""
    keys = {re.sub(r"/", "", grade).casefold(): grade for grade in grades}
    return keys.get(re.sub(r"[\s/._-]+", "", unicodedata.normalize("NFKC", text)).casefold())


_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])")


def read_email(text: str) -> str | None:
    """One address with a dotted ASCII name and domain, in lower case; None if it is none."""
    return text.lower() if _EMAIL.fullmatch(text) else None


_PHONE = re.compile(r"(?:(?:\+62|62|0)([2-9][0-9]{7,11})|(8[0-9]{8,11}))")


def read_phone(value: CellValue) -> str | None:
    """One Indonesian number as `+62…`; a leading zero lost by Excel is restored; None if it is none."""
    untailed = re.sub(r"(?<=[0-9])\.0$", "", raw_text(value).strip())
    match = _PHONE.fullmatch(re.sub(r"[.()-]", "", compact(untailed)))
    return f"+62{match[1] or match[2]}" if match else None
