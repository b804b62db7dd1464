"""All of Bina as it runs: a real broker, a real PostgreSQL, four services as processes, one gateway, one mail server."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest_asyncio

from bina.messaging.cluster import Cluster
from bina.web.access import Person, issue_token
from bina_local import identity
from bina_local.access import open_to
from bina_local.addresses import SERVICES, Addresses
from bina_local.business_clock import move_clock
from bina_local.context import Context
from bina_local.gateway import gateway
from bina_local.mailbox import Mail, Mailbox, serve_smtp
from bina_local.process import Child, Program, run_until_ready, until
from bina_local.services import http_status, ready, service, signing_secret
from bina_local.state import State
from collector import Collector, collecting
from parts import a_kafka, a_postgres

T = TypeVar("T")
ZONE = ZoneInfo("Asia/Jakarta")
BEGINNING = datetime(2026, 2, 2, 9, tzinfo=ZONE)
"""A Monday morning: no journey meets midnight or the end of a year by chance."""
AGENCIES = {
    "5571": "Pemerintah Kota Banjarbaru",
    "5508": "Pemerintah Kabupaten Hulu Sungai Tengah",
    "5500": "Pemerintah Provinsi Kalimantan Selatan",
    "6472": "Pemerintah Kota Samarinda",
    "7371": "Pemerintah Kota Makassar",
    "3273": "Pemerintah Kota Bandung",
    "3578": "Pemerintah Kota Surabaya",
}
PATIENCE = 60.0


async def eventually(ask: Callable[[], Awaitable[T | None]], seconds: float = PATIENCE) -> T:
    """The first answer that is not empty: other processes tell in no other way that they got there."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := await ask()):
        assert asyncio.get_running_loop().time() < deadline, f"still {found!r} after {seconds:.0f} s"
        await asyncio.sleep(0.1)
    return found


class Caller:
    """Somebody signed in at the machine interface, through the gateway."""

    def __init__(self, url: str, token: str) -> None:
        unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # plain HTTP: loading certificates only takes time
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.AsyncClient(
            base_url=url, headers=headers, timeout=60, verify=unused, trust_env=False, follow_redirects=True
        )

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.http.get(path, params=query)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def page(self, path: str) -> str:
        answer = await self.http.get(path, headers={"Accept": "text/html"})
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.text

    async def send(self, path: str, body: Any, key: str = "") -> httpx.Response:
        return await self.http.post(path, json=body, headers={"Idempotency-Key": key or str(uuid4())})

    async def post(self, path: str, body: Any, key: str = "") -> Any:
        answer = await self.send(path, body, key)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()


@dataclass
class Bina:
    """What a journey meets: addresses to call, topics to write to, mails that arrived, processes that may die."""

    state: State
    addresses: Addresses
    children: dict[str, Child]
    mailbox: Mailbox
    postgres: Any = None
    offset: timedelta = timedelta(0)
    callers: list[Caller] = field(default_factory=list)
    collector: Collector = field(default_factory=Collector)

    @property
    def kafka(self) -> Cluster:
        """The broker as the operator meets it."""
        return Context(self.state, self.addresses).kafka

    def kafka_of(self, agency: str) -> Cluster:
        """The broker as an agency meets it."""
        return Context(self.state, self.addresses).kafka_of(agency)

    @property
    def platform(self) -> Caller:
        return self.caller(Person(None, "journeys", frozenset({"platform"})))

    def token(self, person: Person) -> str:
        return issue_token(person, signing_secret(self.state))

    def caller(self, person: Person) -> Caller:
        self.callers.append(Caller(self.addresses.url, self.token(person)))
        return self.callers[-1]

    def now(self) -> datetime:
        """Business time."""
        return datetime.now(UTC) + self.offset

    def today(self) -> date:
        """The business day in the field's zone."""
        return self.now().astimezone(ZONE).date()

    async def move_to(self, moment: datetime) -> None:
        """Set the business clock, as `bina clock advance` does, and wait until every service follows."""
        self.offset = (await move_clock(self.kafka, moment - datetime.now(UTC))).offset
        platform = self.platform

        async def all_follow() -> bool:
            shown = [await platform.get(f"/{name}/api/v1/ops/status") for name in SERVICES]
            late = [abs(datetime.fromisoformat(s["business_time"]) - self.now()) for s in shown]
            return max(late) < timedelta(seconds=30)

        await eventually(all_follow)

    async def start(self, name: str) -> None:
        """Start a service, again if it was killed, and wait until it serves."""
        await run_until_ready(self.children[name], ready(self.addresses.ports[name]), PATIENCE)

    async def kill(self, name: str) -> None:
        """End a service as a power cut would."""
        self.children[name].kill()
        await self.children[name].ended()

    def mails_to(self, address: str) -> list[Mail]:
        """Mails that arrived for an address, newest first."""
        return [mail for mail in self.mailbox.newest(500) if address in mail.header("to")]


async def start_identity(state: State, port: int) -> Child:
    child = Child(identity.program(port), state)
    await run_until_ready(child, identity.ready(port), PATIENCE)
    return child


async def start_gateway(state: State, addresses: Addresses) -> Child:
    child = Child(gateway(state, addresses), state)

    async def answers() -> bool:
        return await http_status(addresses.ports["gateway"], "/readyz") is not None

    await run_until_ready(child, until(answers), PATIENCE)
    return child


@pytest_asyncio.fixture(scope="session")
async def bina(platform_folder: Path) -> AsyncIterator[Bina]:
    """The running system with agencies' topics; its business clock stands at `BEGINNING`. Mark with `kafka`.

    Broker and databases are its own: what other tests write is none of its history.
    """
    folder = platform_folder / "journeys"
    async with a_kafka(folder) as kafka, a_postgres(folder / "postgres") as postgres:
        async for running in _running(State.at(folder), kafka, postgres):
            yield running


def traced(program: Program, collector: Collector) -> Program:
    """The same, sending its spans to a collector and not waiting for many."""
    told = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    return replace(program, env={**program.env, **told})


RETENTION = "".join(
    f'[[periods]]\nkeeps = "{kept}"\nfrom = 2020-01-01\ndays = 0\nbasis = "agency"\n'
    f'[[periods]]\nkeeps = "{kept}"\nfrom = 2026-11-23\ndays = 0\nbasis = "agency"\n'
    for kept in ("people", "trainings")
)
"""The site's own periods: whoever leaves may be erased at once."""


async def _running(state: State, kafka: Any, postgres: Any) -> AsyncIterator[Bina]:
    state.retention.write_text(RETENTION)
    chosen = Addresses.choose(state)
    addresses = Addresses({**chosen.ports, "kafka": kafka.port})
    await open_to(kafka.bootstrap, kafka.password, AGENCIES)
    async with AsyncExitStack() as stack:
        collector = stack.enter_context(collecting())
        programs = {name: traced(service(state, addresses, postgres, name), collector) for name in SERVICES}
        children = {name: Child(program, state) for name, program in programs.items()}
        running = Bina(
            state, addresses, children, Mailbox(state.mails), postgres=postgres, collector=collector
        )
        mails = await serve_smtp(running.mailbox, addresses.ports["smtp"])
        stack.callback(mails.close)
        for name in SERVICES:
            await postgres.ensure_database(name)
            stack.push_async_callback(children[name].stop)
        await asyncio.gather(*(running.start(name) for name in SERVICES))
        stack.push_async_callback((await start_identity(state, addresses.ports["identity"])).stop)
        stack.push_async_callback((await start_gateway(state, addresses)).stop)
        await running.move_to(BEGINNING)
        yield running
        await asyncio.gather(*(caller.http.aclose() for caller in running.callers))
