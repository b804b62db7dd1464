import asyncio
import re
from uuid import uuid4

import pytest
from sqlalchemy import text

from bina.messaging.commands import claim


def seat(name: str, jp: int = 8) -> dict[str, object]:
    return {"name": name, "jp": jp}


@pytest.fixture
def name() -> str:
    return f"Ratna {uuid4().hex}"


@pytest.fixture
def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


async def people(app, name):
    async with app.state.runtime.sessions() as session:
        return await session.scalar(text("SELECT count(*) FROM people WHERE name = :name"), {"name": name})


async def test_a_repeated_command_acts_once_and_answers_alike(app, client_of, name, key):
    async with client_of("operator") as client:
        answers = [await client.post("/toy/api/v1/seats", json=seat(name), headers=key) for _ in range(3)]
    assert [(a.status_code, a.json()) for a in answers] == [(201, {"seats": 1})] * 3
    assert await people(app, name) == 1


async def test_the_same_key_with_another_body_is_refused(app, client_of, name, key):
    async with client_of("operator") as client:
        await client.post("/toy/api/v1/seats", json=seat(name), headers=key)
        answer = await client.post("/toy/api/v1/seats", json=seat(name, jp=9), headers=key)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:bina:problem:command-key-reused")
    assert await people(app, name) == 1


async def test_a_refused_effect_leaves_nothing_and_may_be_tried_again(app, client_of, name, key):
    async with client_of("operator") as client:
        refused = await client.post("/toy/api/v1/seats", json=seat(name, jp=30), headers=key)
        assert await people(app, name) == 0
        answer = await client.post("/toy/api/v1/seats", json=seat(name, jp=4), headers=key)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:bina:problem:over-ceiling")
    assert answer.status_code == 201


async def test_while_the_first_is_at_work_the_second_waits_its_turn(app, client_of, name, key):
    async with client_of("operator") as client, app.state.runtime.transaction() as session:
        person = "person:0190b5a0-0000-7000-8000-000000000001"
        await claim(session, person, key["Idempotency-Key"], b"")
        answer = await client.post("/toy/api/v1/seats", json=seat(name), headers=key)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:bina:problem:command-in-progress")
    assert answer.headers["retry-after"] == "1"


async def test_a_command_needs_its_key(client_of, name):
    async with client_of("operator") as client:
        answer = await client.post("/toy/api/v1/seats", json=seat(name))
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:bina:problem:command-key-missing")


async def test_keys_of_two_people_never_meet(app, client_of, name, key):
    async with client_of("operator") as one, client_of() as other:
        await one.post("/toy/api/v1/seats", json=seat(name), headers=key)
        answer = await other.post("/toy/api/v1/seats", json=seat(name), headers=key)
    assert answer.status_code == 401


async def hidden_fields(client, path: str = "/toy/isi/1") -> dict[str, str]:
    page = (await client.get(path)).text
    form = page[page.index('action="/toy/isi/1"') :]
    return dict(re.findall(r'name="(form_token|command_key)" value="([^"]+)"', form)[:2])


@pytest.mark.parametrize("roles", [(), ("asn",)], ids=["guest", "signed in"])
async def test_a_double_click_enrols_once_and_says_so(app, client_of, name, roles):
    async with client_of(*roles) as client:
        fields = await hidden_fields(client) | {"name": name}
        answers = await asyncio.gather(*(client.post("/toy/daftar", data=fields) for _ in range(4)))
        assert {(a.status_code, a.headers["location"]) for a in answers} == {(303, "/toy/beranda?n=1")}
        said = [(await client.get("/toy/beranda")).text.count("Anda terdaftar.") for _ in range(2)]
    assert said == [1, 0]
    assert await people(app, name) == 1


async def test_a_form_that_our_page_did_not_make_is_refused(app, client_of, name):
    async with client_of("asn") as client, client_of() as guest:
        good = await hidden_fields(client) | {"name": name}
        guests = await hidden_fields(guest) | {"name": name}
        for data in ({"name": name}, good | {"form_token": good["form_token"][:-3]}, guests):
            assert (await client.post("/toy/daftar", data=data)).status_code == 403
        elsewhere = await client.post("/toy/daftar", data=good, headers={"Sec-Fetch-Site": "cross-site"})
        assert elsewhere.status_code == 403
    assert await people(app, name) == 0
