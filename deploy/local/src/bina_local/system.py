"""All of Bina on one machine, on one page: broker, databases, four services, gateway, mailbox."""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Collection, Mapping

from bina_local import identity
from bina_local.addresses import SERVICES, Addresses
from bina_local.control import Control
from bina_local.demo_process import NOTHING_TO_LOAD
from bina_local.forking import Template, can_fork, reap
from bina_local.gateway import gateway
from bina_local.health import HealthWatch
from bina_local.kafka import Kafka
from bina_local.mailbox import Mailbox, serve_pages, serve_smtp
from bina_local.postgres import Postgres
from bina_local.process import ChildFailedError, spawn, until
from bina_local.services import http_status
from bina_local.state import State
from bina_local.supervisor import Supervisor, Tell
from bina_local.workers import Workers

BASE_SECONDS = 60.0
OPENED = "access"
"""The state folder's note that the broker knows its topics and who may use them; services need not wait for it."""

Report = Callable[[str, int, int], None]
"""Takes (stage, steps done, steps in all); a stage may be reported any number of times."""


class AccessFailedError(RuntimeError):
    """The broker runs, but could not be opened to those who are to use it."""


class System:
    """Everything that `bina up` starts."""

    def __init__(
        self,
        state: State,
        addresses: Addresses,
        tell: Tell,
        report: Report,
        *,
        agencies: Collection[str] = (),
        workers: Mapping[str, int] | None = None,
    ) -> None:
        """`agencies`: whose topics are to be there before a service begins to read. `workers`: how many, by service."""
        self.state = state
        self.addresses = addresses
        self.agencies = agencies
        self._template = Template(state) if can_fork() else None
        self.supervisor = Supervisor(state, tell, self._template.spawn if self._template else spawn)
        self._tell = tell
        self._report = report
        self._kafka = Kafka(state.root, addresses.ports["kafka"])
        self._postgres = Postgres(state.root, addresses.ports["postgres"])
        self._mailbox = Mailbox(state.mails)
        self._workers = Workers(state, addresses, self._postgres, self.supervisor)
        self._wanted = dict(workers or {})
        self._control = Control(state, self._workers)
        self._loaded = asyncio.Event()
        self._opened = asyncio.Event()
        self._servers: list[asyncio.Server] = []
        self._watches: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start everything, side by side where one does not need the other; return once all are ready."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._load_template())
                group.create_task(self._mailbox_pages())
                group.create_task(self._broker())
                group.create_task(self._databases_then_services())
                group.create_task(self._gateway())
                group.create_task(self._identity())
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        watch = HealthWatch(self.supervisor, self._workers.checks)
        self._watches.append(asyncio.create_task(watch.run()))
        await self._control.start()

    async def stop(self) -> None:
        """End everything in order; safe after a failed start."""
        await self._control.stop()
        for watch in self._watches:
            watch.cancel()
        for server in self._servers:
            server.close()
        self._workers.leave()
        await self.supervisor.stop()

    async def _load_template(self) -> None:
        """Without it services start by themselves, only more slowly."""
        if self._template is not None:
            self._watches.append(asyncio.create_task(reap(self.supervisor.pids)))
            try:
                await self.supervisor.run(self._template.program(), self._template.ready, BASE_SECONDS)
            except ChildFailedError as error:
                self._tell(str(error))
        self._loaded.set()

    async def take_mail(self) -> None:
        """Open the mail server: before that, services find it away and keep their mails."""
        self._servers.append(await serve_smtp(self._mailbox, self.addresses.ports["smtp"]))

    async def _mailbox_pages(self) -> None:
        self._servers.append(await serve_pages(self._mailbox, self.addresses.ports["mailbox"]))

    async def _broker(self) -> None:
        def downloaded(done: int, in_all: int) -> None:
            self._report("Berkas Kafka", done, in_all)

        await asyncio.to_thread(self._kafka.prepare, downloaded)
        self._report("Kafka", 0, 2)
        await self.supervisor.run(self._kafka.program(), self._kafka.ready, BASE_SECONDS)
        self._report("Kafka", 1, 2)
        await self._access()
        self._report("Kafka", 2, 2)

    async def _access(self) -> None:
        """In a process of its own: the client libraries would stay in this one's memory for good."""
        module, state = "bina_local.access", str(self.state.root)
        command = [sys.executable, "-m", module, "--state", state, *self.agencies]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        _, errors = await process.communicate()
        if process.returncode != 0:
            raise AccessFailedError(errors.decode(errors="replace"))
        self.state.save(OPENED, {"opened": True})
        self._opened.set()

    async def _databases_then_services(self) -> None:
        self._report("PostgreSQL", 0, 2)
        await asyncio.to_thread(self._postgres.prepare)
        await self.supervisor.run(self._postgres.program(), self._postgres.ready, BASE_SECONDS)
        self._report("PostgreSQL", 1, 2)
        for name in SERVICES:
            await self._postgres.ensure_database(name)
        self._report("PostgreSQL", 2, 2)
        if not self.state.load(OPENED):
            await self._opened.wait()
        await self._services()

    async def _services(self) -> None:
        await self._loaded.wait()
        workers = {name: self._wanted.get(name, 1) for name in SERVICES}
        done, in_all = 0, sum(workers.values())

        def one_more() -> None:
            nonlocal done
            done += 1
            self._report("Layanan", done, in_all)

        self._report("Layanan", done, in_all)
        await asyncio.gather(*(self._workers.start(name, n, one_more) for name, n in workers.items()))

    async def _identity(self) -> None:
        port = self.addresses.ports["identity"]
        await self.supervisor.run(identity.program(port), lambda: identity.ready(port), BASE_SECONDS)

    async def _gateway(self) -> None:
        async def answers() -> bool:
            return await http_status(self.addresses.ports["gateway"], "/readyz") is not None

        program = gateway(self.state, self.addresses)
        await self.supervisor.run(program, lambda: until(answers), BASE_SECONDS)


async def load_demo(state: State, tell: Tell, report: Report) -> None:
    """Load the demo world once per state folder, in a process of its own."""
    if state.load("demo"):
        return
    log = state.logs / "demo.log"
    with log.open("ab") as errors:
        command = [sys.executable, "-m", "bina_local.demo_process", str(state.root)]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=errors
        )
        try:
            assert process.stdout is not None
            async for line in process.stdout:
                done, in_all, stage = line.decode().rstrip("\n").split("\t", 2)
                report(stage, int(done), int(in_all))
            code = await process.wait()
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
    if code == 0:
        state.save("demo", {"loaded": True})
    elif code != NOTHING_TO_LOAD:
        tell(f"Dunia demo belum termuat seluruhnya; sebabnya di {log}. Ulangi dengan: bina up")
