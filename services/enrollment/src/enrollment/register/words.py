"""What people read of a record."""

from bina.web.language import gettext as _


def appointment_name(appointment: str) -> str:
    """What somebody was appointed as, beside the employment."""
    words = {"CPNS": _("CPNS"), "paruh_waktu": _("paruh waktu")}
    return words.get(appointment, _("pengangkatan penuh"))


def status_name(status: str) -> str:
    """PNS, CPNS, PPPK or a PPPK of part time."""
    return _("PPPK paruh waktu") if status == "paruh_waktu" else status
