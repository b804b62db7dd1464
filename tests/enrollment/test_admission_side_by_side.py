"""Commands on runs, drafts, partners and requests at the very same moment: none is acknowledged without its effect."""

import httpx

from bina.web.problems import Problem
from enrollment.catalogue import drafting
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.domain import Programme
from enrollment.enrolments import store as enrolments
from enrollment.register.recording import erase_asn
from meeting import Meeting

from .conftest import Site
from .story import CITY, REGENCY, asn_id, left_long_ago
from .test_approvals import announced, asks
from .test_light_forms import sends as seminar
from .test_run_forms import sends


async def test_of_two_seminars_with_one_code_at_once_one_is_refused(site: Site, meeting: Meeting):
    answers: list[httpx.Response] = []

    async def hold(name: str) -> None:
        answers.append(await seminar(site, name=name))

    await meeting(site.svc, (catalogue, "load_draft"), hold("Yang pertama"), lambda: hold("Yang kedua"))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    (row,) = await site.svc.rows("SELECT name, version FROM programmes WHERE programme_code = 'SEM-2026-90'")
    assert (row.name, row.version) == ("Yang pertama", 1)


async def test_of_two_runs_with_one_code_at_once_one_is_refused(site: Site, meeting: Meeting):
    answers: list[httpx.Response] = []

    async def announce(seats: str) -> None:
        answers.append(await sends(site, "program/BTK/angkatan", seats=seats))

    await meeting(site.svc, (catalogue, "load_runs_by_code"), announce("25"), lambda: announce("30"))
    assert sorted(answer.status_code for answer in answers) == [303, 409]


async def test_of_two_agencies_drafts_with_one_code_at_once_neither_overwrites_the_other(
    site: Site, meeting: Meeting
):
    refused: list[Problem] = []

    async def write(agency: str) -> None:
        programme = Programme("BARU", f"Milik {agency}", 10)
        try:
            async with site.svc.sessions() as session, session.begin():
                await drafting.save_all(session, [programme], agency)
        except Problem as problem:
            refused.append(problem)

    await meeting(site.svc, (catalogue, "load_draft"), write(CITY), lambda: write(REGENCY))
    (row,) = await site.svc.rows("SELECT name, recorded_by FROM programme_drafts")
    assert row.name == f"Milik {row.recorded_by}"
    assert [problem.status for problem in refused] == [403]


async def test_a_request_whose_person_is_erased_meanwhile_is_not_there(site: Site, meeting: Meeting):
    await announced(site, "agency")
    id_ = await asks(site, 2)
    await left_long_ago(site.svc, 2)
    answers: list[httpx.Response] = []

    async def approve() -> None:
        answers.append(await site.command(f"approvals/{id_}/approve", {}, "operator"))

    async def erase() -> None:
        async with site.svc.sessions() as session, session.begin():
            await erase_asn(session, asn_id(2))

    await meeting(site.svc, (enrolments, "lock_runs"), approve(), erase)
    assert [answer.status_code for answer in answers] == [404]
