"""The demo's business clock as the broker keeps it: read it, move it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from bina.events import Envelope
from bina.events.platform import ClockMoved
from bina.messaging.cluster import Cluster
from bina.messaging.records import encode_headers, encode_value
from bina_local.broker import producer, reader, records_until_end


@dataclass(frozen=True)
class ClockState:
    """Business time minus wall time, and how often it was moved."""

    offset: timedelta = timedelta(0)
    version: int = 0

    def now(self) -> datetime:
        """Business time, UTC."""
        return datetime.now(UTC) + self.offset


async def read_clock(cluster: Cluster) -> ClockState:
    """What the newest record on the clock's topic says."""
    newest = ClockState()
    async with reader(cluster, ClockMoved.topic) as client:
        async for record in records_until_end(client):
            if record.value:
                seconds = ClockMoved.model_validate_json(record.value).offset_seconds
                version = int(dict(record.headers).get("ce_aggregateversion", b"0"))
                newest = ClockState(timedelta(seconds=seconds), version)
    return newest


async def move_clock(cluster: Cluster, offset: timedelta) -> ClockState:
    """Set business time minus wall time for every service of a demonstration."""
    before = await read_clock(cluster)
    async with producer(cluster) as client:
        return await tell_clock(client, before, offset)


async def tell_clock(client: AIOKafkaProducer, before: ClockState, offset: timedelta) -> ClockState:
    """The same through a producer at hand, by somebody who knows where the clock stands."""
    moved = ClockMoved(offset_seconds=round(offset.total_seconds()))
    after = ClockState(timedelta(seconds=moved.offset_seconds), before.version + 1)
    envelope = Envelope(
        id=str(uuid4()),
        source="bina",
        type=ClockMoved.type,
        time=after.now(),
        subject=moved.key,
        version=after.version,
    )
    await client.send_and_wait(
        ClockMoved.topic, encode_value(moved), moved.key.encode(), headers=encode_headers(envelope)
    )
    return after
