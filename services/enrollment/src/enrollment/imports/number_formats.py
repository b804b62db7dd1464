"""Which number formats of a workbook show a number as a date or a duration, and what such a number is.

As ECMA-376 part 1 has them: 18.8.30 (formats that need not be written) and 18.17.4 (serials of days).
"""

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from enrollment.imports.cells import Broken, CellValue
from enrollment.imports.values import EPOCH_1900

DATES = frozenset({*range(14, 23), 45, 46, 47})
"""Ids of formats that every workbook knows as dates or times."""
SPANS = frozenset({46})
"""Those of them that show durations."""
_SILENT = re.compile(r'".*?"|\[(?!hh?\]|mm?\]|ss?\])[^\]]*\]', re.IGNORECASE)
_DATE = re.compile(r"(?<![_\\])[dmhys]", re.IGNORECASE)
_SPAN = re.compile(r"\[(hh?|mm?|ss?)\]", re.IGNORECASE)
_PHANTOM = 60  # 29 February 1900, a day that Lotus and then Excel counted


def is_date(code: str) -> bool:
    """Whether a format shows a date, a time or a duration."""
    return _DATE.search(_SILENT.sub("", code.partition(";")[0])) is not None


def is_span(code: str) -> bool:
    """Whether a format shows a duration."""
    return _SPAN.search(code.partition(";")[0]) is not None


@lru_cache(maxsize=32_768)  # the days of 90 years
def moment(serial: float, epoch: date, *, span: bool) -> CellValue:
    """What a serial of days shows as; `Broken` where that is no time."""
    try:
        return timedelta(milliseconds=round(serial * 86_400_000)) if span else _moment(serial, epoch)
    except (OverflowError, ValueError):
        return Broken("#VALUE!")


def _moment(serial: float, epoch: date) -> CellValue:
    day, fraction = divmod(serial, 1)
    clock = timedelta(milliseconds=round(fraction * 86_400_000))
    if not day and clock < timedelta(days=1):
        return (datetime.combine(epoch, time()) + clock).time()
    if 0 < serial < _PHANTOM and epoch == EPOCH_1900:
        day += 1
    return datetime.combine(epoch, time()) + timedelta(days=day) + clock
