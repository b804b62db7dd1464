"""Seats held back for those who have not reached the year's floor of JP, by the ledger when a seat is given."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid5

import pytest

from bina.events.enrollment import EnrollmentAccepted
from bina.messaging import clock
from enrollment.catalogue import admission_form
from enrollment.catalogue.bodies import AdmissionRow
from enrollment.entitlement.domain import LESSON, Statement
from enrollment.entitlement.store import load_below_floor, record
from enrollment.register.recording import record_asn

from .conftest import Site
from .story import CITY, SPACE, asked, asn_id, enrollment_id, nip, person
from .test_data_requests import page
from .test_held_seats import HELD, announced, states

TODAY = date(2026, 11, 20)
LEARNERS = {"group": "below_floor", "seats": 1}


async def earned(site: Site, n: int, jp: float, day: date = TODAY, name: str = "") -> None:
    source = uuid5(SPACE, f"outside/{n}/{name}")
    stated = Statement("outside", source, asn_id(n), 1, int(jp * LESSON), day)
    async with site.svc.sessions() as session, session.begin():
        await record(session, [stated])


async def below(site: Site, *numbers: int) -> set[UUID]:
    async with site.svc.sessions() as session:
        return await load_below_floor(session, [asn_id(n) for n in numbers], TODAY)


async def test_the_ledger_says_who_is_below_by_the_dated_rules(site: Site):
    async with site.svc.sessions() as session, session.begin():
        contract = {"employment": "PPPK", "nip": "198703032024211001", "started_on": date(2024, 3, 1)}
        await record_asn(session, [person(6, **contract), person(7, appointment="CPNS")])
    await earned(site, 2, 20)
    await earned(site, 3, 19.9)
    await earned(site, 4, 40, date(2025, 12, 31))
    # a PPPK has a ceiling and no floor; a CPNS has none yet
    assert await below(site, 2, 3, 4, 5, 6, 7, 999) == {asn_id(3), asn_id(4), asn_id(5)}


async def test_a_seat_held_for_them_is_given_to_nobody_else(site: Site):
    await announced(site, 2, LEARNERS)
    for n in (2, 3, 5):
        await earned(site, n, 25)
    await site.svc.receives(*(asked(n, HELD) for n in (2, 3, 4)), agency=CITY)
    found = await states(site)
    assert [found[asn_id(n)] for n in (2, 3, 4)] == [
        ("accepted", ""),
        ("waitlisted", ""),
        ("accepted", "below_floor"),
    ]


async def test_what_counts_is_the_ledger_when_a_seat_becomes_free(site: Site):
    await announced(site, 2, LEARNERS)
    await earned(site, 2, 25)
    await site.svc.receives(*(asked(n, HELD) for n in (2, 3, 4, 5)), agency=CITY)
    assert (await states(site))[asn_id(3)] == ("accepted", "below_floor")
    await site.svc.emitted()
    await earned(site, 4, 25)  # was below the floor while waiting, and is no more
    await site.command(f"enrolments/{enrollment_id(3, HELD)}/withdraw", {}, "operator")
    (moved,) = await site.svc.emitted(EnrollmentAccepted)
    assert moved.asn_id == asn_id(5)


async def test_their_substitute_is_one_of_them(site: Site):
    await announced(site, 2, LEARNERS)
    await earned(site, 4, 25)
    await site.svc.receives(asked(3, HELD), agency=CITY)
    path = f"enrolments/{enrollment_id(3, HELD)}/substitute"
    refused = await site.command(path, {"nip": nip(4)}, "operator")
    assert refused.json()["type"] == "urn:bina:problem:substitute-held"
    assert (await site.command(path, {"nip": nip(5)}, "operator")).status_code == 200


async def test_the_page_and_the_api_name_them(site: Site):
    await announced(site, 1, LEARNERS)
    await earned(site, 2, 25)
    words = "1 kursi ditahan untuk yang belum 20 JP tahun ini sampai 25 November 2026."
    shown = await page(site, f"/enrollment/angkatan/{HELD}", "asn", person=2)
    assert (words in shown, "Masuk daftar tunggu" in shown) == (True, True)
    assert "Masuk daftar tunggu" not in await page(site, f"/enrollment/angkatan/{HELD}", "asn", person=3)
    run = (await site.reads(f"runs/{HELD}", "operator")).json()
    assert run["admission"]["held"] == [LEARNERS]


def test_the_form_takes_them_and_gives_them_back():
    wrong: dict[str, str] = {}
    form = {"approval": "", "held": "Kurang-JP 3", "held_until": "2026-11-25", "substitutes_until": ""}
    admission = AdmissionRow.model_validate(admission_form.read(form, wrong)).admission()
    assert wrong == {}
    assert admission_form.filled(admission)["held"] == "kurang-jp 3"


@pytest.mark.parametrize(("today", "found"), [(TODAY, False), (date(2027, 1, 2), True)])
async def test_a_new_year_begins_at_nothing(site: Site, today: date, *, found: bool):
    await earned(site, 2, 25)
    async with site.svc.sessions() as session:
        assert (asn_id(2) in await load_below_floor(session, [asn_id(2)], today)) is found
    assert clock.now() < datetime(2027, 1, 1, tzinfo=UTC)
