"""A unit's operator acts from that unit downwards, wherever the people of the rest of the agency stand."""

from typing import Any
from uuid import uuid5

import pytest

from enrollment.register.bodies import UnitRow
from enrollment.register.recording import record_asn, record_units

from .conftest import Site
from .story import (
    CITY,
    OPEN,
    SECTION,
    SMALL,
    SPACE,
    UNIT,
    asked,
    asn_id,
    enrollment_id,
    left_long_ago,
    nip,
    person,
)

OTHER = uuid5(SPACE, "other unit")
ELSEWHERE = 40


@pytest.fixture
async def town(site: Site) -> Site:
    """The story's register, and one person in another unit of the same agency."""
    async with site.svc.sessions() as session, session.begin():
        await record_units(session, [UnitRow(id=OTHER, agency_code=CITY, name="Dinas Sosial")])
        await record_asn(session, [person(ELSEWHERE, unit_id=str(OTHER))])
    await site.svc.emitted()
    return site


def row(n: int, **changes) -> dict[str, Any]:
    return person(n, **changes).model_dump(mode="json", exclude_unset=True)


def unit(id_, parent=None, name: str = "Unit") -> dict[str, Any]:
    return {"id": str(id_), "agency_code": CITY, "name": name, "parent_id": str(parent) if parent else None}


async def test_people_are_recorded_in_the_unit_and_below_only(town: Site):
    async def recorded(*rows: dict[str, Any]) -> int:
        return (await town.command("asn", {"items": [*rows]}, "operator", unit=UNIT)).status_code

    assert await recorded(row(3, position="Arsiparis"), row(50)) == 201
    assert await recorded(row(ELSEWHERE, unit_id=str(OTHER), position="Arsiparis")) == 403
    assert await recorded(row(ELSEWHERE)) == 403, "taken over from another unit"
    assert await recorded(row(3, unit_id=str(OTHER))) == 403, "pushed into another unit"
    assert await recorded(row(51, unit_id=None)) == 403, "above every unit"


async def test_nobody_outside_the_unit_is_erased(town: Site):
    await left_long_ago(town.svc, 3)
    statuses = {}
    for n in (ELSEWHERE, 3):
        async with town.client("operator", unit=UNIT) as client:
            path = f"/enrollment/api/v1/asn/{asn_id(n)}"
            statuses[n] = (
                await client.delete(path, headers={"Idempotency-Key": f"erase-person-{n}"})
            ).status_code
    assert statuses == {ELSEWHERE: 403, 3: 200}


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([unit(SECTION, UNIT, "Subbagian Tata Usaha")], 201),
        ([unit(uuid5(SPACE, "new"), SECTION), unit(uuid5(SPACE, "newer"), uuid5(SPACE, "new"))], 201),
        ([unit(UNIT, OTHER)], 403),
        ([unit(UNIT, None, "Nama lain")], 403),
        ([unit(SECTION, OTHER)], 403),
        ([unit(SECTION)], 403),
        ([unit(OTHER, UNIT)], 403),
        ([unit(uuid5(SPACE, "new"))], 403),
        ([unit(uuid5(SPACE, "new"), OTHER)], 403),
        ([unit(uuid5(SPACE, "new"), uuid5(SPACE, "nowhere"))], 403),
    ],
)
async def test_units_are_placed_below_the_own_one_only(town: Site, rows, status):
    answer = await town.command("units", {"items": rows}, "operator", unit=UNIT)
    assert answer.status_code == status


async def test_enrolments_of_the_unit_are_listed_and_no_others(town: Site):
    await town.svc.receives(asked(3, SMALL), asked(ELSEWHERE, SMALL), agency=CITY)

    async def seen(**who) -> set[str]:
        items = (await town.reads(f"enrolments?run={SMALL}", "operator", **who)).json()["items"]
        return {item["nip"] for item in items}

    assert await seen() == {nip(3), nip(ELSEWHERE)}
    assert await seen(unit=UNIT) == {nip(3)}
    async with town.client("operator", unit=UNIT) as client:
        page = (await client.get(f"/enrollment/angkatan/{SMALL}")).text
    assert (nip(3) in page, nip(ELSEWHERE) in page) == (True, False)
    assert "Peserta dari unit Anda" in page


async def test_a_seat_is_asked_for_and_given_back_for_the_unit_only(town: Site):
    async def acts(path: str, body: dict[str, Any]) -> int:
        return (await town.command(path, body, "operator", unit=UNIT)).status_code

    assert await acts("enrolments", {"run": OPEN, "nip": nip(3)}) == 201
    assert await acts("enrolments", {"run": OPEN, "nip": nip(ELSEWHERE)}) == 403
    await town.svc.receives(asked(ELSEWHERE, OPEN), agency=CITY)
    assert await acts(f"enrolments/{enrollment_id(ELSEWHERE, OPEN)}/withdraw", {}) == 403
    assert await acts(f"enrolments/{enrollment_id(3, OPEN)}/withdraw", {}) == 200


async def test_runs_are_the_agencys_own_matter(town: Site):
    cancelled = await town.command(f"runs/{SMALL}/cancel", {"reason": "Tanpa hak"}, "operator", unit=UNIT)
    body = {"items": [{"code": "X-1", "programme": "BTK", "organiser": CITY}]}
    body["items"][0] |= {"starts_on": "2026-12-01", "ends_on": "2026-12-02"}
    announced = await town.command("runs", body, "operator", unit=UNIT)
    assert (cancelled.status_code, announced.status_code) == (403, 403)
