"""Commands, batches and due work on the register at one moment: none overlooks what another writes."""

import pytest

from bina.events.enrollment import AsnErased, AsnRecorded
from bina.messaging.testing import ServiceUnderTest
from enrollment.home import store as home
from enrollment.register import store
from enrollment.register.bodies import AsnRow, UnitRow
from enrollment.register.recording import erase_asn, record_asn, record_units
from meeting import Meeting

from .story import CITY, SECTION, UNIT, asn_id, nip, person, recommended


async def erase(svc: ServiceUnderTest, n: int) -> None:
    async with svc.sessions() as session, session.begin():
        await erase_asn(session, asn_id(n))


async def record(svc: ServiceUnderTest, row: AsnRow) -> None:
    async with svc.sessions() as session, session.begin():
        await record_asn(session, [row])


async def rename(svc: ServiceUnderTest, unit: UnitRow) -> None:
    async with svc.sessions() as session, session.begin():
        await record_units(session, [unit])


TOP = UnitRow(id=UNIT, agency_code=CITY, name="Sekretariat")
BELOW = UnitRow(id=SECTION, agency_code=CITY, name="Subbagian Kepegawaian", parent_id=UNIT)


async def test_two_units_of_an_agency_are_renamed_at_once(svc: ServiceUnderTest, meeting: Meeting):
    await meeting(svc, (store, "load_units"), rename(svc, TOP), lambda: rename(svc, BELOW))
    names = {row.name for row in await svc.rows("SELECT name FROM units")}
    assert names == {TOP.name, BELOW.name}


async def test_who_comes_to_a_unit_as_it_is_renamed_is_told_with_its_new_name(
    svc: ServiceUnderTest, meeting: Meeting
):
    async def rename_and_tell() -> None:
        await rename(svc, BELOW)
        await svc.does_due_work()

    await meeting(svc, (store, "load_people"), record(svc, person(40)), rename_and_tell)
    *_, last = [e for e in await svc.emitted(AsnRecorded) if e.asn_id == asn_id(40)]
    assert last.unit_name == BELOW.name


async def test_nobody_is_told_anew_after_their_erasure(svc: ServiceUnderTest, meeting: Meeting):
    await rename(svc, BELOW)
    await meeting(svc, (store, "people_of_units"), svc.does_due_work(), lambda: erase(svc, 2))
    *_, last = [e for e in await svc.emitted(AsnRecorded, AsnErased) if e.asn_id == asn_id(2)]
    assert isinstance(last, AsnErased)


async def test_who_is_told_anew_is_told_as_last_recorded(svc: ServiceUnderTest, meeting: Meeting):
    await rename(svc, BELOW)
    moved = person(2, position="Arsiparis")
    await meeting(svc, (store, "people_of_units"), svc.does_due_work(), lambda: record(svc, moved))
    *_, last = [e for e in await svc.emitted(AsnRecorded) if e.asn_id == asn_id(2)]
    assert (last.position, last.unit_name) == ("Arsiparis", BELOW.name)


@pytest.mark.parametrize("erased_first", [True, False])
async def test_nothing_recommended_is_kept_of_whoever_is_erased(
    svc: ServiceUnderTest, meeting: Meeting, *, erased_first: bool
):
    if erased_first:
        await meeting(svc, (store, "erase"), erase(svc, 2), lambda: svc.receives(recommended(2)))
    else:
        recommending = svc.receives(recommended(2))
        await meeting(svc, (home, "add_recommendations"), recommending, lambda: erase(svc, 2))
    assert await svc.rows("SELECT asn_id FROM recommendations") == []


@pytest.mark.parametrize("erased_first", [True, False])
async def test_nobody_is_left_to_a_supervisor_who_is_erased(
    svc: ServiceUnderTest, meeting: Meeting, *, erased_first: bool
):
    newcomer = person(40, supervisor_id=None, supervisor_nip=nip(2))
    if erased_first:
        await meeting(svc, (store, "erase"), erase(svc, 2), lambda: record(svc, newcomer))
    else:
        await meeting(svc, (store, "add_people"), record(svc, newcomer), lambda: erase(svc, 2))
    *_, last = [e for e in await svc.emitted(AsnRecorded) if e.asn_id == asn_id(40)]
    assert last.supervisor_id is None
    assert await svc.rows("SELECT 1 FROM asn WHERE supervisor_id = :id", id=asn_id(2)) == []
