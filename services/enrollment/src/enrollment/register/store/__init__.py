"""The register's tables and queries."""

from enrollment.register.store.agencies import (
    add_agencies,
    count_people,
    grant_rights,
    hold_agencies,
    load_agencies,
    load_employers,
    load_rights,
    share_agencies,
)
from enrollment.register.store.people import (
    add_contacts,
    add_people,
    erase,
    find_people,
    hold_people,
    load_contacts,
    load_keys,
    load_people,
    page_of_people,
    people_of_units,
    taken_nips,
)
from enrollment.register.store.roles import (
    DemoPerson,
    add_roles,
    load_demo_people,
    load_session,
    remove_role,
)
from enrollment.register.store.units import add_units, find_units, load_units

__all__ = [
    "DemoPerson",
    "add_agencies",
    "add_contacts",
    "add_people",
    "add_roles",
    "add_units",
    "count_people",
    "erase",
    "find_people",
    "find_units",
    "grant_rights",
    "hold_agencies",
    "hold_people",
    "load_agencies",
    "load_contacts",
    "load_demo_people",
    "load_employers",
    "load_keys",
    "load_people",
    "load_rights",
    "load_session",
    "load_units",
    "page_of_people",
    "people_of_units",
    "remove_role",
    "share_agencies",
    "taken_nips",
]
