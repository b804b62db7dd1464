"""Rules of the register: trees of units, and how a person's whole state is told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from bina.events.enrollment import AsnRecorded, ContactRecorded

Appointment = Literal["", "CPNS", "paruh_waktu"]
APPOINTMENTS: dict[str, tuple[Appointment, ...]] = {"PNS": ("", "CPNS"), "PPPK": ("", "paruh_waktu")}
"""What each employment can be appointed as."""
KINDS = ("pegawai", "pendaftaran", "kelulusan")
ERASED = "register.erased"
"""Due work: what is left of somebody who was erased."""
FORGET_AFTER = timedelta(seconds=5)
"""By then what was told of them is published, as a rule."""
STAFF_ROLES = frozenset({"operator", "trainer", "assessor", "head", "bkd"})
"""Roles that act for an agency, or for a unit and those below it."""


class BrokenTreeError(ValueError):
    """A unit's parent is unknown, of another agency, or its own descendant."""

    def __init__(self, unit_id: UUID) -> None:
        super().__init__(str(unit_id))
        self.unit_id = unit_id


@dataclass(frozen=True)
class Unit:
    """A node of an agency's tree (OPD and below); `path` leads from the agency's top unit to this one. Nobody serves in
    one that is closed, nor is any open below it."""

    unit_id: UUID
    agency_code: str
    name: str
    parent_id: UUID | None = None
    remote: bool = False
    path: tuple[UUID, ...] = ()
    closed_on: date | None = None


@dataclass(frozen=True)
class Asn:
    """A civil servant as registered. `started_on` begins the appointment (PNS) or contract (PPPK), `left_on` is the first
    day after it; `contract_ends_on` is the last day of a PPPK's contract. `appointment` tells a PNS on probation and a
    PPPK of part time from the others."""

    asn_id: UUID
    nip: str
    name: str
    employment: Literal["PNS", "PPPK"]
    agency_code: str
    unit_id: UUID | None = None
    position: str = ""
    position_type: str = ""
    job_level: str = ""
    grade: str = ""
    gender: Literal["L", "P", ""] = ""
    supervisor_id: UUID | None = None
    started_on: date | None = None
    left_on: date | None = None
    contract_ends_on: date | None = None
    left_reason: str = ""
    appointment: Appointment = ""
    unit_name: str = ""
    unit_path: tuple[UUID, ...] = ()

    @property
    def status(self) -> str:
        """PNS, CPNS, PPPK or paruh_waktu."""
        return self.appointment or self.employment

    def recorded(self) -> AsnRecorded:
        """The fact that tells this person's whole state."""
        return AsnRecorded(
            asn_id=self.asn_id,
            nip=self.nip,
            name=self.name,
            employment=self.employment,
            appointment=self.appointment,
            agency_code=self.agency_code,
            unit_id=self.unit_id,
            unit_name=self.unit_name,
            unit_path=self.unit_path,
            position=self.position,
            job_level=self.job_level,
            grade=self.grade,
            gender=self.gender,
            supervisor_id=self.supervisor_id,
        )


def erasable_from(
    left_on: date | None, trained_on: date | None, kept: tuple[timedelta, timedelta], today: date
) -> date | None:
    """The day from which somebody's record may be erased; None while they serve.

    `kept`: how long the record of somebody who left stays, and how long that of a training, last completed on
    `trained_on`.
    """
    if left_on is None or left_on > today:
        return None
    record, trainings = kept
    return max(left_on + record, trained_on + trainings) if trained_on else left_on + record


class PersonKey(NamedTuple):
    """What the rules of enrolment and entitlement ask of a person."""

    nip: str
    asn_id: UUID
    agency_code: str
    employment: str
    started_on: date | None


@dataclass(frozen=True)
class Contact:
    """Where a person can be reached."""

    asn_id: UUID
    email: str = ""
    phone: str = ""
    language: Literal["id", "en"] = "id"

    def recorded(self) -> ContactRecorded:
        """The fact that only notification reads."""
        return ContactRecorded(asn_id=self.asn_id, email=self.email, phone=self.phone, language=self.language)


@dataclass(frozen=True)
class RoleGrant:
    """A role beyond being an ASN, in an agency or below one of its units; `shows` tells a demo's visitor why."""

    asn_id: UUID
    role: str
    agency_code: str
    unit_id: UUID | None = None
    shows: str = ""


class Held(NamedTuple):
    """A role as granted; `unit_path` leads from the agency's top unit to its unit, empty for the whole agency."""

    role: str
    agency_code: str
    unit_id: UUID | None = None
    unit_path: tuple[UUID, ...] = ()


def combine(grants: Iterable[Held], employer: str) -> tuple[frozenset[str], str, UUID | None]:
    """(roles, agency, unit) of a session, which has one scope for all it may do.

    The scope is the narrowest that a staff role was granted for, at the employer first; other staff roles come along
    only where they were granted for that scope or one around it. Without staff roles the scope is the employer's.
    """
    held = list(grants)
    staff = [grant for grant in held if grant.role in STAFF_ROLES]
    plain = {grant.role for grant in held} - STAFF_ROLES
    if not staff:
        return frozenset(plain), employer, None
    scope = min(staff, key=lambda g: (g.agency_code != employer, -len(g.unit_path), g.agency_code, g.role))
    kept = {grant.role for grant in staff if _spans(grant, scope)}
    return frozenset(plain | kept), scope.agency_code, scope.unit_id


def _spans(grant: Held, scope: Held) -> bool:
    inside = grant.unit_id is None or grant.unit_id in scope.unit_path
    return grant.agency_code == scope.agency_code and inside


def changed_fields(
    before: Mapping[UUID, Asn] | Mapping[UUID, Contact], after: Mapping[UUID, Asn] | Mapping[UUID, Contact]
) -> list[tuple[UUID, str]]:
    """(person, field) of what differs in records that were there before; a supervisor by `supervisor_nip`."""
    return [
        (asn_id, "supervisor_nip" if one.name == "supervisor_id" else one.name)
        for asn_id, new in after.items()
        if (old := before.get(asn_id))
        for one in fields(new)
        if getattr(old, one.name) != getattr(new, one.name)
    ]


def placed(units: Mapping[UUID, Unit]) -> list[Unit]:
    """The same units with their paths; raises `BrokenTreeError` where a chain breaks or turns."""
    return [replace(unit, path=path_of(unit.unit_id, units)) for unit in units.values()]


def path_of(unit_id: UUID, units: Mapping[UUID, Unit]) -> tuple[UUID, ...]:
    """Ids from the top unit down to this one; raises `BrokenTreeError` where the chain breaks or turns."""
    agency = units[unit_id].agency_code
    path: list[UUID] = []
    at: UUID | None = unit_id
    while at is not None:
        unit = units.get(at)
        if unit is None or unit.agency_code != agency or at in path:
            raise BrokenTreeError(unit_id)
        path.append(at)
        at = unit.parent_id
    return tuple(reversed(path))
