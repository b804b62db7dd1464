"""Cursors of lists sorted by (occurred_at, notice_id), newest first."""

from datetime import UTC, datetime
from uuid import UUID

from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem

Cursor = tuple[datetime, UUID]
_FORMAT = "%Y%m%dT%H%M%S.%f"


def write_cursor(at: datetime, notice_id: UUID) -> str:
    """Where a page ended, as text for a URL."""
    return f"{at.astimezone(UTC):{_FORMAT}}_{notice_id.hex}"


def read_cursor(cursor: str) -> Cursor | None:
    """Where to go on; None for the beginning. Raises 422 `invalid-cursor`."""
    if not cursor:
        return None
    at, _sep, notice_id = cursor.partition("_")
    try:
        return datetime.strptime(at, _FORMAT).replace(tzinfo=UTC), UUID(hex=notice_id)
    except ValueError as bad:
        fault = Fault("after", _("Pakai nilai `next` dari jawaban sebelumnya."))
        raise Problem("invalid-cursor", 422, _("Penanda halaman ini tidak sah."), errors=[fault]) from bad
