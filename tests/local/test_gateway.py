import asyncio
from pathlib import Path

import httpx
import pytest

from bina_local.addresses import Addresses
from bina_local.gateway import gateway
from bina_local.ports import HOST, any_free
from bina_local.process import Child, run_until_ready, until
from bina_local.services import http_status
from bina_local.state import State


async def say(name: str, port: int) -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        body = f"{name} {request}"
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
        )
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, HOST, port)


@pytest.fixture
async def site(tmp_path: Path):
    state = State.at(tmp_path)
    addresses = Addresses.choose(state, any_free())
    servers = [await say(name, addresses.ports[name]) for name in ("enrollment", "evaluation", "mailbox")]
    child = Child(gateway(state, addresses), state)

    async def answers() -> bool:
        return await http_status(addresses.ports["gateway"], "/") is not None

    await run_until_ready(child, until(answers), 30)
    async with httpx.AsyncClient(base_url=addresses.url) as client:
        yield client
    await child.stop()
    for server in servers:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/evaluation/api/v1/x?a=1", "evaluation /evaluation/api/v1/x?a=1"),
        ("/mailbox", "mailbox /mailbox"),
        ("/mailbox/1", "mailbox /mailbox/1"),
        ("/", "enrollment /"),
        ("/masuk", "enrollment /masuk"),
        ("/evaluationx", "enrollment /evaluationx"),
    ],
)
async def test_a_path_reaches_its_service(site: httpx.AsyncClient, path: str, answer: str):
    assert (await site.get(path)).text == answer


async def test_a_service_that_is_away_is_said_in_plain_words(site: httpx.AsyncClient):
    response = await site.get("/assessment/x")
    assert response.status_code == 503
    assert "sedang disiapkan" in response.text
    assert response.headers["retry-after"] == "3"
