"""A running service: consumer, relay, due work and the watch over their progress."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

from aiokafka.errors import KafkaError
from sqlalchemy.ext.asyncio import AsyncSession

from . import clock, telemetry
from .consumer import Consumer
from .database import create_engine, is_transient, sessions
from .disagreements import lately
from .due import DueWork
from .grouplag import group_lag
from .intake import Intake, Taken
from .maintenance import forget_old, keep_partitions
from .metrics import Metrics
from .old_waits import OldWaits
from .progress import Progress
from .reconcile import Reconciler, next_night
from .redrives import Redriver
from .relay import Relay
from .service import Service, follow_clock
from .settings import Settings
from .status import Backlog, Status, count, count_backlog, resident_bytes

POLL_SECONDS = 5.0
"""How long held messages and orders wait at most for what nobody in this process announced."""
WATCH_SECONDS = 5.0
ALERT_SECONDS = 60.0
RECONCILE_SECONDS = 60.0
COMMANDS = 6
"""Commands of a worker at once. They may wait for each other, as for a run's last seat; the other connections are for
pages, batches and the question whose sessions have ended, without which nobody may do anything."""
RELAY_SECONDS = 180.0
"""Longer than any of the relay's own time limits: a producer gives up a record after 40 s, a query after 30 s."""
Upkeep = Callable[[AsyncSession], Awaitable[bool | None]]
"""Work in one transaction; gives whether some of it is left."""
log = logging.getLogger(__name__)


