"""Agencies' systems: a credential each, short tokens, and the end of both."""

import asyncio
import base64
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from bina.events.enrollment import SessionEnded
from bina.web.sessions.ended import LOOK_SECONDS

from .conftest import Site
from .story import CITY, REGENCY, nip

API = "/enrollment/api/v1"
GRANT = {"grant_type": "client_credentials"}


async def added(site: Site, agency: str = CITY, key: str = "") -> dict[str, str]:
    async with site.client("platform", agency=None) as client:
        answer = await client.post(
            f"{API}/machines",
            json={"agency_code": agency, "name": "SIMPEG"},
            headers={"Idempotency-Key": key or str(uuid4())},
        )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def asks(site: Site, machine: dict[str, str], **changed: str) -> httpx.Response:
    shown = {name: machine[name] for name in ("client_id", "client_secret")}
    async with site.client() as client:
        return await client.post(f"{API}/token", data=GRANT | shown | changed)


async def reads(site: Site, token: str, path: str = "asn") -> httpx.Response:
    async with site.client() as client:
        return await client.get(f"{API}/{path}", headers={"Authorization": f"Bearer {token}"})


async def test_a_machine_gets_tokens_and_reads_its_agency_alone(site: Site):
    machine = await added(site)
    given = await asks(site, machine)
    assert given.headers["cache-control"] == "no-store"
    assert (given.json()["token_type"], given.json()["expires_in"]) == ("Bearer", 600)
    token = given.json()["access_token"]
    found = (await reads(site, token)).json()["items"]
    assert {person["agency_code"] for person in found} == {CITY}
    assert (await reads(site, token, f"asn?agency={REGENCY}")).status_code == 403
    assert (await reads(site, token, "machines")).status_code == 403


async def test_a_secret_in_other_letters_is_a_wrong_one(site: Site):
    machine = await added(site)
    shown = base64.b64encode(f"{machine['client_id']}:rahasiä".encode()).decode()
    async with site.client() as client:
        given = await client.post(f"{API}/token", data=GRANT, headers={"Authorization": f"Basic {shown}"})
    assert given.status_code == 401


async def test_id_and_secret_may_come_by_http_basic(site: Site):
    machine = await added(site)
    shown = base64.b64encode(f"{machine['client_id']}:{machine['client_secret']}".encode()).decode()
    async with site.client() as client:
        given = await client.post(f"{API}/token", data=GRANT, headers={"Authorization": f"Basic {shown}"})
    assert given.status_code == 200


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "guessed"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "no id"}, 422, None),
        ({"client_id": "no-id"}, 401, "invalid_client"),
        ({"client_id": str(uuid4())}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
async def test_without_its_secret_there_is_no_token(site: Site, changed, status, error):
    refused = await asks(site, await added(site), **changed)
    assert (refused.status_code, refused.json().get("error")) == (status, error)
    assert "access_token" not in refused.text


async def test_the_same_command_gives_the_same_secret_and_none_lies_in_the_database(site: Site):
    first, again, other = [await added(site, key=key) for key in ("one-key-1", "one-key-1", "another-2")]
    assert first == again
    assert first["client_secret"] != other["client_secret"]
    async with site.svc.sessions() as session:
        rows = (await session.execute(text("SELECT body::text FROM messaging.commands"))).scalars().all()
        rows += (await session.execute(text("SELECT machines::text FROM machines"))).scalars().all()
    assert len(rows) == 4
    assert not any(first["client_secret"] in row for row in rows)


@pytest.mark.parametrize(("how", "path"), [("POST", "/renew"), ("DELETE", "")])
async def test_renewed_or_revoked_its_secret_and_tokens_open_nothing(site: Site, how, path):
    machine = await added(site)
    token = (await asks(site, machine)).json()["access_token"]
    async with site.client("bkd") as client:
        answer = await client.request(
            how, f"{API}/machines/{machine['client_id']}{path}", headers={"Idempotency-Key": str(uuid4())}
        )
    assert answer.status_code == 200, answer.text
    await asyncio.sleep(LOOK_SECONDS)
    assert (await reads(site, token)).status_code == 401
    assert (await asks(site, machine)).status_code == 401
    assert len([e for e in await site.svc.emitted() if isinstance(e, SessionEnded)]) == 1
    async with site.client("bkd") as client:
        again = await client.request(
            how, f"{API}/machines/{machine['client_id']}{path}", headers={"Idempotency-Key": str(uuid4())}
        )
    assert again.status_code == (200 if how == "POST" else 409)
    if how == "POST":
        answer = again
        renewed = (await asks(site, answer.json())).json()["access_token"]
        assert (await reads(site, renewed)).status_code == 200


async def test_two_machines_of_one_name_are_two(site: Site):
    tokens = [(await asks(site, await added(site))).json()["access_token"] for _ in range(2)]
    answers = []
    for number, token in enumerate(tokens):
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "the same key"}
        row = {"nip": nip(90 + number), "name": "Pegawai Baru", "agency_code": CITY}
        async with site.client() as client:
            answers.append(await client.post(f"{API}/asn", json={"items": [row]}, headers=headers))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len({str(answer.json()["ids"]) for answer in answers}) == 2


async def test_an_agency_that_is_not_there_has_no_machines(site: Site):
    refused = await site.command("machines", {"agency_code": "9999", "name": "x"}, "platform", agency=None)
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "agency_code")


async def test_machines_are_kept_by_their_own_agency(site: Site):
    machine, foreign = await added(site), await added(site, REGENCY)
    async with site.client("bkd") as client:
        listed = (await client.get(f"{API}/machines")).json()["items"]
        assert [one["client_id"] for one in listed] == [machine["client_id"]]
        assert "client_secret" not in listed[0]
        key = {"Idempotency-Key": str(uuid4())}
        gone = await client.delete(f"{API}/machines/{foreign['client_id']}", headers=key)
        assert gone.status_code == 404
        body = {"agency_code": REGENCY, "name": "x"}
        refused = await client.post(f"{API}/machines", json=body, headers={"Idempotency-Key": str(uuid4())})
        assert refused.status_code == 403
