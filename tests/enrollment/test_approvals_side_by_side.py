"""Answers to requests and what time makes of them, at the very same moment: neither ends the other."""

from datetime import timedelta

import httpx
import pytest

from bina.messaging import clock
from enrollment.enrolments import store as enrolments
from meeting import Meeting

from .conftest import Site
from .story import CITY, asked
from .test_approvals import ASKING, announced, asks
from .test_held_seats import HELD, UNTIL
from .test_held_seats import announced as held_back


async def dues(site: Site) -> list[str]:
    return [row.kind for row in await site.svc.rows("SELECT kind FROM messaging.due ORDER BY kind")]


async def later(**much: float) -> None:
    clock.move(clock.offset() + timedelta(**much))


@pytest.mark.parametrize(
    ("approval", "what", "body", "who", "outcome"),
    [
        ("supervisor", "approve", {}, 1, "accepted"),
        ("both", "approve", {}, 1, "awaiting"),
        ("supervisor", "refuse", {"reason": "Audit"}, 1, "refused"),
        ("supervisor", "withdraw", {}, 2, "withdrawn"),
    ],
)
async def test_an_answer_at_the_moment_in_which_its_time_is_over(
    site: Site, meeting: Meeting, approval: str, what: str, body: dict, who: int, outcome: str
):
    await announced(site, approval)
    id_ = await asks(site, 2)
    await later(days=3, hours=1)
    answers: list[httpx.Response] = []

    async def answer() -> None:
        answers.append(await site.command(f"approvals/{id_}/{what}", body, "asn", person=who))

    await meeting(site.svc, (enrolments, "lock_runs"), answer(), site.svc.due.run)
    assert [(one.status_code, one.json()["outcome"]) for one in answers] == [(200, outcome)]
    assert await dues(site) == (["enrolment.approval"] if outcome == "awaiting" else [])


async def test_an_agencys_word_at_the_moment_in_which_the_supervisors_time_is_over(
    site: Site, meeting: Meeting
):
    await announced(site, "supervisor")
    await asks(site, 2)
    await later(days=3, hours=1)
    asking = site.svc.receives(asked(2, ASKING), agency=CITY)
    await meeting(site.svc, (enrolments, "lock_runs_by_code"), asking, site.svc.due.run)
    (row,) = await site.svc.rows("SELECT state FROM approvals")
    assert row.state == "approved"


@pytest.mark.parametrize("what", ["cancel", "conclude"])
async def test_a_run_that_ends_at_the_moment_in_which_a_supervisors_time_is_over(
    site: Site, meeting: Meeting, what: str
):
    await announced(site, "supervisor")
    await asks(site, 2)
    await later(days=3, hours=1)
    answers: list[httpx.Response] = []

    async def end() -> None:
        body = {"reason": "Narasumber sakit"} if what == "cancel" else {}
        answers.append(await site.command(f"runs/{ASKING}/{what}", body, "operator"))

    await meeting(site.svc, (enrolments, "lock_runs"), end(), site.svc.due.run)
    assert [one.status_code for one in answers] == [200]
    (row,) = await site.svc.rows("SELECT state FROM approvals")
    assert row.state == "lapsed"


async def test_an_answer_that_comes_just_after_its_time_finds_the_request_passed_on(
    site: Site, meeting: Meeting
):
    await announced(site, "supervisor")
    id_ = await asks(site, 2)
    await later(days=3, hours=1)
    answers: list[httpx.Response] = []

    async def answer() -> None:
        answers.append(await site.command(f"approvals/{id_}/approve", {}, "asn", person=1))

    await meeting(site.svc, (enrolments, "lock_runs"), site.svc.due.run(), answer)
    assert [one.json()["type"] for one in answers] == ["urn:bina:problem:awaits-agency"]


async def test_a_run_is_changed_at_the_moment_in_which_its_held_seats_are_anybodys(
    site: Site, meeting: Meeting
):
    await held_back(site, 2, {"group": "remote", "seats": 1})
    await later(days=(UNTIL - clock.today()).days + 1)
    answers: list[httpx.Response] = []

    async def change() -> None:
        answers.append(await site.command(f"runs/{HELD}/change", {"seats": 3}, "operator"))

    await meeting(site.svc, (enrolments, "lock_runs"), change(), site.svc.due.run)
    assert [one.status_code for one in answers] == [200]