class Runtime:
    """Everything of a service that is not HTTP."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self.service = service
        self.settings = settings
        self.engine = create_engine(settings.database_url)
        self.sessions = sessions(self.engine)
        self.commands = asyncio.Semaphore(COMMANDS)
        """A turn for each command, in their order of arrival."""
        self.metrics = Metrics(service.name)
        self.problem = ""
        reactions = service.reactions(demo=settings.demo)
        self.intake = Intake(self.sessions, reactions, cap=settings.park_cap)
        self.due = DueWork(self.sessions, service.schedules)
        dsn = settings.database_url.replace("+asyncpg", "")
        self.relay = Relay(dsn, settings.cluster, service.name, self.metrics)
        self.consumer = Consumer(
            service.name, settings, self.intake, self.metrics, reactions.topics, make=self.sessions
        )
        self.consumer.on_taken = self._on_taken
        self.reconciler = Reconciler(self.sessions, settings.cluster, service.states, self.metrics)
        self.redriver = Redriver(self.sessions, self.intake)
        self.beside: list[Callable[[], Awaitable[None]]] = []
        """What else is to run as long as this does; whoever builds on it says so before the start."""
        self.hourly: list[Upkeep] = [forget_old]
        """What lets go of what is old; likewise."""
        self._wake_due = asyncio.Event()
        self._wake_redrive = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._joined = False

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A command's transaction; commits at its end, then wakes the relay and due work."""
        with telemetry.step("transaction"):
            async with self.sessions() as session, session.begin():
                yield session
        if session.info.get("told"):
            self.relay.wake()
        if session.info.get("due"):
            self._wake_due.set()
        if session.info.get("redrive"):
            self._wake_redrive.set()

    async def start(self) -> None:
        """Start every loop; the consumer joins as soon as the broker answers."""
        async with self.sessions() as session, session.begin():
            await keep_partitions(session)
            await follow_clock(session)
        loops: list[Callable[[], Awaitable[None]]] = [
            self._join,
            self.relay.run,
            self._do_due,
            self._redrive,
            self._watch,
            self._upkeep,
            self._reconcile_nightly,
            self._alert,
            *(partial(loop, self) for loop in self.service.loops),
            *self.beside,
        ]
        self._tasks = [asyncio.create_task(self._guard(loop)) for loop in loops]

    async def stop(self) -> None:
        """Finish the batch in hand, then end every loop."""
        if self._joined:
            await self.consumer.stop()
        await end(self._tasks)
        await self.consumer.stop()
        await self.consumer.ends.close()
        await self.engine.dispose()

    async def _guard(self, loop: Callable[[], Awaitable[None]]) -> None:
        """A loop that ends by an error makes the service unhealthy; its supervisor starts it anew."""
        try:
            await loop()
        except Exception as error:
            log.exception("a loop ended")
            self.problem = f"{type(error).__name__}: {error}"

    async def _join(self) -> None:
        while True:
            try:
                await self.consumer.start()
            except (KafkaError, OSError) as error:
                log.warning("broker not reached: %s", error)
                await self.consumer.stop()
                await asyncio.sleep(0.5)
            else:
                self._joined = True
                return

    def _on_taken(self, taken: Taken) -> None:
        if taken.told:
            self.relay.wake()
        if taken.due:
            self._wake_due.set()

    async def _do_due(self) -> None:
        swept = -POLL_SECONDS
        while True:
            self._wake_due.clear()
            sweep = time.monotonic() - swept >= POLL_SECONDS
            swept = time.monotonic() if sweep else swept
            done, wait = 0, POLL_SECONDS
            async with self._tolerantly("due work"):
                if released := await self.intake.sweep() if sweep else 0:
                    swept = -POLL_SECONDS  # more may be ready
                done = released + await self._due_once()
                wait = 0.0 if done else await self.due.wait_seconds()
            if done:
                self.relay.wake()
            else:
                await _pause(self._wake_due, wait)

    async def _redrive(self) -> None:
        """Work off orders to try parked messages again, each at its rate."""
        while True:
            self._wake_redrive.clear()
            wait: float | None = None
            async with self._tolerantly("redrive"):
                if await self.redriver.step():
                    self.relay.wake()
                wait = await self.redriver.wait_seconds()
            await _pause(self._wake_redrive, POLL_SECONDS if wait is None else min(wait, POLL_SECONDS))

    async def _due_once(self) -> int:
        if self.settings.demo:
            async with self.sessions() as session:
                await follow_clock(session)
        return await self.due.run()

    async def _upkeep(self) -> None:
        """Hourly: partitions ahead, what is old away."""
        while True:
            await asyncio.sleep(3600)
            await self.keep_up()

    async def keep_up(self) -> None:
        """What is done every hour, each by itself: what deletes much holds no lock of new partitions, nor undoes them.
        It goes on until nothing is left, and rests for as long as it worked: the disk is everybody's."""
        for work in (keep_partitions, *self.hourly):
            began = time.monotonic()
            while await self._worked(work):
                await asyncio.sleep(time.monotonic() - began)
                began = time.monotonic()

    async def _worked(self, work: Upkeep) -> bool:
        """Do a part; whether there is more. What fails goes on an hour later."""
        async with self._tolerantly("upkeep"):
            async with self.sessions() as session, session.begin():
                more = await work(session)
            return bool(more)
        return False

    async def _reconcile_nightly(self) -> None:
        """Every night, and when the broker lost what only this can tell anew, by the worker that leads the relay; after
        a failure that passes, again in a minute."""
        night = next_night(datetime.now(UTC))
        while True:
            await asyncio.sleep(RECONCILE_SECONDS)
            due = datetime.now(UTC) >= night
            async with self._tolerantly("reconcile"):
                if self.relay.leading and (due or await self.reconciler.lacking()):
                    await self.reconcile()
                if due:
                    night = next_night(datetime.now(UTC))

    async def _alert(self) -> None:
        """Say aloud that messages wait too long."""
        waits = OldWaits(self.settings.wait_alert_seconds)
        while True:
            async with self._tolerantly("alert"), self.sessions() as session:
                await waits.check(session, time.monotonic())
            await asyncio.sleep(ALERT_SECONDS)

    @contextlib.asynccontextmanager
    async def _tolerantly(self, what: str) -> AsyncIterator[None]:
        """For work that comes round again: database or broker away is no reason to start anew."""
        try:
            yield
        except Exception as error:
            if not (is_transient(error) or isinstance(error, KafkaError)):
                raise
            log.warning("%s again later: %s", what, error)

    async def _watch(self) -> None:
        """Who stands still is to be started anew."""
        progress = Progress(self.settings.stall_seconds, time.monotonic())
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            positions = await self.consumer.positions()
            if stuck := progress.stuck(positions, self._may_rest, time.monotonic()):
                self.problem = stuck
            if time.monotonic() - self.relay.beat > RELAY_SECONDS:
                self.problem = "the relay hangs"

    def _may_rest(self, topic: str) -> bool:
        resting = time.monotonic() < self.consumer.resting_until
        return resting or topic in self.consumer.paused or bool(self.consumer.gap)

    async def redrive(self, ids: list[int]) -> int:
        """Try parked messages again, in key order; returns how many messages were applied."""
        applied = await self.intake.redrive(ids)
        self.relay.wake()
        return applied

    async def reconcile(self) -> dict[str, int]:
        """Tell anew the states that the broker lost; how many keys, by topic. Raises KafkaError without a broker."""
        try:
            return await self.reconciler.run()
        finally:
            self.relay.wake()

    async def sweep(self) -> int:
        """Apply what is free to go, e.g. after a discard."""
        applied = await self.intake.sweep()
        self.relay.wake()
        return applied

    def ready(self) -> bool:
        """Whether this worker takes part: joined, partitions known, nothing missing."""
        kafka = self.consumer.kafka
        return bool(self._joined and kafka is not None and kafka.assignment() and not self.consumer.gap)

    def healthy(self) -> bool:
        """Whether it makes progress; if not, it should be started anew."""
        return not self.problem

    async def status(self) -> Status:
        """Everything an operator asks for, in one go."""
        problem = self.problem or self.consumer.gap or self.relay.trouble
        status = Status(self.service.name, self.ready(), self.healthy(), problem, version("bina-messaging"))
        for partition, (position, end) in (await self.consumer.positions()).items():
            status.lag[partition.topic] = status.lag.get(partition.topic, 0) + max(0, end - position)
        status.paused = self.consumer.paused
        status.relay_leading = self.relay.leading
        status.memory_bytes = resident_bytes()
        status.business_time = clock.now().isoformat()
        status.messages = _samples(self.metrics)
        async with self.sessions() as session:
            await count(session, status)
            status.disagreements = [f"{d.found_at:%F %T} {d}" for d in await lately(session)]
            if self._joined and self.consumer.kafka is not None:
                status.group_lag = await group_lag(self.consumer.kafka, self.consumer.ends, session)
        self.metrics.show(status)
        return status

    async def lag_of(self, topic: str) -> int | None:
        """How many messages of a topic are not applied yet; None while nobody knows."""
        if not self._joined or self.consumer.kafka is None:
            return None
        async with self.sessions() as session:
            lag = await group_lag(self.consumer.kafka, self.consumer.ends, session, [topic])
        return lag.get(topic)

    async def backlog(self) -> Backlog:
        """What is left to do without anything new coming in; asks the database alone."""
        async with self.sessions() as session:
            return await count_backlog(session)


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: until Python 3.12 `wait_for` swallows a cancellation that meets its result."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=1)


async def _pause(wake: asyncio.Event, seconds: float = POLL_SECONDS) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(wake.wait(), seconds)


def _samples(metrics: Metrics) -> dict[str, float]:
    return {
        sample.labels["outcome"]: sample.value
        for family in metrics.messages.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }
