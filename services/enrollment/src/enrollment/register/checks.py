"""What the register refuses of rows, naming row and field."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock, merged
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem
from enrollment.refusals import invalid_rows
from enrollment.register import store
from enrollment.register.bodies import UnitRow
from enrollment.register.domain import APPOINTMENTS, Asn, Unit


def check_open(rows: Sequence[UnitRow], units: Mapping[UUID, Unit]) -> None:
    """Refuse to place an open unit below a closed one."""
    faults = [
        Fault(f"items.{number}.parent_id", _("Unit induk sudah ditutup."))
        for number, row in enumerate(rows)
        if row.parent_id
        and row.parent_id in units
        and units[row.parent_id].closed_on
        and not units[row.id].closed_on
    ]
    if faults:
        raise invalid_rows(faults)


async def check_unit_agencies(session: AsyncSession, rows: Sequence[UnitRow]) -> None:
    """Refuse to move a unit to another agency: its people and the units below it would stay behind."""
    known = await store.find_units(session, [row.id for row in rows])
    agencies = await store.load_agencies(session)
    faults = []
    for number, row in enumerate(rows):
        if row.agency_code not in agencies:
            faults.append(Fault(f"items.{number}.agency_code", _("Instansi belum terdaftar.")))
        if row.id in known and known[row.id].agency_code != row.agency_code:
            faults.append(Fault(f"items.{number}.id", _("Unit ini milik instansi lain.")))
    if faults:
        raise invalid_rows(faults)


def broken_tree(rows: Sequence[UnitRow], wrong: dict[UUID, str]) -> Problem:
    """Units whose place in the tree cannot be: why, by unit."""
    places = {row.id: number for number, row in enumerate(rows)}
    return invalid_rows(
        [Fault(f"items.{places.get(unit, '?')}.parent_id", words) for unit, words in wrong.items()]
    )


async def check_merged(session: AsyncSession, people: Sequence[Asn]) -> None:
    """Refuse to record anew what was merged into another record: every service takes its id for that one's."""
    into = await merged.known(session, [person.asn_id for person in people])
    words = _("Data ini sudah digabungkan. Kirim dengan id %(id)s.")
    if into:
        raise invalid_rows(
            [
                Fault(f"items.{number}.id", words % {"id": into[person.asn_id]})
                for number, person in enumerate(people)
                if person.asn_id in into
            ]
        )


async def check_people(session: AsyncSession, people: Sequence[Asn], units: Mapping[UUID, Unit]) -> None:
    """Refuse people whom the register cannot hold as they are told, naming row and field."""
    faults = _twice(people)
    agencies = await store.load_agencies(session)
    taken = await store.taken_nips(session, people)
    for number, person in enumerate(people):
        if person.agency_code not in agencies:
            faults.append(Fault(f"items.{number}.agency_code", _("Instansi belum terdaftar.")))
        if wrong := _unit_fault(person, units):
            faults.append(Fault(f"items.{number}.unit_id", wrong))
        if person.nip in taken:
            faults.append(Fault(f"items.{number}.nip", _("NIP ini milik orang lain.")))
        if person.supervisor_id == person.asn_id:
            faults.append(Fault(f"items.{number}.supervisor_id", _("Atasan tidak boleh dirinya sendiri.")))
        if wrong := _appointment_fault(person):
            faults.append(Fault(f"items.{number}.appointment", wrong))
        faults += _faults_of_time(number, person)
    if faults:
        raise invalid_rows(faults)


def _unit_fault(person: Asn, units: Mapping[UUID, Unit]) -> str:
    if person.unit_id is None:
        return ""
    unit = units.get(person.unit_id)
    if unit is None or unit.agency_code != person.agency_code:
        return _("Unit ini tidak ada di instansi itu.")
    serves = person.left_on is None or person.left_on > clock.today()
    return _("Unit ini sudah ditutup.") if unit.closed_on and serves else ""


def _appointment_fault(person: Asn) -> str:
    if person.appointment in APPOINTMENTS[person.employment]:
        return ""
    return _("CPNS hanya untuk PNS.") if person.appointment == "CPNS" else _("Paruh waktu hanya untuk PPPK.")


def _faults_of_time(number: int, person: Asn) -> list[Fault]:
    found = []
    if person.left_reason and person.left_on is None:
        words = _("Alasan berhenti memerlukan tanggalnya (left_on).")
        found.append(Fault(f"items.{number}.left_reason", words))
    if wrong := _contract_fault(person):
        found.append(Fault(f"items.{number}.contract_ends_on", wrong))
    return found


def _contract_fault(person: Asn) -> str:
    if person.contract_ends_on is None:
        return ""
    if person.employment != "PPPK":
        return _("Akhir kontrak hanya untuk PPPK.")
    if person.started_on is None or person.contract_ends_on < person.started_on:
        return _("Akhir kontrak tidak boleh sebelum awalnya (started_on).")
    return ""


def _twice(people: Sequence[Asn]) -> list[Fault]:
    seen: set[object] = set()
    faults = []
    for number, person in enumerate(people):
        if seen & {person.asn_id, person.nip}:
            faults.append(Fault(f"items.{number}", _("Orang ini ada dua kali dalam kiriman.")))
        seen |= {person.asn_id, person.nip}
    return faults
