import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bina.web.limits import LARGEST_BODY
from bina.web.live.route import HEADERS as STREAM_HEADERS
from bina.web.wire import LARGEST_HEAD
from bina_local.addresses import Addresses
from bina_local.gateway import CADDYFILE, gateway
from bina_local.ports import HOST, any_free
from bina_local.process import Child, run_until_ready, until
from bina_local.services import http_status
from bina_local.state import State, project_root

CHUNK = b"9\r\n%s\r\n"


async def read_whole(reader: asyncio.StreamReader, head: bytes) -> bool:
    """Take a request's body as it was announced; False if it broke off."""
    length = re.search(rb"(?i)content-length: (\d+)", head)
    left, end = int(length[1]) if length else 0, b""
    chunked = b"chunked" in head.lower()
    while left > 0 or (chunked and not end.endswith(b"\r\n0\r\n\r\n")):
        part = await reader.read(65536)
        if not part:
            return False
        left, end = left - len(part), (end + part)[-7:]
    return True


async def say(name: str, port: int) -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if not await read_whole(reader, head):
            writer.close()
            return
        body = f"{name} {head.split(b' ')[1].decode()}"
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


async def test_a_streams_lines_come_through_one_by_one(site: httpx.AsyncClient, tmp_path: Path):
    """Unpacked and at once, though the browser takes gzip and the answer goes on."""
    go_on = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n")
        writer.write(b"Cache-Control: " + STREAM_HEADERS["Cache-Control"].encode())
        writer.write(b"\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK % b"data: 1\n\n")
        await go_on.wait()
        writer.write(CHUNK % b"data: 2\n\n" + b"0\r\n\r\n")
        await writer.drain()
        writer.close()

    port = Addresses.of(State.at(tmp_path)).ports["notification"]
    async with (
        await asyncio.start_server(answer, HOST, port),
        asyncio.timeout(20),
        site.stream("GET", "/notification/langsung", headers={"Accept-Encoding": "gzip"}) as stream,
    ):
        lines = stream.aiter_text()
        assert "content-encoding" not in stream.headers
        assert await anext(lines) == "data: 1\n\n"
        go_on.set()
        assert await anext(lines) == "data: 2\n\n"


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/readyz/http", "/%6detrics"])
async def test_probes_of_a_service_are_not_for_the_public(site: httpx.AsyncClient, path: str):
    answer = await site.get(path)
    assert (answer.status_code, "enrollment" in answer.text) == (404, False)


async def in_chunks(size: int):
    for _ in range(size // 65536):
        yield b"x" * 65536


async def status_of(site: httpx.AsyncClient, content: bytes | AsyncIterator[bytes]) -> int:
    try:
        return (await site.post("/evaluation/x", content=content)).status_code
    except (httpx.ReadError, httpx.WriteError):
        return 413  # the gateway hung up on whoever was still sending


async def test_a_body_above_the_limit_stops_at_the_gateway(site: httpx.AsyncClient):
    assert await status_of(site, b"x" * LARGEST_BODY) == 200
    assert await status_of(site, b"x" * (LARGEST_BODY + 1)) == 413
    assert await status_of(site, in_chunks(LARGEST_BODY + 65536)) == 413


def test_both_gateways_keep_probes_and_large_bodies_out():
    rules = [
        f"max_size {LARGEST_BODY // 1024**2}MiB",
        "@probes path /healthz /readyz /readyz/* /metrics",
        "handle_errors 413",
    ]
    for config in (CADDYFILE, (project_root() / "deploy" / "Caddyfile").read_text()):
        assert [rule for rule in rules if rule not in config] == []


async def raw(site: httpx.AsyncClient, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(site.base_url.host, site.base_url.port)
    writer.write(sent)
    answer = await reader.read(64 * 1024)
    writer.close()
    return answer.split(b"\r\n")[0]


async def test_what_is_no_request_stops_at_the_gateway(site: httpx.AsyncClient):
    head = b"GET /evaluation/x HTTP/1.1\r\nHost: a\r\n"
    assert b" 431 " in await raw(site, head + b"X-Long: " + b"a" * 128 * 1024 + b"\r\n\r\n")
    for sent in (head + b"Host: b\r\n\r\n", head + b"Content-Length: -1\r\n\r\n"):
        assert b" 400 " in await raw(site, sent)


async def test_a_head_above_a_services_limit_reaches_it_to_be_told_so(site: httpx.AsyncClient):
    head = b"GET /evaluation/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    assert b" 200 " in await raw(site, head + b"X-Long: " + b"a" * (LARGEST_HEAD + 1024) + b"\r\n\r\n")


def test_both_gateways_have_the_same_limits_and_log_no_address_nor_header():
    """An entry about a failed request would hold personal links' tokens, cookies and NIP."""
    local = CADDYFILE.replace("{{", "{").replace("}}", "}")
    compose = (project_root() / "deploy" / "Caddyfile").read_text()
    for text in (local, compose):
        assert "request delete" in text
        assert "access" not in text
    limits = re.compile(r"servers \{.*?KiB", re.DOTALL)
    assert limits.findall(local) == limits.findall(compose) != []
