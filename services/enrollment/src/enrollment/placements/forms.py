"""What forms of a person's page say."""

from datetime import date
from uuid import UUID

from bina.web.language import gettext as _
from enrollment.placements.problems import invalid


def read_day(where: str, words: str) -> date:
    """A day that must be given; raises `Problem` (422) naming the field."""
    try:
        return date.fromisoformat(words)
    except ValueError as wrong:
        raise invalid(where, _("Isi tanggal sebagai TTTT-BB-HH.")) from wrong


def read_unit(words: str) -> UUID | None:
    """A unit of the list, or none; raises `Problem` (422)."""
    try:
        return UUID(words) if words else None
    except ValueError as wrong:
        raise invalid("unit", _("Pilih unit dari daftar.")) from wrong
