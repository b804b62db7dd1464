"""What a session may do, and where, for people with several roles."""

from uuid import uuid5

import pytest

from enrollment.register.bodies import UnitRow
from enrollment.register.domain import RoleGrant
from enrollment.register.recording import record_units
from enrollment.register.store import add_roles, load_session

from .conftest import Site
from .story import CITY, REGENCY, SECTION, SPACE, UNIT, asn_id

OTHER = uuid5(SPACE, "other unit")


@pytest.mark.parametrize(
    ("grants", "roles", "agency", "unit"),
    [
        ([], set(), CITY, None),
        ([("operator", CITY, None), ("head", CITY, None)], {"operator", "head"}, CITY, None),
        ([("operator", CITY, SECTION), ("head", CITY, SECTION)], {"operator", "head"}, CITY, SECTION),
        ([("operator", CITY, SECTION), ("head", CITY, OTHER)], {"operator"}, CITY, SECTION),
        ([("operator", CITY, SECTION), ("head", CITY, UNIT)], {"operator", "head"}, CITY, SECTION),
        ([("operator", CITY, UNIT), ("bkd", CITY, None)], {"operator", "bkd"}, CITY, UNIT),
        ([("operator", REGENCY, None), ("evaluator", CITY, None)], {"operator", "evaluator"}, REGENCY, None),
        ([("operator", REGENCY, None), ("head", CITY, None)], {"head"}, CITY, None),
        ([("operator", CITY, uuid5(SPACE, "gone"))], {"operator"}, CITY, uuid5(SPACE, "gone")),
        ([("evaluator", REGENCY, None)], {"evaluator"}, CITY, None),
    ],
)
async def test_a_session_never_reaches_further_than_its_roles(site: Site, grants, roles, agency, unit):
    rows = [RoleGrant(asn_id(2), role, granted_in, below) for role, granted_in, below in grants]
    async with site.svc.sessions() as session, session.begin():
        await record_units(session, [UnitRow(id=OTHER, agency_code=CITY, name="Dinas Sosial")])
        await add_roles(session, rows)
        person = await load_session(session, asn_id(2))
    assert person is not None
    assert (person.roles, person.agency_code, person.unit_id) == (roles | {"asn"}, agency, unit)
