"""The part of a run's form that says whom it admits: approval, seats held back, replacing participants."""

from collections.abc import Mapping
from typing import Any

from bina.web.language import gettext as _
from enrollment.catalogue.admission import AGENCY, BELOW_FLOOR, Admission

FIELDS = ("approval", "held", "held_until", "substitutes_until")
GROUPS = {
    "terpencil": "remote",
    "perempuan": "women",
    "laki-laki": "men",
    "golongan-rendah": "junior",
    "kurang-jp": BELOW_FLOOR,
}
"""Words of the form and the groups that they name; anything else is an agency's code."""
_WORDS = {group: word for word, group in GROUPS.items()}


def approvals() -> list[tuple[str, str]]:
    """Whose approval may be asked for, in words."""
    return [
        ("", _("Tidak perlu")),
        ("supervisor", _("Atasan")),
        ("agency", _("Instansi")),
        ("both", _("Atasan, lalu instansi")),
    ]


def filled(admission: Admission) -> dict[str, str]:
    """The form with what a run says in it."""
    held = (f"{_WORDS.get(one.group, one.group.removeprefix(AGENCY))} {one.seats}" for one in admission.held)
    return {
        "approval": admission.approval,
        "held": "\n".join(held),
        "held_until": admission.held_until.isoformat() if admission.held_until else "",
        "substitutes_until": admission.substitutes_until.isoformat() if admission.substitutes_until else "",
    }


def read(form: Mapping[str, str], wrong: dict[str, str]) -> dict[str, Any]:
    """As commands take it; what cannot be read goes into `wrong` by field."""
    held = [_held(line.split()) for line in form["held"].splitlines() if line.strip()]
    if None in held:
        wrong["held"] = _(
            "Tulis satu kelompok sebaris: nama kelompok atau kode instansi, spasi, jumlah kursi."
        )
    elif held and not form["held_until"]:
        wrong["held_until"] = _("Isi sampai kapan kursi ditahan.")
    elif form["held_until"] and not held:
        wrong["held"] = _("Isi untuk siapa kursi ditahan.")
    days = {name: form[name] or None for name in ("held_until", "substitutes_until")}
    return {"approval": form["approval"], "held": held, **days}


def field_of(parts: list[str]) -> str:
    """The field that a fault in `admission.…` is about."""
    return parts[1] if len(parts) > 1 and parts[1] in FIELDS else "held"


def _held(words: list[str]) -> dict[str, Any] | None:
    if len(words) != 2 or not words[1].isdecimal():
        return None
    whom = {"group": GROUPS[words[0].lower()]} if words[0].lower() in GROUPS else {"agency": words[0]}
    return {**whom, "seats": int(words[1])}
