"""An agency's own system, from the command line to its last token."""

import asyncio
import re

import httpx
import pytest
from typer.testing import CliRunner

from bina_local.cli import app
from journeys.running import Bina, eventually

pytestmark = pytest.mark.kafka
API = "/enrollment/api/v1"


async def said(bina: Bina, *words: str) -> str:
    ran = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--state", str(bina.state.root)])
    assert ran.exit_code == 0, ran.output
    return ran.output


def shown(output: str) -> tuple[str, str]:
    (client_id,) = re.findall(r"client_id: (\S+)", output)
    (secret,) = re.findall(r"client_secret: (\S+)", output)
    return client_id, secret


async def test_a_machine_comes_by_its_secret_until_it_is_renewed_or_revoked(bina: Bina):
    await bina.platform.post(f"{API}/agencies", {"code": "5571", "name": "Pemerintah Kota Banjarbaru"})
    first = shown(await said(bina, "machine", "add", "5571", "SIMPEG"))
    async with httpx.AsyncClient(base_url=bina.addresses.url, timeout=30) as client:

        async def token(credential: tuple[str, str]) -> str:
            given = await client.post(
                f"{API}/token", data={"grant_type": "client_credentials"}, auth=credential
            )
            return str(given.json().get("access_token", ""))

        async def reads(bearer: str, service: str = "enrollment") -> int:
            path = {"enrollment": "jp/shares", "notification": "deliveries"}[service]
            headers = {"Authorization": f"Bearer {bearer}"}
            return (await client.get(f"/{service}/api/v1/{path}", headers=headers)).status_code

        async def is_out(bearer: str) -> bool:
            return await reads(bearer, "notification") == 401

        opened = await token(first)
        assert [await reads(opened), await reads(opened, "notification")] == [200, 200]
        second = shown(await said(bina, "machine", "renew", first[0]))
        assert await token(first) == ""
        await eventually(lambda: is_out(opened))  # another service heard of it on Kafka
        renewed = await token(second)
        assert await reads(renewed, "notification") == 200
        await said(bina, "machine", "revoke", first[0])
        await eventually(lambda: is_out(renewed))
        assert await token(second) == ""
