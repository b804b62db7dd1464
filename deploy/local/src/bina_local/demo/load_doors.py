"""The public doors by which the demo world comes in: HTTP commands, agencies' topics, the demo's clock."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import httpx
from aiokafka import AIOKafkaProducer

from bina.events import Event
from bina.messaging.cluster import Cluster
from bina_local.addresses import SERVICES
from bina_local.broker import producer
from bina_local.business_clock import ClockState, read_clock, tell_clock
from bina_local.context import Context
from bina_local.publication import put

NAMESPACE = UUID("3f0f8c52-1f35-5d0b-9a06-6f2b4d1c7e90")
AT_ONCE = 8
TRIES = 40
PAUSE_SECONDS = 0.5
AGAIN = frozenset({409, 429, 502, 503, 504})


class RefusedError(RuntimeError):
    """A service refused what the demo world asked of it; the message is the service's answer."""


@dataclass(frozen=True, slots=True)
class Published:
    """An agency's event and the business time at which its system sent it."""

    agency: str
    event: Event
    at: datetime

    @property
    def id(self) -> str:
        """The same for the same content, so that playing it twice sends one event."""
        return str(
            uuid5(NAMESPACE, f"{self.agency}\n{self.event.type}\n{self.event.model_dump_json()}\n{self.at}")
        )


class Doors:
    """Commands and questions to the services, and a producer for the agencies."""

    def __init__(self, context: Context, clients: dict[str, httpx.AsyncClient], world: str) -> None:
        self.context = context
        self.services = tuple(clients)
        self._clients = clients
        self._producers: dict[str, AIOKafkaProducer] = {}
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._world = world
        self._places = asyncio.Semaphore(AT_ONCE)
        self._clock = ClockState()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, context: Context, world: str, services: Sequence[str] = SERVICES
    ) -> AsyncIterator["Doors"]:
        """Doors of a running Bina; `world` tells this world's commands from another's."""
        async with AsyncExitStack() as stack:
            clients = {name: await stack.enter_async_context(context.client(name)) for name in services}
            doors = cls(context, clients, world)
            await stack.enter_async_context(doors._stack)
            doors._clock = await read_clock(context.kafka)
            yield doors

    async def command(
        self,
        service: str,
        path: str,
        body: dict[str, Any] | bytes,
        name: str,
        *,
        office: str | None = None,
        asked: dict[str, str] | None = None,
    ) -> Any:
        """A command that counts once however often the world is loaded; `name` identifies it. It is the platform's, or by
        `office`, an agency's code, of who is in charge of its people; bytes go as a file, about which more is `asked`.

        Raises RefusedError with the service's problem.
        """
        headers = {"Idempotency-Key": str(uuid5(NAMESPACE, f"{self._world}/{service}/{path}/{name}"))}
        if office:
            headers["Authorization"] = f"Bearer {self.context.token('bkd', agency_code=office)}"
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        return await self._request("POST", service, path, params=asked, headers=headers, **sent)

    async def ask(self, service: str, path: str, **params: Any) -> Any:
        """A question."""
        return await self._request("GET", service, path, params=params)

    async def _request(self, method: str, service: str, path: str, **rest: Any) -> Any:
        """Ask again while the service is away or busy with the same command."""
        for tries_left in reversed(range(TRIES)):
            answer = await self._once(method, service, path, **rest)
            if answer is not None and answer.is_success:
                return answer.json()
            if not tries_left or (answer is not None and answer.status_code not in AGAIN):
                raise RefusedError(f"{service} {path}: {answer.text if answer else 'tidak menjawab'}")
            await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError

    async def _once(self, method: str, service: str, path: str, **rest: Any) -> httpx.Response | None:
        async with self._places:
            try:
                return await self._clients[service].request(method, f"/{service}/api/v1/{path}", **rest)
            except httpx.TransportError:
                return None

    async def publish(self, published: Iterable[Published]) -> None:
        """Write agencies' events on their own topics, in order per person; returns once all are on the disk."""
        sent = []
        for one in published:
            writer = await self._writer(self.context.kafka_of(one.agency))
            sent.append(await put(writer, one.agency, one.id, one.event, one.at))
        for acknowledged in sent:
            await acknowledged

    async def _writer(self, who: Cluster) -> AIOKafkaProducer:
        """Each agency writes with its own credential, and the operator with his."""
        async with self._opening:
            if who.user not in self._producers:
                self._producers[who.user] = await self._stack.enter_async_context(producer(who))
            return self._producers[who.user]

    async def move_clock(self, to: datetime) -> None:
        """Set the business clock; services follow a moment later."""
        writer = await self._writer(self.context.kafka)
        self._clock = await tell_clock(writer, self._clock, to - datetime.now(UTC))

    def now(self) -> datetime:
        """Business time as it was last set here."""
        return self._clock.now()
