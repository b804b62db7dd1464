"""Each service's workers: how many there are, and how they change places without a request or an event being lost."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from bina_local.addresses import MOST_WORKERS, SERVICES, SPARE, Addresses, worker_name
from bina_local.gateway import HEALTH_SECONDS, write_configuration
from bina_local.health import Check
from bina_local.ports import is_free
from bina_local.postgres import Postgres
from bina_local.process import Child, ChildFailedError
from bina_local.services import http_status, ready, service
from bina_local.state import State
from bina_local.supervisor import Supervisor

READY_SECONDS = 120.0
DRAIN_SECONDS = 2 * HEALTH_SECONDS + 0.2
"""After so long the gateway sends a draining worker nothing more, and what it sent before is under way."""
DRAIN, LEAVE = signal.SIGUSR1, signal.SIGUSR2
RELOAD = signal.SIGUSR1
"""Has the gateway read its configuration anew."""
NOTE = "workers"


class UnknownServiceError(ValueError):
    """No service of this name, or a number of workers that it cannot have."""


def numbers(text: str) -> dict[str, int]:
    """Workers by service, of `2` or `enrollment=2,notification=1`. Raises UnknownServiceError."""
    if "=" not in text:
        text = ",".join(f"{name}={text}" for name in SERVICES)
    wanted = dict.fromkeys(SERVICES, 1)
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        wanted[name] = checked(name, int(number) if number.isdigit() else 0)
    return wanted


def checked(name: str, number: int) -> int:
    """The number of workers, if the service is known and may have as many. Raises UnknownServiceError."""
    if name not in SERVICES:
        raise UnknownServiceError(f"layanan {name!r} tidak dikenal; pilih {', '.join(SERVICES)}")
    if not 1 <= number <= MOST_WORKERS:
        raise UnknownServiceError(f"{name}: jumlah pekerja 1 sampai {MOST_WORKERS}")
    return number


def asked(state: State) -> dict[str, int]:
    """How many workers each service is to have, as of the last start or change."""
    return {name: int(state.load(NOTE).get(name, 1)) for name in SERVICES}


class Workers:
    """Starts, multiplies and renews workers; one change at a time."""

    def __init__(
        self, state: State, addresses: Addresses, postgres: Postgres, supervisor: Supervisor
    ) -> None:
        self._state = state
        self._addresses = addresses
        self._postgres = postgres
        self._supervisor = supervisor
        self._changing = asyncio.Lock()
        self.checks: dict[str, Check] = {}
        """How to ask each worker for its health, by name."""

    async def start(self, name: str, number: int, hopeful: Callable[[], None]) -> None:
        """Start a service with its first workers; return once all are ready, telling of each.

        Raises ChildFailedError when one cannot be.
        """
        self._note(name, number)
        started = [await self._begin(name, each) for each in range(number)]
        for waiting in asyncio.as_completed([self._until_ready(worker) for worker in started]):
            await waiting
            hopeful()

    async def scale(self, name: str, number: int) -> None:
        """Have as many workers of a service.

        Raises ChildFailedError when a new one does not get ready; it then goes again, and those before it stay.
        """
        async with self._changing:
            present = len(self._addresses.workers(name))
            for each in range(present, number):
                await self._add(name, each)
            self._note(name, number)
            for each in reversed(range(number, present)):
                await self._end(worker_name(name, each))

    async def _add(self, name: str, number: int) -> None:
        worker = worker_name(name, number)
        self._addresses.open(self._state, worker)
        self._note(name, number + 1)
        try:
            await self._until_ready(await self._begin(name, number))
        except ChildFailedError:
            self._note(name, number)
            await self._end(worker)
            raise
        self._tell_gateway()

    async def restart(self, name: str) -> None:
        """Renew a service's workers, one after the other, each once its successor is ready.

        Raises ChildFailedError when a successor does not get ready; its predecessor then goes on.
        """
        async with self._changing:
            for each in range(len(self._addresses.workers(name))):
                await self._renew(name, each)

    def leave(self) -> None:
        """Before all ends: those that the next start may not have let go of their partitions."""
        for name in SERVICES:
            for worker in self._addresses.workers(name)[1:]:
                if worker in self.checks:
                    self._supervisor.child(worker).signal(LEAVE)

    async def _begin(self, name: str, number: int) -> str:
        program = service(self._state, self._addresses, self._postgres, name, number)
        await self._supervisor.start(program)
        self._watch(program.name)
        return program.name

    async def _until_ready(self, worker: str) -> None:
        await self._supervisor.until(worker, ready(self._addresses.ports[worker]), READY_SECONDS)

    async def _renew(self, name: str, number: int) -> None:
        """The successor has the worker's number, so it takes over its partitions as they are, and the spare port."""
        worker, spare = worker_name(name, number), worker_name(name, SPARE)
        if not is_free(self._addresses.ports[spare]):
            self._addresses.open(self._state, spare)
        port = self._addresses.ports[spare]
        program = service(self._state, self._addresses, self._postgres, name, number)
        program = replace(program, env={**program.env, "BINA_HTTP_PORT": str(port)})

        async def retire(old: Child) -> None:
            self._addresses.swap(self._state, worker, spare)
            self._watch(worker)
            await drain(old, DRAIN)

        with self._at_both_ports(name):
            await self._supervisor.replace(program, ready(port), READY_SECONDS, retire)

    @contextlib.contextmanager
    def _at_both_ports(self, name: str) -> Iterator[None]:
        """The gateway knows the spare port, too, and reads of it while the successor starts."""
        self._addresses.renewing.add(name)
        self._tell_gateway()
        try:
            yield
        finally:
            self._addresses.renewing.discard(name)
            self._tell_gateway()

    async def _end(self, worker: str) -> None:
        del self.checks[worker]
        await self._supervisor.remove(worker, lambda old: drain(old, LEAVE))
        self._addresses.close(self._state, worker)
        self._tell_gateway()

    def _watch(self, worker: str) -> None:
        self.checks[worker] = partial(http_status, self._addresses.ports[worker], "/healthz")

    def _tell_gateway(self) -> None:
        write_configuration(self._state, self._addresses)
        self._supervisor.child("gateway").signal(RELOAD)

    def _note(self, name: str, number: int) -> None:
        self._state.save(NOTE, {**self._state.load(NOTE), name: number})


async def drain(child: Child, how: signal.Signals) -> None:
    """Have a worker take nothing new; return once nobody sends it anything."""
    if child.running:
        child.signal(how)
        await asyncio.sleep(DRAIN_SECONDS)
