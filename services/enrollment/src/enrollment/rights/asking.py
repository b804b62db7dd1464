"""A person asks for their record to be mended or erased."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock, new_id
from bina.web import audit
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem, not_found
from bina.web.retention import Periods
from enrollment.refusals import invalid_rows
from enrollment.register import store as register
from enrollment.register.bodies import AsnRow
from enrollment.register.domain import Asn, Contact
from enrollment.register.erasing import barrier
from enrollment.rights import store
from enrollment.rights.domain import (
    ANSWER_WITHIN,
    ERASURE,
    FIELDS,
    OTHER,
    REASON_LENGTH,
    WANTED_LENGTH,
    DataRequest,
)


async def ask_to_mend(session: AsyncSession, asn_id: UUID, field: str, wanted: str, reason: str) -> None:
    """Keep a request for a correction. Raises `Problem` naming the field at fault, or 409 while one is open."""
    asn = await _self(session, asn_id)
    faults = _faults(field, wanted, reason)
    if not faults and field != OTHER:
        faults = await faults_of(session, asn, field, wanted)
    if faults:
        raise invalid_rows(faults)
    await _add(session, asn_id, field, wanted, reason)


async def ask_to_erase(session: AsyncSession, asn_id: UUID, reason: str, periods: Periods) -> None:
    """Keep a request for erasure. Raises `Problem` (409) where a law demands that the record stays."""
    asn = await _self(session, asn_id)
    if problem := await barrier(session, asn, periods):
        raise problem
    await _add(session, asn_id, ERASURE, "", reason[:REASON_LENGTH])


async def faults_of(session: AsyncSession, asn: Asn, field: str, wanted: str) -> list[Fault]:
    """Why a person's row would not be taken with that field mended."""
    try:
        row = await mended_row(session, asn, field, wanted)
    except ValidationError:
        return [Fault("wanted", _hint(field))]
    if field == "supervisor_nip" and not await register.find_people(session, [wanted]):
        return [Fault("wanted", _("NIP atasan ini tidak ada di data pegawai."))]
    if field == "nip" and await register.taken_nips(session, [_with_nip(asn, row.nip)]):
        return [Fault("wanted", _("NIP ini milik orang lain."))]
    return []


async def mended_row(session: AsyncSession, asn: Asn, field: str, wanted: str) -> AsnRow:
    """A person's whole record with one field mended; raises ValidationError."""
    more = {"supervisor_id": None} if field == "supervisor_nip" else {}
    return await whole_row(session, asn, {field: wanted, **more})


async def whole_row(session: AsyncSession, asn: Asn, changes: Mapping[str, Any]) -> AsnRow:
    """A person's whole record as the register's command takes it, with changes; raises ValidationError."""
    contacts = await register.load_contacts(session, [asn.asn_id])
    contact = contacts[0] if contacts else Contact(asn.asn_id)
    row: dict[str, Any] = {
        name: getattr(asn, name)
        for name in (
            "nip", "name", "agency_code", "employment", "unit_id", "position", "position_type", "job_level", "grade",
            "gender", "supervisor_id", "started_on", "left_on", "left_reason", "contract_ends_on",
            "appointment",
        )
    }  # fmt: skip
    row |= {"id": asn.asn_id, "email": contact.email, "phone": contact.phone, "language": contact.language}
    return AsnRow.model_validate({**row, **changes})


def _faults(field: str, wanted: str, reason: str) -> list[Fault]:
    found = []
    if field not in FIELDS:
        found.append(Fault("field", _("Pilih apa yang keliru.")))
    if not wanted or len(wanted) > WANTED_LENGTH:
        found.append(Fault("wanted", _("Tulis yang seharusnya, paling panjang 300 karakter.")))
    if not reason or len(reason) > REASON_LENGTH:
        found.append(Fault("reason", _("Tulis alasan atau buktinya, paling panjang 1.000 karakter.")))
    return found


def _hint(field: str) -> str:
    hints = {
        "nip": _("NIP berisi 18 angka."),
        "supervisor_nip": _("NIP berisi 18 angka."),
        "gender": _("Tulis L atau P."),
        "started_on": _("Tulis tanggal seperti 2019-03-01."),
    }
    return hints.get(field, _("Isian ini terlalu panjang atau memuat karakter yang tidak dapat disimpan."))


def _with_nip(asn: Asn, nip: str) -> Asn:
    return Asn(asn.asn_id, nip, asn.name, asn.employment, asn.agency_code)


async def _self(session: AsyncSession, asn_id: UUID) -> Asn:
    """The person, whom nobody erases meanwhile."""
    await register.hold_people(session, [asn_id])
    found = await register.load_people(session, [asn_id])
    if not found:
        raise not_found(_("Akun ini bukan pegawai di data ASN."))
    return found[0]


async def _add(session: AsyncSession, asn_id: UUID, field: str, wanted: str, reason: str) -> None:
    now = clock.now()
    asked = DataRequest(new_id(), asn_id, field, wanted, reason, "open", now, now + ANSWER_WITHIN)
    if not await store.add_request(session, asked):
        raise Problem(
            "data-request-open",
            409,
            _("Permintaan Anda yang sama masih menunggu jawaban."),
            mend=_("Tunggu jawabannya di halaman Data saya."),
            way=(_("Buka Data saya"), "/data-saya"),
        )
    kept = {"field": field, "wanted": wanted}
    audit.changed(session, "data_request", asked.request_id, None, kept, person=asn_id, why=reason)
