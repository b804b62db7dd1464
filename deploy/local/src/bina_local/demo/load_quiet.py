"""Knows when the services have done all that follows from what was asked of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from bina.events.agency import INBOUND
from bina_local.process import until

from .load_doors import Doors

EVERY_SECONDS = 0.05
PAUSE_SECONDS = 0.5
PATIENCE_SECONDS = 180.0
FOLLOWS = timedelta(seconds=30)

Parts = frozenset[TopicPartition]


class NeverQuietError(RuntimeError):
    """A service did not finish; the message says what is left."""


class Quiet:
    """Watches what groups have committed, which is what they have applied, and what services have left to do."""

    def __init__(
        self, doors: Doors, admin: AIOKafkaAdminClient, log: AIOKafkaConsumer, read: dict[str, Parts]
    ) -> None:
        """`read` are the partitions that each service reads."""
        self._doors = doors
        self._admin = admin
        self._log = log
        self._read = read
        self._all = frozenset[TopicPartition]().union(*read.values())
        self._inbound = frozenset(part for part in read["enrollment"] if part.topic.startswith(INBOUND))

    @classmethod
    @asynccontextmanager
    async def open(cls, doors: Doors, agencies: Iterable[str]) -> AsyncIterator["Quiet"]:
        """Waits until enrollment reads the agencies' topics, which it finds within half a minute."""
        kafka = doors.context.kafka
        admin = AIOKafkaAdminClient(**kafka.client())
        log = AIOKafkaConsumer(**kafka.client())
        try:
            await admin.start()
            await log.start()
            topics = await _subscriptions(doors, {f"{INBOUND}.{agency}" for agency in agencies})
            yield cls(doors, admin, log, {name: await _parts(admin, read) for name, read in topics.items()})
        finally:
            await log.stop()
            await admin.close()

    async def inbound(self) -> None:
        """Return once every agency's message was taken."""
        await self._until(partial(self._have_taken, {"enrollment": self._inbound}))

    async def everything(self) -> None:
        """Return once nothing is left: all messages taken, all facts published, all due work done."""
        await self._until(self._is_over)

    async def follows(self) -> None:
        """Return once every service keeps the clock's time."""
        await self._until(self._keep_time)

    async def _until(self, probe: Callable[[], Awaitable[bool]]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await until(probe, EVERY_SECONDS)
        except TimeoutError:
            raise NeverQuietError(f"masih dikerjakan: {await self._backlogs()}") from None

    async def _have_taken(self, read: dict[str, Parts]) -> bool:
        ends = await self._ends(self._all)
        taken = await asyncio.gather(*(self._admin.list_consumer_group_offsets(name) for name in read))
        return all(
            part in offsets and offsets[part].offset >= ends[part]
            for parts, offsets in zip(read.values(), taken, strict=True)
            for part in parts
            if ends[part]
        )

    async def _is_over(self) -> bool:
        """All were taken, then nothing was left to publish or do, and meanwhile nothing was published: over."""
        before = await self._ends(self._all)
        if not await self._have_taken(self._read):
            return False
        left = await self._backlogs()
        if any(one["outbox"] or one["due"] for one in left):
            return False
        return await self._ends(self._all) == before

    async def _keep_time(self) -> bool:
        shown = [datetime.fromisoformat(one["business_time"]) for one in await self._backlogs()]
        return all(abs(time - self._doors.now()) < FOLLOWS for time in shown)

    async def _backlogs(self) -> list[dict[str, Any]]:
        asked = (self._doors.ask(name, "ops/backlog") for name in self._doors.services)
        return list(await asyncio.gather(*asked))

    async def _ends(self, parts: Parts) -> dict[TopicPartition, int]:
        ends: dict[TopicPartition, int] = await self._log.end_offsets(list(parts))
        return ends


async def _parts(admin: AIOKafkaAdminClient, topics: Iterable[str]) -> Parts:
    described = await admin.describe_topics(list(topics))
    return frozenset(
        TopicPartition(topic["topic"], part["partition"])
        for topic in described
        for part in topic["partitions"]
    )


async def _subscriptions(doors: Doors, inbound: set[str]) -> dict[str, set[str]]:
    while True:
        asked = [await doors.ask(name, "ops/status") for name in doors.services]
        topics = {name: set(one["lag"]) for name, one in zip(doors.services, asked, strict=True)}
        if inbound <= topics["enrollment"] and all(one["ready"] for one in asked):
            return topics
        await asyncio.sleep(PAUSE_SECONDS)
