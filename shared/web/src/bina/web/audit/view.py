"""An entry in the reader's words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bina.web.audit.searching import Found
from bina.web.language import counted
from bina.web.language import gettext as _

GONE = object()
"""A value that was erased with its person."""


@dataclass(frozen=True)
class Step:
    """One field of one thing, before and after; None: there was nothing, or is nothing left."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Thing:
    """One thing that changed."""

    kind: str
    id: str
    person: str
    steps: list[Step]
    why: Any


def kinds() -> list[tuple[str, str]]:
    """What entries are about, by the word of the query."""
    return [
        ("", _("Semua")),
        ("command", _("Perubahan")),
        ("reading", _("Pembacaan")),
        ("session", _("Masuk dan keluar")),
        ("erasure", _("Penghapusan data")),
    ]


def kind_of(thing: str) -> str:
    """What a thing is called."""
    words = {
        "agency": _("Instansi"),
        "unit": _("Unit"),
        "asn": _("Pegawai"),
        "contact": _("Kontak"),
        "role": _("Peran"),
        "machine": _("Sistem"),
        "links": _("Tautan pribadi"),
        "programme": _("Program"),
        "partner": _("Mitra"),
        "speaker": _("Narasumber"),
        "programme_draft": _("Draf program"),
        "run": _("Angkatan"),
        "enrolment": _("Pendaftaran"),
        "task": _("Tugas menilai"),
        "evaluators of run": _("Evaluator angkatan"),
        "evaluators of agency": _("Evaluator instansi"),
        "assessment": _("Tes"),
        "preference": _("Preferensi"),
        "notices": _("Pemberitahuan"),
        "deliveries": _("Kiriman"),
        "redrive": _("Pengulangan pesan"),
        "held": _("Pesan tertahan"),
        "data_request": _("Permintaan atas data"),
        "jp_credit": _("Pengajuan JP"),
        "jp_opening": _("Saldo awal JP"),
        "jp_history": _("Riwayat JP"),
    }
    return words.get(thing, thing)


def gist_of(found: Found) -> str:
    """What happened, in a line."""
    if found.kind == "reading":
        many = found.detail.get("people", 0)
        return counted("Membaca data %(n)s orang", many) % {"n": many} if many else _("Membaca data")
    if found.kind == "session":
        return _("Masuk") if found.action.endswith("/masuk/kembali") else _("Keluar")
    if found.kind == "erasure":
        return _("Data pribadi dihapus")
    names = list(dict.fromkeys(kind_of(change["kind"]) for change in found.changes))
    more = f" ({len(found.changes)})" if len(found.changes) > 1 else ""
    return ", ".join(names[:3]) + more if names else _("Perintah tanpa perubahan")


def who(found: Found) -> Any:
    """Who acted: a name, or `GONE`, or what is known of somebody without one."""
    if "actor" in found.personal and "actor" not in found.values:
        return GONE
    known: str = found.values.get("actor", {}).get("name", "")
    unnamed = {"link": _("Tautan pribadi"), "guest": _("Tamu"), "service": _("Layanan ini")}
    return known or unnamed.get(found.actor, "–")


def why(found: Found) -> list[Any]:
    """The reasons given, those erased as `GONE`."""
    names = [name for name in found.personal if name == "why" or name.endswith(".why")]
    return list({str(value): value for name in names if (value := found.values.get(name, GONE))}.values())


def things(found: Found) -> list[Thing]:
    """What changed, field by field."""
    return [_thing(found, place, change) for place, change in enumerate(found.changes)]


def _thing(found: Found, place: int, change: dict[str, Any]) -> Thing:
    before, after = (_side(found, place, change, side) for side in ("before", "after"))
    names = [name for name in before | after if name]
    steps = [Step(name, before.get(name), after.get(name)) for name in names]
    if GONE in (before.get(""), after.get("")):
        steps.append(Step(_("data pribadi"), before.get(""), after.get("")))
    reason = found.values.get(f"{place}.why", GONE) if f"{place}.why" in found.personal else ""
    return Thing(kind_of(change["kind"]), change["id"], change.get("person", ""), steps, reason)


def _side(found: Found, place: int, change: dict[str, Any], side: str) -> dict[str, Any]:
    """A side's fields; under "" that there were more, which are erased."""
    name = f"{place}.{side}"
    hidden = {} if name not in found.personal else found.values.get(name, {"": GONE})
    return {**change.get(side, {}), **hidden}


def lines(value: Any) -> Iterator[str]:
    """A value as lines of text."""
    if isinstance(value, list):
        for item in value:
            yield from lines(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield f"{name}: {', '.join(lines(item))}"
    elif isinstance(value, bool):
        yield _("ya") if value else _("tidak")
    elif value is not None:
        yield str(value)
