"""A person's history in words."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from bina.web.formats import day
from bina.web.language import gettext as _
from enrollment.placements.domain import Placement
from enrollment.register.domain import Asn, Unit


def timeline(
    history: Sequence[Placement], asn: Asn, agencies: Mapping[str, str], units: Mapping[UUID, Unit]
) -> list[dict[str, Any]]:
    """Where somebody served, the newest first, with leaving and returning between."""
    items: list[dict[str, Any]] = []
    later: Placement | None = None
    for one in reversed(history):
        if one.until_on and (later is None or later.from_on > one.until_on):
            items.append(_end(one))
        items.append(_item(one, agencies, units, is_last=later is None and one.until_on is None))
        later = one
    if asn.left_on and not any(one.until_on == asn.left_on for one in history):
        end = {"when": day(asn.left_on), "title": _("Berhenti"), "text": reason_of(asn.left_reason)}
        items.insert(0, end | {"kind": "done"})
    return items


def _end(one: Placement) -> dict[str, Any]:
    return {
        "when": day(one.until_on),
        "title": _("Berhenti"),
        "text": reason_of(one.ended_for),
        "kind": "done",
    }


def _item(
    one: Placement, agencies: Mapping[str, str], units: Mapping[UUID, Unit], *, is_last: bool
) -> dict[str, Any]:
    unit = units[one.unit_id].name if one.unit_id and one.unit_id in units else ""
    agency = agencies.get(one.agency_code, one.agency_code)
    since = _("Tercatat sejak %(day)s") if one.cause == "start" else _("Sejak %(day)s")
    return {
        "when": since % {"day": day(one.from_on)},
        "title": " · ".join(filter(None, [one.position or _("jabatan belum diisi"), unit, agency])),
        "text": cause_of(one.cause),
        "kind": "now" if is_last else "done",
    }


def cause_of(cause: str) -> str:
    """How the register heard of it."""
    words = {
        "start": _("keadaan saat riwayat mulai dicatat; yang sebelumnya belum diisi"),
        "import": _("dari berkas instansi"),
        "api": _("dari sistem instansi"),
        "page": _("dicatat lewat halaman"),
    }
    return words.get(cause, "")


def reasons() -> list[tuple[str, str]]:
    """Why people leave, as choices."""
    return [
        ("pension", _("Pensiun")),
        ("resigned", _("Atas permintaan sendiri")),
        ("contract_over", _("Kontrak berakhir")),
        ("moved_out", _("Pindah ke luar wilayah platform")),
        ("deceased", _("Meninggal dunia")),
        ("other", _("Alasan lain")),
        ("not_listed", _("Tidak ada dalam daftar lengkap pegawai")),
    ]


def reason_of(reason: str) -> str:
    """A reason in words."""
    return dict(reasons()).get(reason, _("alasan belum diisi"))
