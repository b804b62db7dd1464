"""Numbers, dates and times as Indonesian readers write them; English under `bina.web.language`.

Times always carry their zone (WIB, WITA, WIT): a deadline without one is wrong in two thirds of the country.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton
from babel.numbers import get_decimal_symbol, get_group_symbol

from bina.web.language import counted, current, locale
from bina.web.language import gettext as _

Number = int | float | Decimal
_NAMES = {7: "WIB", 8: "WITA", 9: "WIT"}
MISSING = "–"
_POINT, _GROUP = ord("."), ord(",")
_NOISE, _LARGE = 1e-6, 1e9
"""Below that, a product of binary fractions lies nearer than so much to the number meant."""


def number(value: Number | None, digits: int | None = None) -> str:
    """`1234.5` → `1.234,5`; `digits` fixes the decimals; nothing known → an en dash."""
    if value is None:
        return MISSING
    return _trimmed(value, 3) if digits is None else _written(value, digits)


def numbers(values: Iterable[Number | None]) -> list[str]:
    """Each as `number` writes it; most of them in one go."""
    found = list(values)
    if set(map(type, found)) == {int}:
        return (
            "\n".join([f"{value:,d}" for value in found]).replace(",", _symbols(locale())[_GROUP]).split("\n")
        )
    plain = [isinstance(value, float) and _is_plain(value, 3) for value in found]
    written = iter(
        _thousandths([float(v or 0) for v, is_plain in zip(found, plain, strict=True) if is_plain])
    )
    return [
        next(written) if is_plain else number(value) for value, is_plain in zip(found, plain, strict=True)
    ]


def _thousandths(values: Sequence[float]) -> list[str]:
    """Plain figures without the zeros at their end."""
    lines = "%.3f\n" * len(values) % tuple(values)
    for zeros in ("000\n", "00\n", "0\n"):
        lines = lines.replace(zeros, "\n")
    return lines.replace(".\n", "\n").replace(".", _symbols(locale())[_POINT]).split("\n")[:-1]


def percent(share: Number | None, digits: int = 1) -> str:
    """A share of one: `0.883` → `88,3%`."""
    if share is None:
        return MISSING
    scaled = float(share) * 100 * 10**digits
    if 0 < scaled < _LARGE and abs(scaled % 1 - 0.5) > _NOISE:
        return f"{_trimmed(round(scaled) / 10**digits if digits else round(scaled), digits)}%"
    return f"{_trimmed(_exact(share) * 100, digits)}%"


def rupiah(amount: Number | None) -> str:
    """`1500000` → `Rp 1.500.000`."""
    return MISSING if amount is None else f"Rp {number(amount, 0)}"


def jp(value: Number | None) -> str:
    """Jam pelajaran of 45 minutes: `20` → `20 JP`."""
    return MISSING if value is None else f"{number(value)} JP"


def day(value: date | datetime | None, zone: ZoneInfo | None = None) -> str:
    """`22 November 2026`."""
    return MISSING if value is None else _dated(_local_day(value, zone), "d MMMM y", locale())


def weekday(value: date | datetime | None, zone: ZoneInfo | None = None) -> str:
    """`Minggu, 22 November 2026`."""
    return MISSING if value is None else _dated(_local_day(value, zone), "EEEE, d MMMM y", locale())


def short_day(value: date | datetime | None, zone: ZoneInfo | None = None) -> str:
    """`22 Nov 2026`, for tables."""
    return MISSING if value is None else _dated(_local_day(value, zone), "d MMM y", locale())


def month(value: date | None) -> str:
    """`November 2026`."""
    return MISSING if value is None else format_skeleton("yMMMM", value, locale=locale())


def moment(value: datetime | None, zone: ZoneInfo | None = None) -> str:
    """`22 November 2026 pukul 21.05 WIB`."""
    if value is None:
        return MISSING
    local = value.astimezone(zone or ZoneInfo("Asia/Jakarta"))
    return _("%(day)s pukul %(time)s") % {"day": day(local, zone), "time": clock_time(value, zone)}


def clock_time(value: datetime | None, zone: ZoneInfo | None = None) -> str:
    """`21.05 WIB`."""
    if value is None:
        return MISSING
    local = value.astimezone(zone or ZoneInfo("Asia/Jakarta"))
    separator = ":" if current() == "en" else "."
    return f"{local:%H}{separator}{local:%M} {zone_name(local)}"


def zone_name(local: datetime) -> str:
    """WIB, WITA or WIT; elsewhere the offset from UTC, so that no time is ever without one."""
    offset = local.utcoffset()
    hours = offset.total_seconds() / 3600 if offset is not None else 0
    return _NAMES.get(int(hours), f"UTC{hours:+g}") if hours == int(hours) else f"UTC{hours:+g}"


def days_until(value: date, today: date) -> str:
    """`hari ini`, `besok`, `5 hari lagi`, `3 hari lalu`."""
    days = (value - today).days
    near = {0: _("hari ini"), 1: _("besok"), -1: _("kemarin")}
    if days in near:
        return near[days]
    pattern = _("%(n)s hari lagi") if days > 0 else _("%(n)s hari lalu")
    return pattern % {"n": number(abs(days))}


def duration(seconds: Number | None) -> str:
    """The two largest units of a span: `2 jam 5 menit`."""
    if seconds is None:
        return MISSING
    whole = int(seconds)
    days, hours, minutes, seconds = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    parts = (
        (days, counted("hari", days)),
        (hours, counted("jam", hours)),
        (minutes, counted("menit", minutes)),
        (seconds, counted("detik", seconds)),
    )
    first = next((i for i, (n, _name) in enumerate(parts) if n), 3)
    return " ".join(f"{n} {name}" for n, name in parts[first : first + 2] if n or first == 3)


@lru_cache(maxsize=4096)
def _dated(value: date, pattern: str, name: str) -> str:
    """Babel reads the pattern anew each time, and a list names the same days again and again."""
    return format_date(value, pattern, locale=name)


def _exact(value: Number) -> Decimal:
    """The number as it is written, without the noise of binary fractions."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _written(value: Number, digits: int) -> str:
    """As Babel writes it by `#,##0.00`, halves to even, in a twentieth of its time: a table has thousands of cells."""
    return _grouped(value, digits).translate(_symbols(locale()))


