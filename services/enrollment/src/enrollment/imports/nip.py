"""The 18 digits of a NIP (PNS) or NI PPPK: reading what spreadsheets leave of them, and whether they can be true.

PNS: birth date YYYYMMDD, month of appointment YYYYMM, sex 1/2, serial (PP 11/2017).
PPPK: birth date, contract year, contract code from 21, sex, serial (PP 49/2018).
"""

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib import resources

from enrollment.imports.cells import CellValue, compact, raw_text

_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+")
_FLOAT_TAIL = re.compile(r"(?<=[0-9])[.,]0{1,2}$")
_SEPARATOR = re.compile(r"(?<=[0-9])[.-](?=[0-9])")
_DIGITS = re.compile(r"[0-9]{18}")
_SEXES = {"1": "L", "2": "P"}
_FIRST_UNSAFE = 10**15  # Excel keeps 15 digits
_FLOAT_STEP = 32  # distance of neighbouring 64-bit floats between 2**57 and 2**58, where NIPs lie


@dataclass(frozen=True, slots=True)
class NipRules:
    """Plausibility bounds in force from a date; `source` names the regulation."""

    effective_from: date
    source: str
    pns_age_min: int
    pns_age_max: int
    pppk_first_year: int
    pppk_age_min: int
    pppk_age_max: int


@cache
def _all_rules() -> tuple[NipRules, ...]:
    raw = tomllib.loads(resources.files(__package__).joinpath("nip.toml").read_text("utf-8"))
    return tuple(sorted((NipRules(**r) for r in raw["rules"]), key=lambda r: r.effective_from))


@lru_cache(maxsize=64)
def rules_on(day: date) -> NipRules:
    """The bounds in force on a day; the oldest ones before the first."""
    in_force = [r for r in _all_rules() if r.effective_from <= day]
    return in_force[-1] if in_force else _all_rules()[0]


def read_nip(value: CellValue) -> tuple[str | None, str | None]:
    """A cell as (NIP of 18 ASCII digits, None) or (None, problem code `nip.format` or `nip.scientific`).

    A number cell of 10^15 or more is never trusted, whatever digits the file holds: Excel kept 15.
    """
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return _undamaged(value, tail=False)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _FIRST_UNSAFE:
        return None, "nip.scientific"
    text = compact(raw_text(value)).lstrip("'’`")
    if _SCIENTIFIC.fullmatch(text):
        return None, "nip.scientific"
    untailed = _FLOAT_TAIL.sub("", text)
    nip = _SEPARATOR.sub("", untailed)
    if not _DIGITS.fullmatch(nip):
        return None, "nip.format"
    return _undamaged(nip, tail=untailed != text)


def _undamaged(nip: str, *, tail: bool) -> tuple[str | None, str | None]:
    rounded = nip.endswith("000") or (tail and int(nip) % _FLOAT_STEP == 0)
    return (None, "nip.scientific") if rounded else (nip, None)


def employment_of(nip: str) -> str | None:
    """`PNS` or `PPPK` by digits 13–14; None where they mean neither."""
    code = int(nip[12:14])
    if 1 <= code <= 12:
        return "PNS"
    return "PPPK" if code >= 21 else None


def sex_of(nip: str) -> str | None:
    """`L` or `P` by digit 15; None where it means neither."""
    return _SEXES.get(nip[14])


def is_plausible(nip: str, as_of: date) -> bool:
    """Whether birth date, appointment and sex digit can be true on `as_of`."""
    born = _birth_date(nip[:8])
    if born is None or born > as_of or sex_of(nip) is None:
        return False
    employment = employment_of(nip)
    if employment == "PNS":
        return _pns_fits(nip, born, as_of)
    return employment == "PPPK" and _pppk_fits(nip, born, as_of)


@lru_cache(maxsize=32_768)  # those born in 90 years
def _birth_date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _pns_fits(nip: str, born: date, as_of: date) -> bool:
    year, month = int(nip[8:12]), int(nip[12:14])
    age = (year * 12 + month - born.year * 12 - born.month) // 12
    rules = rules_on(as_of)
    return (year, month) <= (as_of.year, as_of.month) and rules.pns_age_min <= age <= rules.pns_age_max


def _pppk_fits(nip: str, born: date, as_of: date) -> bool:
    year = int(nip[8:12])
    rules = rules_on(as_of)
    age = year - born.year
    return rules.pppk_first_year <= year <= as_of.year and rules.pppk_age_min <= age <= rules.pppk_age_max
