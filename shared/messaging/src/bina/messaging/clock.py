"""The business clock: what day it is in the field. Wall time unless a demonstration moved it.

Record timestamps, tokens, sessions, retries and health use wall time instead.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Jakarta")

_moved: dict[str, timedelta] = {"by": timedelta(0)}


def now() -> datetime:
    """Business time, aware, UTC."""
    return datetime.now(UTC) + _moved["by"]


def today() -> date:
    """The business day in the field's own zone (WIB)."""
    return now().astimezone(ZONE).date()


def move(offset: timedelta) -> None:
    """Set business time minus wall time, in this process only."""
    _moved["by"] = offset


def offset() -> timedelta:
    """Business time minus wall time."""
    return _moved["by"]
