"""All of Bina as processes that may die at any moment, and who starts them again."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from email.parser import BytesHeaderParser
from functools import partial
from pathlib import Path

from bina_local import topics
from bina_local.addresses import SERVICES, Addresses
from bina_local.health import HealthWatch
from bina_local.kafka import Kafka
from bina_local.mailbox import Mailbox, serve_smtp
from bina_local.ports import any_free
from bina_local.postgres import Postgres
from bina_local.process import Child, ChildFailedError, Program
from bina_local.services import http_status, service
from bina_local.state import State
from chaos.journal import Journal
from chaos.proxy import Proxy
from journeys.running import BEGINNING, Bina, start_gateway

BROKER, DATABASE = "kafka", "postgres"
SHORT_LIFE = 5.0
PACE = {"BINA_MAIL_RETRY_SECONDS": "2", "BINA_STALL_SECONDS": "25"}
"""Settings that let what takes a minute happen within a short run: a second mail, the end of one that is stuck."""


class Letterbox(Mailbox):
    """Notes each mail that arrives and keeps none."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        super().__init__(folder)
        self._journal = journal

    def deliver(self, content: bytes) -> None:
        headers = BytesHeaderParser().parsebytes(content)
        self._journal.write("mail", message_id=str(headers["message-id"]), to=str(headers["to"]))


class Stage:
    """Starts everything, keeps services running, kills and freezes on demand."""

    def __init__(self, folder: Path, journal: Journal, planted: Mapping[str, str] | None = None) -> None:
        """`planted`: what every service finds in its environment besides its settings."""
        self.journal = journal
        self.state = State.at(folder)
        self.lines = {BROKER: Proxy(), DATABASE: Proxy()}
        self.kafka: Kafka
        self.postgres = Postgres(folder / "postgres")
        self._folder = folder
        self.bina: Bina
        self._planted = {**PACE, **(planted or {})}
        self._stack = AsyncExitStack()
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self, agencies: tuple[str, ...]) -> Bina:
        await self._start_base()
        chosen = Addresses.choose(self.state)
        addresses = Addresses({**chosen.ports, "gateway": any_free(), "kafka": self.lines[BROKER].port})
        wanted = [*topics.listed(), *(topic for code in agencies for topic in topics.of_agency(code))]
        await topics.ensure(self.kafka.bootstrap, wanted)
        mailbox = Letterbox(self.state.mails, self.journal)
        self.bina = Bina(self.state, addresses, {}, mailbox)
        self.bina.children.update({name: Child(self.program(name), self.state) for name in SERVICES})
        self._stack.callback((await serve_smtp(mailbox, addresses.ports["smtp"])).close)
        for name in SERVICES:
            await self.postgres.ensure_database(name)
            self._stack.push_async_callback(self.bina.children[name].stop)
        await asyncio.gather(*(self.bina.start(name) for name in SERVICES))
        self._stack.push_async_callback((await start_gateway(self.state, addresses)).stop)
        await self.bina.move_to(BEGINNING)
        checks = {name: partial(http_status, addresses.ports[name], "/healthz") for name in SERVICES}
        watch = HealthWatch(self, checks)  # type: ignore[arg-type] # asks only for `child` and `restart`
        self._keepers = [asyncio.create_task(self._keep(name)) for name in SERVICES]
        self._keepers.append(asyncio.create_task(watch.run()))
        return self.bina

    async def _start_base(self) -> None:
        """Broker and database, each behind its line."""
        for line in self.lines.values():
            await line.start()
            self._stack.push_async_callback(line.stop)
        self.kafka = Kafka(self._folder / "kafka", advertised=self.lines[BROKER].port)
        await asyncio.gather(self.kafka.start(), self.postgres.start())
        self._stack.push_async_callback(self._end_base)
        self.lines[BROKER].target, self.lines[DATABASE].target = self.kafka.port, self.postgres.port

    def program(self, name: str, **settings: str) -> Program:
        """A service's program, told what is planted and what else is given."""
        found = service(self.state, self.bina.addresses, self.postgres, name)
        own, line = f":{self.postgres.port}/", f":{self.lines[DATABASE].port}/"
        through = {"BINA_DATABASE_URL": found.env["BINA_DATABASE_URL"].replace(own, line)}
        return replace(found, env={**found.env, **through, **self._planted, **settings})

    async def stop(self) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        if hasattr(self, "bina"):
            await asyncio.gather(*(caller.http.aclose() for caller in self.bina.callers))
            await asyncio.gather(*(child.stop() for child in self.bina.children.values()))
        await self._stack.aclose()

    async def _end_base(self) -> None:
        self.postgres.abandon()
        await self.postgres.stop()
        await self.kafka.stop()

    async def _keep(self, name: str) -> None:
        """Start a service again whenever it ends: at once, but for one that does not live long."""
        child = self.child(name)
        while True:
            started = time.monotonic()
            code = await child.ended()
            self.journal.write("ended", victim=name, code=code)
            if time.monotonic() - started < SHORT_LIFE:
                await asyncio.sleep(0.5)
            await child.start()

    def child(self, name: str) -> Child:
        return self.bina.children[name]

    async def restart(self, name: str, why: str) -> None:
        """The health watch found a service that does not do its work."""
        self.journal.write("unhealthy", victim=name, why=why)
        await self.child(name).stop()

    async def kill(self, name: str) -> None:
        """End a part as a crash would; it is started again at once."""
        if name not in (BROKER, DATABASE):
            self.child(name).kill()
            return
        part = self.kafka if name == BROKER else self.postgres
        assert part.child is not None
        part.child.kill()
        await part.child.ended()
        await again(part.start)

    def freeze(self, name: str) -> None:
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self._signal(name, signal.SIGCONT)

    def _signal(self, name: str, number: signal.Signals) -> None:
        pid = self.child(name).pid
        if pid is not None:
            os.kill(pid, number)

    async def start_twin(self, name: str, worker: int = 0) -> Child:
        """A service once more: as the same worker, as if somebody took the first for dead; or as one more worker."""
        program = self.program(name, BINA_HTTP_PORT=str(any_free()), BINA_WORKER=str(worker))
        twin = Child(replace(program, name=f"{name}-twin-{worker}"), self.state)
        await twin.start()
        self._stack.push_async_callback(twin.stop)
        return twin


async def again(start: Callable[[], Awaitable[None]], tries: int = 10) -> None:
    """PostgreSQL refuses to start while a process of its killed predecessor still lives."""
    for left in reversed(range(tries)):
        try:
            await start()
        except ChildFailedError:
            if not left:
                raise
            await asyncio.sleep(0.3)
        else:
            return
