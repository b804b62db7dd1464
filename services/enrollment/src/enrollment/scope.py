"""Who may see and change what, by agency and unit: the one place that decides; without a scope it is refused."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.problems import Problem

STAFF = ("operator", "bkd", "head")
CLERKS = ("operator", "bkd")


@dataclass(frozen=True)
class Reach:
    """Whose people may be read: an agency's, below one unit if `unit_id` is set; agency None: everyone's."""

    agency_code: str | None
    unit_id: UUID | None = None


Place = tuple[str, tuple[UUID, ...]]
"""Where a record lies: its agency, and the units from the agency's top one down to its own"""


def reach_of(person: Person) -> Reach:
    """What a person may read of others; raises `Problem` (403) for those who may read nothing."""
    if person.may("platform"):
        return Reach(None)
    if person.agency_code and person.may(*STAFF):
        return Reach(person.agency_code, person.unit_id)
    raise out_of_scope()


def may_write(person: Person, agency_code: str, unit_path: tuple[UUID, ...] = ()) -> bool:
    """Whether a person acts for an agency as a whole, or for what lies at `unit_path` in it.

    Its operator or BKD does, or the platform; a unit's operator only from that unit downwards.
    """
    if person.may("platform"):
        return True
    if not person.may(*CLERKS) or person.agency_code != agency_code:
        return False
    return person.unit_id is None or person.unit_id in unit_path


def check_writes(person: Person, agency_codes: set[str]) -> None:
    """Raise `Problem` (403) unless the person acts for each of the agencies as a whole."""
    check_writes_at(person, ((code, ()) for code in agency_codes))


def check_writes_at(person: Person, places: Iterable[Place]) -> None:
    """Raise `Problem` (403) unless the person acts for what lies at each of the places."""
    if not all(may_write(person, agency_code, unit_path) for agency_code, unit_path in places):
        raise out_of_scope()


def acting_agency(person: Person) -> str | None:
    """The agency that somebody acts for as a whole, None for the platform; raises `Problem` (403) for others."""
    if person.may("platform"):
        return None
    check_writes(person, {person.agency_code or ""})
    return person.agency_code


def out_of_scope() -> Problem:
    """403: the record belongs to another agency or unit."""
    return Problem(
        "out-of-scope",
        403,
        _("Data ini milik instansi atau unit lain."),
        mend=_("Minta pengelola instansi atau unit itu yang mengerjakannya."),
    )