def _grouped(value: Number, digits: int) -> str:
    """With commas and a point; rounded as it is written, so that 0.0005 is half of 0.001."""
    if isinstance(value, float):
        written = repr(value)
        if written[-1] != "5" or len(written) - written.find(".") != digits + 2:
            # no half: as a binary fraction it rounds alike
            return f"{value:,.{digits}f}"
    whole = isinstance(value, int) and not digits
    return f"{value:,d}" if whole else f"{_exact(value):,.{digits}f}"


def _trimmed(value: Number, digits: int) -> str:
    """By `#,##0.##`: decimals that are zero at the end are left out."""
    if isinstance(value, float) and digits and (short := _short(value, digits, _symbols(locale())[_POINT])):
        return short
    if isinstance(value, int):
        return f"{value:,d}".replace(",", _symbols(locale())[_GROUP])
    if not digits:
        return _written(value, 0)
    whole, _point, part = _grouped(value, digits).partition(".")
    part = part.rstrip("0")
    return (f"{whole}.{part}" if part else whole).translate(_symbols(locale()))


def _short(value: float, digits: int, point: str) -> str:
    """Most figures of a page; empty for one that is not plain."""
    if not _is_plain(value, digits):
        return ""
    written = f"{value:.{digits}f}".rstrip("0")
    return written[:-1] if written[-1] == "." else written.replace(".", point)


def _is_plain(value: float, digits: int) -> bool:
    """Nothing to group, and no half to be rounded."""
    return -1000 < value < 1000 and abs(value * 10 ** (digits + 1) % 10 - 5) >= _NOISE


@cache
def _symbols(name: str) -> dict[int, str]:
    return str.maketrans({",": get_group_symbol(name), ".": get_decimal_symbol(name)})


def _local_day(value: date | datetime, zone: ZoneInfo | None) -> date:
    if not isinstance(value, datetime):
        return value
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(zone or ZoneInfo("Asia/Jakarta")).date()
