"""Who may see and change what, by agency: the one place that decides; without a scope it is refused."""

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


def reach_of(person: Person) -> Reach:
    """What a person may read of others; raises `Problem` (403) for those who may read nothing."""
    if person.may("platform"):
        return Reach(None)
    if person.agency_code and person.may(*STAFF):
        return Reach(person.agency_code, person.unit_id)
    raise out_of_scope()


def may_write(person: Person, agency_code: str) -> bool:
    """Whether a person acts for an agency: its operator or BKD, or the platform."""
    return person.may("platform") or (person.may(*CLERKS) and person.agency_code == agency_code)


def check_writes(person: Person, agency_codes: set[str]) -> None:
    """Raise `Problem` (403) unless the person acts for each of the agencies."""
    if not all(may_write(person, code) for code in agency_codes):
        raise out_of_scope()


def out_of_scope() -> Problem:
    """403: the record belongs to another agency."""
    return Problem(
        "out-of-scope",
        403,
        _("Data ini milik instansi lain."),
        mend=_("Minta pengelola instansi itu yang mengerjakannya."),
    )
