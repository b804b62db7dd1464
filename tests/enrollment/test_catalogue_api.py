"""Commands on the catalogue: ids and codes that meet, days that no other service can count from, whose a programme is."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from bina.events.enrollment import TrainingAnnounced
from enrollment.catalogue.domain import run_id_of

from .conftest import Site
from .story import CITY, REGENCY, SECTION, SMALL


def run(code: str, **changes) -> dict[str, Any]:
    row = {"code": code, "programme": "BTK", "organiser": CITY}
    return row | {"starts_on": "2026-12-21", "ends_on": "2026-12-22"} | changes


async def announce(site: Site, *rows: dict[str, Any]):
    return await site.command("runs", {"items": [*rows]}, "operator")


@pytest.mark.parametrize("taken", [str(run_id_of(SMALL)), str(run_id_of("NEW-1"))])
async def test_an_id_of_another_run_is_named(site: Site, taken: str):
    answer = await announce(site, run("NEW-1"), run("NEW-2", id=taken))
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:bina:problem:invalid-input")
    assert [fault["where"] for fault in answer.json()["errors"]] == ["items.1.id"]
    assert await site.svc.emitted() == []


async def test_an_id_given_twice_is_named(site: Site):
    one = str(uuid4())
    answer = await announce(site, run("NEW-1", id=one), run("NEW-2", id=one))
    assert [fault["where"] for fault in answer.json()["errors"]] == ["items.1.id"]


async def test_calls_at_once_announce_a_code_once(site: Site):
    answers = await asyncio.gather(*(announce(site, run("NEW-1", id=str(uuid4()))) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert sorted(answer.json()["announced"] for answer in answers) == [0, 0, 0, 1]
    assert len(await site.svc.emitted(TrainingAnnounced)) == 1


@pytest.mark.parametrize("day", ["0001-01-01", "1989-12-31", "2101-01-01", "9999-12-31"])
async def test_days_beyond_every_calendar_are_refused(site: Site, day: str):
    announced = await announce(site, run("NEW-1", starts_on=day, ends_on=day))
    changed = await site.command(f"runs/{SMALL}/change", {"starts_on": day}, "operator")
    ended = await site.command(f"runs/{SMALL}/conclude", {"concluded_on": day}, "operator")
    assert [answer.status_code for answer in (announced, changed, ended)] == [422] * 3
    assert await site.svc.emitted() == []


async def test_a_programme_belongs_to_whoever_recorded_it(site: Site):
    async def recorded(code: str, name: str, *roles: str, **who) -> int:
        body = {"items": [{"code": code, "name": name, "jp": 10}]}
        return (await site.command("programmes", body, *roles, **who)).status_code

    assert await recorded("ARS", "Kearsipan", "operator") == 201
    assert await recorded("ARS", "Kearsipan Dinamis", "bkd") == 201
    assert await recorded("ARS", "Direbut", "operator", agency=REGENCY) == 403
    assert await recorded("ARS", "Kearsipan Statis", "platform", agency=None) == 201
    assert await recorded("ARS", "Arsip", "operator") == 201, "still the agency's own"
    assert await recorded("BTK", "Direbut", "operator") == 403, "the platform's"
    assert await recorded("ARS", "Unit", "operator", unit=SECTION) == 403
    assert await recorded("ARS", "Tanpa instansi", "operator", agency=None) == 403
    names = await site.svc.rows("SELECT name FROM programmes WHERE programme_code IN ('ARS', 'BTK')")
    assert {row.name for row in names} == {"Arsip", "Bimtek Penyusunan SKP"}


async def test_refused_programmes_are_named_and_none_is_recorded(site: Site):
    rows = [{"code": code, "name": "Program", "jp": 10} for code in ("NEW", "BTK")]
    answer = await site.command("programmes", {"items": rows}, "operator")
    assert [fault["where"] for fault in answer.json()["errors"]] == ["items.1.code"]
    assert await site.svc.rows("SELECT 1 FROM programmes WHERE programme_code = 'NEW'") == []
