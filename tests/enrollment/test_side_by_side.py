"""Commands, batches and due work on the register at one moment: none overlooks what another writes."""

from datetime import date
from decimal import Decimal

import pytest

from bina.events.enrollment import AsnErased, AsnRecorded
from bina.messaging.testing import ServiceUnderTest
from bina.web.access import Person
from bina.web.problems import Problem
from enrollment.enrolments import applying
from enrollment.enrolments.commands import correct_result
from enrollment.enrolments.completing import Correction
from enrollment.home import store as home
from enrollment.register import store
from enrollment.register.bodies import AsnRow, UnitRow
from enrollment.register.recording import erase_asn, record_asn, record_units
from meeting import Meeting

from .story import (
    ATTENDED,
    CITY,
    PAST,
    SECTION,
    TESTED,
    UNIT,
    asn_id,
    enrollment_id,
    nip,
    person,
    recommended,
    reported,
)


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

    await meeting(svc, (store, "add_people"), record(svc, person(40)), rename_and_tell)
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


async def number(svc: ServiceUnderTest, n: int, run: str, wanted: str) -> None:
    """Give another certificate in place of the one there is."""
    platform = Person(None, "Uji", frozenset({"platform"}))
    right = Correction(
        completed=True,
        jp=16,
        completed_on=date(2026, 10, 6),
        pre_score=None,
        post_score=Decimal(80),
        reason="Nomor tertukar",
        certificate_number=wanted,
    )
    async with svc.sessions() as session, session.begin():
        await correct_result(session, platform, enrollment_id(n, run), right)


async def test_no_number_is_given_while_it_is_revoked(svc: ServiceUnderTest, meeting: Meeting):
    first = reported(7, PAST, certificate_number="BTK/7")
    second = reported(ATTENDED, TESTED, jp=32, post_score=80, certificate_number="MAN/7")
    await svc.receives(first, second, agency=CITY)

    async def swap_back() -> None:
        with pytest.raises(Problem) as refused:
            await number(svc, ATTENDED, TESTED, "BTK/7")
        assert [fault.where for fault in refused.value.errors] == ["certificate_number"]

    await meeting(svc, (applying, "add_revoked"), number(svc, 7, PAST, "MAN/7"), swap_back)
    rows = await svc.rows("SELECT number FROM revoked_certificates")
    assert {row.number for row in rows} == {"BTK/7"}
