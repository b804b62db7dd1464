"""From a signed-in person to what they may see; closed unless they hold an agency."""

from bina.web.access import Person

from .store import Scope


def scope_of(person: Person) -> Scope:
    """An agency's readers see its runs and its people, a unit's only the people of its subtree; the platform all."""
    if person.may("platform"):
        return Scope(everything=True)
    return Scope(agency_code=person.agency_code, unit_id=person.unit_id)
