"""Waiting for what a running service does."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy import text

from bina.events import Envelope, Event
from bina.messaging import Runtime, clock, new_id
from bina.messaging.cluster import Cluster
from bina.messaging.records import message_of

Start = Callable[..., Awaitable[Runtime]]


async def true(value: object) -> object:
    return value


async def until(found: Callable[[], Awaitable[object]], seconds: float = 30) -> None:
    """Ask until the answer is true; the message names what never came true."""
    async with asyncio.timeout(seconds):
        while not await found():  # noqa: ASYNC110 - another process decides when
            await asyncio.sleep(0.02)


async def told(broker: Cluster, topic: str, key: str) -> object:
    """The first record of a key on a topic."""
    async with AIOKafkaConsumer(topic, **broker.client(), auto_offset_reset="earliest") as consumer:
        async with asyncio.timeout(30):
            while True:
                record = await consumer.getone()
                if record.key == key.encode():
                    return record


async def last(broker: Cluster, topic: str, key: str) -> object:
    """The last record of a key on a topic, as far as it is written now."""
    found = None
    async with AIOKafkaConsumer(topic, **broker.client(), auto_offset_reset="earliest") as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        async with asyncio.timeout(30):
            while [p for p, end in ends.items() if await consumer.position(p) < end]:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found = next((r for r in reversed(records) if r.key == key.encode()), found)
    return found


async def send(producer: AIOKafkaProducer, *events: Event, agency: str = "") -> None:
    for event in events:
        envelope = Envelope(
            id=str(new_id()), source="test", type=event.type, time=clock.now(), version=1, publisher=agency
        )
        message = message_of(event.travelled(envelope))
        await producer.send_and_wait(
            message.topic, message.value, key=message.record_key, headers=list(message.headers)
        )


async def seats(runtime: Runtime, *ids: uuid.UUID) -> dict[uuid.UUID, str]:
    async with runtime.sessions() as session:
        rows = await session.execute(
            text("SELECT enrollment_id, history FROM seats WHERE enrollment_id = ANY (CAST(:ids AS uuid[]))"),
            {"ids": list(ids)},
        )
        return {row.enrollment_id: row.history for row in rows}
