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
from typing import TypeVar

import asyncpg

from bina_local.access import open_to
from bina_local.addresses import SERVICES, Addresses
from bina_local.health import HealthWatch
from bina_local.kafka import Kafka
from bina_local.mailbox import Mailbox, serve_smtp
from bina_local.ports import any_free
from bina_local.postgres import Postgres
from bina_local.process import Child, ChildFailedError, Program
from bina_local.services import http_status, ready, service
from bina_local.state import State
from chaos.journal import Journal
from chaos.proxy import Proxy
from journeys.running import BEGINNING, Bina, start_gateway

T = TypeVar("T")
BROKER, DATABASE = "kafka", "postgres"
SHORT_LIFE, LEAVE_SECONDS = 5.0, 2.0
REFUSE = """CREATE SEQUENCE messaging.refused;
CREATE FUNCTION messaging.refuse() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    $$ BEGIN PERFORM nextval('messaging.refused'); RAISE insufficient_privilege USING MESSAGE = 'not allowed'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON messaging.inbox FOR EACH STATEMENT EXECUTE FUNCTION messaging.refuse();
CREATE TRIGGER refuse BEFORE INSERT ON messaging.inbox_foreign FOR EACH STATEMENT EXECUTE FUNCTION messaging.refuse()"""
REFUSED = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM messaging.refused"
TAKE_AGAIN = "DROP FUNCTION IF EXISTS messaging.refuse() CASCADE; DROP SEQUENCE IF EXISTS messaging.refused"
PACE = {"BINA_MAIL_RETRY_SECONDS": "2", "BINA_STALL_SECONDS": "40"}
"""Settings that let what takes a minute happen within a short run: a second mail, the end of one that is stuck."""
SMALL_BATCHES = {"notification": {"BINA_MAX_RECORDS": "20"}, "evaluation": {"BINA_MAX_RECORDS": "20"}}
"""Where batches are small, what waits on several topics does not come at once: facts come before those they need."""


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
        self.releases: dict[str, Mapping[str, str]] = {}
        """What a service's newest release finds in its environment besides."""
        self.deploying = {name: asyncio.Lock() for name in SERVICES}
        """Held while somebody changes how many workers a service has, or which release they are of."""
        self._stack = AsyncExitStack()
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self, agencies: tuple[str, ...]) -> Bina:
        await self._start_base()
        chosen = Addresses.choose(self.state)
        addresses = Addresses({**chosen.ports, "gateway": any_free(), "kafka": self.lines[BROKER].port})
        await open_to(self.kafka.bootstrap, self.kafka.password, agencies)
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
        self.kafka = Kafka(self._folder, advertised=self.lines[BROKER].port)
        await asyncio.gather(self.kafka.start(), self.postgres.start())
        self._stack.push_async_callback(self._end_base)
        self.lines[BROKER].target, self.lines[DATABASE].target = self.kafka.port, self.postgres.port

    def program(self, name: str, **settings: str) -> Program:
        """A service's program, told what is planted and what else is given."""
        found = service(self.state, self.bina.addresses, self.postgres, name)
        own, line = f":{self.postgres.port}/", f":{self.lines[DATABASE].port}/"
        through = {"BINA_DATABASE_URL": found.env["BINA_DATABASE_URL"].replace(own, line)}
        own = {**SMALL_BATCHES.get(name, {}), **self._planted, **self.releases.get(name, {})}
        return replace(found, env={**found.env, **through, **own, **settings})

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
        twin = Child(self._twin(name, worker, any_free()), self.state)
        await twin.start()
        self._stack.push_async_callback(twin.stop)
        return twin

    def _twin(self, name: str, worker: int, port: int) -> Program:
        program = self.program(name, BINA_HTTP_PORT=str(port), BINA_WORKER=str(worker))
        return replace(program, name=f"{name}-twin-{worker}")

    async def restart_in_order(self, name: str, seconds: float = 40.0) -> None:
        """End a service as a rolling restart does, and wait until its next life serves; it is of the newest release."""
        child = self.child(name)
        child.program = self.program(name)
        await child.stop()
        await self.until_ready(self.bina.addresses.ports[name], seconds)

    async def restart_twin(self, name: str, twin: Child, worker: int, seconds: float = 40.0) -> None:
        """The same for one more worker, which nobody else starts."""
        await twin.stop()
        twin.program = self._twin(name, worker, port_of(twin))
        await twin.start()
        await self.until_ready(port_of(twin), seconds)

    async def retire(self, twin: Child) -> None:
        """End one more worker for good: what it has is another's at once."""
        if twin.pid is not None:
            os.kill(twin.pid, signal.SIGUSR2)
            await asyncio.sleep(LEAVE_SECONDS)
        await twin.stop()

    async def until_ready(self, port: int, seconds: float = 40.0) -> bool:
        """Whether a worker serves in time; broker and database may die meanwhile."""
        try:
            await asyncio.wait_for(ready(port), seconds)
        except TimeoutError:
            return False
        return True

    async def refuse_batches(self, name: str) -> None:
        """Let the database refuse what readers write first, as it does when somebody took away a privilege."""
        await self._execute(name, REFUSE)

    async def refused(self, name: str) -> int:
        """How many batches it has refused by now: a sequence counts on when all is rolled back."""
        connection = await self.postgres.connect(name)
        try:
            return int(await connection.fetchval(REFUSED))
        finally:
            await connection.close()

    async def take_batches(self, name: str) -> None:
        await again(partial(self._execute, name, TAKE_AGAIN))

    async def _execute(self, name: str, statements: str) -> None:
        connection = await self.postgres.connect(name)
        try:
            await connection.execute(statements)
        finally:
            await connection.close()


def port_of(worker: Child) -> int:
    return int(worker.program.env["BINA_HTTP_PORT"])


async def again(act: Callable[[], Awaitable[T]], tries: int = 10) -> T:
    """PostgreSQL refuses to start while a process of its killed predecessor still lives, and work while it starts."""
    for left in reversed(range(tries)):
        try:
            return await act()
        except (ChildFailedError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if not left:
                raise
            await asyncio.sleep(0.3)
    raise AssertionError("no try")
