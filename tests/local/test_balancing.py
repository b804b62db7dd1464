"""The gateway in front of several workers of one service: who dies, drains or comes costs no request."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bina_local.addresses import Addresses
from bina_local.gateway import gateway, write_configuration
from bina_local.ports import HOST, any_free
from bina_local.process import Child, run_until_ready, until
from bina_local.services import http_status
from bina_local.state import State
from bina_local.workers import RELOAD

SECONDS = 30
BODY = b"x" * 200_000


class Worker:
    """A service as the gateway sees it: says whether it takes requests, and takes them."""

    def __init__(self) -> None:
        self.taken = 0
        self.takes = True
        self.asked = 0
        self._server: asyncio.Server | None = None

    async def listen(self, port: int) -> "Worker":
        self._server = await asyncio.start_server(self._answer, HOST, port)
        return self

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b" /readyz/http " in head:
            self.asked += 1
            status = "200 OK" if self.takes else "503 Service Unavailable"
        else:
            length = next((line for line in head.lower().split(b"\r\n") if b"content-length" in line), b":0")
            await reader.readexactly(int(length.split(b":")[1]))
            self.taken += 1
            status = "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    def hang_up(self) -> None:
        if self._server:
            self._server.close()


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State.at(tmp_path)


@pytest.fixture
def addresses(state: State) -> Addresses:
    return Addresses.choose(state, any_free(), {"evaluation": 2})


@pytest.fixture
async def door(state: State, addresses: Addresses) -> AsyncIterator[Child]:
    child = Child(gateway(state, addresses), state)

    async def answers() -> bool:
        return await http_status(addresses.ports["gateway"], "/readyz") is not None

    await run_until_ready(child, until(answers), SECONDS)
    yield child
    await child.stop()


@pytest.fixture
async def caller(addresses: Addresses, door: Child) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=addresses.url, timeout=SECONDS) as client:
        yield client


@pytest.fixture
async def two(addresses: Addresses) -> AsyncIterator[tuple[Worker, Worker]]:
    workers = [await Worker().listen(addresses.ports[name]) for name in addresses.workers("evaluation")]
    yield workers[0], workers[1]
    for worker in workers:
        worker.hang_up()


async def send(caller: httpx.AsyncClient, times: int = 20) -> list[int]:
    answers = [await caller.post("/evaluation/x", content=BODY) for _ in range(times)]
    return [answer.status_code for answer in answers]


async def test_requests_are_spread(two: tuple[Worker, Worker], caller: httpx.AsyncClient):
    answers = await asyncio.gather(*(send(caller) for _ in range(4)))
    assert {status for statuses in answers for status in statuses} == {200}
    assert two[0].taken + two[1].taken == 80
    assert min(two[0].taken, two[1].taken) > 0


async def test_a_worker_that_is_gone_costs_no_command(two: tuple[Worker, Worker], caller: httpx.AsyncClient):
    await send(caller)
    two[0].hang_up()
    assert set(await send(caller)) == {200}


async def test_a_draining_worker_gets_nothing_more(two: tuple[Worker, Worker], caller: httpx.AsyncClient):
    draining, other = two
    draining.takes = False
    seen = draining.asked

    async def was_asked_twice() -> bool:
        return draining.asked >= seen + 2

    await asyncio.wait_for(until(was_asked_twice), SECONDS)
    draining.taken = 0
    assert set(await send(caller)) == {200}
    assert (draining.taken, other.taken) == (0, 20)


async def test_a_command_waits_for_the_only_worker_to_come_back(
    addresses: Addresses, caller: httpx.AsyncClient
):
    sending = asyncio.create_task(send(caller, 1))
    await asyncio.sleep(0)  # it is on its way while nobody listens
    worker = await Worker().listen(addresses.ports["evaluation"])
    assert await sending == [200]
    worker.hang_up()


async def test_a_new_workers_port_is_read_without_a_pause(
    state: State,
    addresses: Addresses,
    two: tuple[Worker, Worker],
    door: Child,
    caller: httpx.AsyncClient,
):
    addresses.open(state, "evaluation-2")
    third = await Worker().listen(addresses.ports["evaluation-2"])
    write_configuration(state, addresses)
    door.signal(RELOAD)

    async def is_asked() -> bool:
        return third.asked > 0

    await asyncio.wait_for(until(is_asked), SECONDS)
    answers = await asyncio.gather(*(send(caller) for _ in range(4)))
    assert {status for statuses in answers for status in statuses} == {200}
    assert third.taken > 0
    third.hang_up()
