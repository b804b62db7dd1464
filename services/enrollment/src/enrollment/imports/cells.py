"""What a cell of a table can hold, and its text."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Broken:
    """A formula without stored value, or a spreadsheet's error value."""

    text: str


CellValue = str | int | float | bool | date | datetime | time | timedelta | Broken | None
Cells = tuple[CellValue, ...]

# zero-width characters are no white space to Python, yet a cell that holds only them looks empty
_ZERO_WIDTH = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad\u180e]")
# NUL and lone surrogates, which escapes in workbooks and in JSON can smuggle in, break databases and UTF-8
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_EMPTY = frozenset({"", "-", "–", "—", "n/a", "null"})
_LONGEST_EMPTY = max(map(len, _EMPTY))
_ERROR_TEXT = re.compile(
    r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|UNKNOWN!|BUSY!"
    r"|GETTING_DATA)|Err:[0-9]{3}",
    re.IGNORECASE,
)


def raw_text(value: CellValue) -> str:
    """A cell as text, for people and for text columns; whole numbers without decimals, dates as ISO."""
    if isinstance(value, str):
        return value if _is_plain(value) else _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, Broken):
        return value.text
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return _datetime_text(value)
    return "" if value is None else str(value)


def _is_plain(text: str) -> bool:
    """Whether a text holds letters, digits, signs and spaces of ASCII only: nothing to normalise in it."""
    return text.isascii() and text.isprintable()


def _datetime_text(value: datetime) -> str:
    midnight = value.time() == time()
    return value.date().isoformat() if midnight else value.isoformat(sep=" ")


def trimmed(value: CellValue) -> str:
    """The text of a cell, NFC, without white space or zero-width characters at its ends."""
    text = raw_text(value)
    # Nearly every cell is plain: the short way takes half the time.
    return text.strip() if _is_plain(text) else _trim(unicodedata.normalize("NFC", text))


def _trim(text: str) -> str:
    before = None
    while before != text:
        before, text = text, text.strip()
        text = _strip_zero_width(text)
    return text


def _strip_zero_width(text: str) -> str:
    while text and _ZERO_WIDTH.match(text[0]):
        text = text[1:]
    while text and _ZERO_WIDTH.match(text[-1]):
        text = text[:-1]
    return text


def collapsed(value: CellValue) -> str:
    """The trimmed text with every run of white space as one space."""
    return " ".join(trimmed(value).split())


def compact(text: str) -> str:
    """The text without any white space or zero-width character."""
    return _ZERO_WIDTH.sub("", "".join(text.split()))


def is_empty(value: CellValue) -> bool:
    """Whether a cell says nothing: blank, a lone dash, `n/a` or `null`."""
    if value is None:
        return True
    if not isinstance(value, str) or (value.isascii() and len(value.strip()) > _LONGEST_EMPTY):
        return False
    return trimmed(value).lower() in _EMPTY


def is_broken(value: CellValue) -> bool:
    """Whether a cell holds a spreadsheet error or its text (`#N/A`, `#REF!`, `Err:502`)."""
    if isinstance(value, Broken):
        return True
    if not isinstance(value, str) or ("#" not in value and ":" not in value):
        return False
    return _ERROR_TEXT.fullmatch(trimmed(value)) is not None
