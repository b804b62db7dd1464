"""A test taken is noted without its answers; whoever reads another's profile or tests is noted."""

import json

import pytest

from assessment.assessments import domain
from bina.web.audit.searching import Sought, find
from named import addresses, shown_to

from .conftest import Site
from .story import accepted, announced, attended, id_of, person
from .taking import take

RUN = "PKP-2026-02"
PRE = domain.own_id(id_of("Aisyah", RUN), "pre")
API = "/assessment/api/v1"


async def prepared(site: Site) -> Site:
    await site.svc.receives(
        person("Aisyah"), person("Budi"), announced(), accepted("Aisyah"), attended("Aisyah")
    )
    return site


async def test_a_test_taken_is_noted_without_its_answers(site_of):
    site = await prepared(await site_of())
    async with site.client() as client:
        asked = (await client.get(f"{API}/assessments/{PRE}")).json()["questions"]
        body = {"answers": {q["id"]: "A" for q in asked}}
        answer = await client.post(
            f"{API}/assessments/{PRE}/answers", json=body, headers={"Idempotency-Key": "key-of-first"}
        )
    assert answer.status_code == 200
    async with site.svc.sessions() as session:
        (entry,) = await find(session, Sought())
    assert entry.changes == [
        {"kind": "assessment", "id": str(PRE), "before": {"state": "open"}, "after": {"state": "scored"}}
    ]
    assert asked[0]["id"] not in json.dumps([entry.detail, entry.values], default=str)


@pytest.mark.parametrize(
    ("name", "roles"),
    [("Budi", ("asn",)), ("Erna", ("operator",)), ("Erna", ("auditor",)), ("Erna", ("platform",))],
)
async def test_nobody_else_is_shown_without_being_noted(site_of, name, roles):
    site = await prepared(await site_of(demo=True))
    await take(site.svc, "Aisyah", right="M1")
    people = {id_of("Aisyah"): (str(id_of("Aisyah")), "Aisyah")}
    fillers = {"asn_id": str(id_of("Aisyah")), "assessment_id": str(PRE)}
    more = [f"{API}/assessments?enrollment_id={id_of('Aisyah', RUN)}"]
    async with site.client(name, *roles) as client:
        shown = await shown_to(client, site.svc, addresses(site.app, fillers, more), people)
    assert shown.escaped == []
    assert bool(shown.noted) is (roles != ("asn",))
