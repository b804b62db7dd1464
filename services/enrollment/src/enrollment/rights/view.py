"""A request in the reader's words."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from bina.web.language import gettext as _
from bina.web.masking import masked_in
from enrollment.register.domain import Asn, Contact
from enrollment.rights.domain import ERASURE, FIELDS, OF_CONTACT, OTHER, DataRequest

HIDDEN = "••••"


class Line(NamedTuple):
    """A request with what its field says now, and whose it is."""

    request_id: UUID
    what: str
    wanted: str
    now_said: Any
    reason: str
    tag: str
    kind: str
    asked_at: datetime
    due_at: datetime
    decided_at: datetime | None
    answer: str
    person: Asn | None = None
    erases: bool = False
    elsewhere: bool = False
    of_contact: bool = False


def field_name(field: str) -> str:
    """What a field is called."""
    words = {
        "name": _("Nama"),
        "nip": _("NIP"),
        "position": _("Jabatan"),
        "job_level": _("Jenjang"),
        "grade": _("Golongan"),
        "gender": _("Jenis kelamin"),
        "started_on": _("Terhitung mulai tanggal (TMT)"),
        "email": _("Surel"),
        "phone": _("Telepon"),
        "supervisor_nip": _("Atasan (NIP)"),
        OTHER: _("Lainnya, mis. hasil pelatihan"),
        ERASURE: _("Hapus semua data saya"),
    }
    return words[field]


def options() -> list[tuple[str, str]]:
    """What can be asked to be mended."""
    return [(field, field_name(field)) for field in FIELDS]


def line(asked: DataRequest, now: datetime, asn: Asn | None = None, contact: Contact | None = None) -> Line:
    """A request as a list shows it."""
    tag, kind = _tag(asked, now)
    return Line(
        asked.request_id, field_name(asked.field), asked.wanted, _said(asked.field, asn, contact), asked.reason, tag,
        kind, asked.asked_at, asked.due_at, asked.decided_at, asked.answer, asn, asked.field == ERASURE,
        asked.field == OTHER, asked.field in OF_CONTACT,
    )  # fmt: skip


def masked(line: Line) -> Line:
    """A request for whoever may read neither NIP nor addresses: that it was asked, not what exactly."""
    now_said = masked_in(line.now_said) if isinstance(line.now_said, str) else line.now_said
    if line.of_contact:
        return line._replace(now_said=HIDDEN, wanted=HIDDEN, reason=HIDDEN)
    return line._replace(now_said=now_said, wanted=masked_in(line.wanted), reason=masked_in(line.reason))


def _said(field: str, asn: Asn | None, contact: Contact | None) -> Any:
    if field in (OTHER, ERASURE, "supervisor_nip"):
        return ""
    holder = contact if field in OF_CONTACT else asn
    return getattr(holder, field, "") or "–"


def _tag(asked: DataRequest, now: datetime) -> tuple[str, str]:
    if asked.is_overdue(now):
        return _("Lewat tenggat"), "danger"
    words = {
        "open": (_("Menunggu jawaban"), "info"),
        "accepted": (_("Diterima"), "success"),
        "refused": (_("Ditolak"), "warning"),
    }
    return words[asked.state]
