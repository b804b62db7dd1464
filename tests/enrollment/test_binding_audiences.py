"""Whom a programme is for: only informs, or refuses everybody else whichever way they come."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bina.events.agency import RequestAnswered
from enrollment.catalogue.announcing import announce_runs, record_programmes
from enrollment.catalogue.audience import Place, fits
from enrollment.catalogue.bodies import ProgrammeRow
from enrollment.catalogue.domain import Audience
from enrollment.register.recording import record_asn

from .conftest import Site
from .importing import Importing, enrolments
from .story import CITY, asked, enrollment_id, nip, person, run
from .test_data_requests import page
from .test_programmes import HEAD, answers, writes

RUN = "PKP-2026-09"
LEADERS = {"positions": ["Struktural"], "job_levels": ["Pengawas"], "agencies": [CITY]}
names = st.lists(st.sampled_from(["Struktural", "Pengawas", CITY]), max_size=2).map(tuple)


async def announced(site: Site, *, binds: bool | None, approval: str = "") -> None:
    """A run for Pengawas in structural positions of the city; Pegawai 3 is one, Pegawai 2 is not."""
    programme = ProgrammeRow(code="PKP", name="Kepemimpinan Pengawas", jp=30, audience_binds=binds, **LEADERS)
    row = run(
        RUN,
        CITY,
        date(2026, 12, 1),
        date(2026, 12, 4),
        seats=1,
        open_to=[CITY],
        admission={"approval": approval},
    )
    async with site.svc.sessions() as session, session.begin():
        fitting = {"position_type": "Struktural", "job_level": "pengawas"}
        await record_asn(session, [person(3, **fitting), person(4, **fitting), person(2)])
        await record_programmes(session, [programme])
        await announce_runs(session, [row])
    await site.svc.emitted()


async def asks(site: Site, n: int) -> tuple[int, str, str]:
    answer = await site.command("enrolments", {"run": RUN}, "asn", person=n)
    body = answer.json()
    return answer.status_code, body.get("type", ""), body.get("detail", "")


@pytest.mark.parametrize("binds", [None, False])
async def test_advice_refuses_nobody(site: Site, *, binds: bool | None):
    await announced(site, binds=binds)
    assert (await asks(site, 2))[0] == 201
    assert "Hanya untuk" not in await page(site, f"/enrollment/angkatan/{RUN}", "asn", person=2)


async def test_who_is_outside_is_refused_in_words_they_can_act_on(site: Site):
    await announced(site, binds=True)
    status, problem, words = await asks(site, 2)
    assert (status, problem) == (409, "urn:bina:problem:audience-outside")
    only = f"hanya untuk jabatan Struktural; jenjang Pengawas; instansi {CITY}."
    assert words == f"Angkatan {only} Pilih angkatan lain, atau perbaiki data pegawai bila keliru."
    assert (await asks(site, 3))[0] == 201


async def test_the_runs_page_says_so_before_anybody_asks(site: Site):
    await announced(site, binds=True)
    outside = await page(site, f"/enrollment/angkatan/{RUN}", "asn", person=2)
    assert "Angkatan ini hanya untuk jabatan Struktural; jenjang Pengawas" in outside
    inside = await page(site, f"/enrollment/angkatan/{RUN}", "asn", person=3)
    assert "Hanya untuk jabatan Struktural; jenjang Pengawas" in inside
    assert "Angkatan ini hanya untuk" not in inside


async def test_clerks_and_agencies_messages_are_told_the_same(site: Site):
    await announced(site, binds=True)
    answer = await site.command("enrolments", {"run": RUN, "nip": nip(2)}, "operator", person=5)
    assert answer.json()["type"] == "urn:bina:problem:audience-outside"
    await site.svc.receives(asked(2, RUN), asked(3, RUN), agency=CITY)
    told = await site.svc.emitted(RequestAnswered)
    assert [(one.outcome, [p.code for p in one.problems]) for one in told] == [
        ("refused", ["audience.outside"]),
        ("accepted", []),
    ]


async def test_a_files_plan_names_the_row_and_the_column(site: Site):
    await announced(site, binds=True)
    importing = Importing(site)
    uploaded = await importing.upload(enrolments(nip(3), nip(2), run=RUN), "pendaftaran", CITY)
    assert uploaded.status_code == 201, uploaded.text
    found = await importing.rows(uploaded.json()["id"])
    problems = [(row["row"], p["column"], p["code"]) for row in found for p in row["problems"]]
    assert problems == [(3, "NIP", "audience.outside")]


async def test_a_substitute_and_an_approved_request_are_held_to_it(site: Site):
    await announced(site, binds=True)
    await asks(site, 3)
    path = f"enrolments/{enrollment_id(3, RUN)}/substitute"
    answer = await site.command(path, {"nip": nip(2)}, "operator", person=5)
    assert answer.json()["type"] == "urn:bina:problem:audience-outside"
    assert (await site.command(path, {"nip": nip(4)}, "operator", person=5)).status_code < 300


async def test_who_moved_elsewhere_while_their_request_waited_is_refused(site: Site):
    await announced(site, binds=True, approval="supervisor")
    asking = await site.command("enrolments", {"run": RUN}, "asn", person=3)
    async with site.svc.sessions() as session, session.begin():
        await record_asn(session, [person(3, position_type="Pelaksana", job_level="Pengawas")])
    id_ = asking.json()["approval_id"]
    answer = await site.command(f"approvals/{id_}/approve", {}, "asn", person=1)
    assert (answer.json()["outcome"], "hanya untuk" in answer.json()["reason"]) == ("refused", True)


async def test_runs_keep_the_version_they_were_announced_with(site: Site):
    await announced(site, binds=False)
    async with site.svc.sessions() as session, session.begin():
        row = ProgrammeRow(code="PKP", name="Kepemimpinan Pengawas", jp=30, audience_binds=True, **LEADERS)
        await record_programmes(session, [row])
    assert (await asks(site, 2))[0] == 201


async def test_the_form_asks_whether_it_binds_and_the_version_says_so(site: Site):
    assert (await writes(site, audience="binding", job_levels="Pengawas", then="submit")).status_code == 303
    assert "Sifat sasaran mengikat" in await page(site, "/enrollment/program/ARS", "bkd", person=HEAD)
    assert await answers(site, "setujui") == 303
    shown = (await site.reads("programmes", "platform", agency=None)).json()["items"]
    assert {one["code"]: one["audience_binds"] for one in shown}["ARS"] is True


@given(names, names, names, st.tuples(*[st.sampled_from(["", "struktural", "Pengawas", CITY])] * 3))
def test_an_audience_asks_only_for_what_it_names(
    positions: tuple[str, ...], levels: tuple[str, ...], agencies: tuple[str, ...], had: tuple[str, str, str]
):
    audience = Audience(positions, levels, agencies)
    expected = all(
        not named or had[place].lower() in [one.lower() for one in named]
        for place, named in enumerate(audience)
    )
    assert fits(audience, Place(*had)) is expected
