"""From the outbox to Kafka: one relay per database, in id order, marking what was acknowledged.

Marks, never a cursor: ids are drawn before commit, so a cursor would pass over a late one.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner

from bina.events import Envelope

from . import telemetry
from .cluster import Cluster
from .database import connect
from .metrics import Metrics
from .published import Comparison, reached
from .records import encode_headers

LOCK = 7_003
CHUNK = 2000
IDLE_SECONDS = 1.0
STAND_BY_SECONDS = 2.0
"""How often another worker's relay asks whether the lock is free."""
CHANNEL = "outbox"
log = logging.getLogger(__name__)
_place = DefaultPartitioner()

_NEXT = """SELECT id, created_at, topic, key, version, event_id, type, time, correlation_id, causation_id,
    traceparent, value FROM messaging.outbox WHERE published_at IS NULL ORDER BY id LIMIT $1"""
_MARK = """UPDATE messaging.outbox o SET published_at = now()
    FROM unnest($1::bigint[], $2::timestamptz[]) AS n (id, created_at)
    WHERE o.id = n.id AND o.created_at = n.created_at"""
_MARK_AND_REACH = f"""WITH marked AS ({_MARK})
    INSERT INTO messaging.published AS p (topic, "partition", next_offset, last_timestamp)
    SELECT * FROM unnest($3::text[], $4::int[], $5::bigint[], $6::bigint[])
    ON CONFLICT (topic, "partition") DO UPDATE
    SET next_offset = excluded.next_offset, last_timestamp = excluded.last_timestamp
    WHERE p.next_offset < excluded.next_offset"""  # noqa: S608 - our own words


def create_producer(cluster: Cluster) -> AIOKafkaProducer:
    """A producer that waits for every replica and never writes one record twice.

    It does not linger: a chunk is handed over whole before the first request can leave.
    """
    return AIOKafkaProducer(
        **cluster.client(),
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        linger_ms=0,
        metadata_max_age_ms=30_000,
    )


class Relay:
    """Publishes one service's outbox while it holds the database's relay lock."""

    def __init__(self, dsn: str, cluster: Cluster, source: str, metrics: Metrics) -> None:
        self._dsn = dsn
        self._source = source
        self._cluster = cluster
        self._metrics = metrics
        self._wake = asyncio.Event()
        self.leading = False
        self.trouble = ""
        """Why nothing is published at present; empty while all is well."""
        self.beat = time.monotonic()
        """When it last began to publish, to wait or to try again: who neither does so hangs."""

    def wake(self) -> None:
        """Something was committed in this process."""
        self._wake.set()

    async def run(self) -> None:
        """Publish until cancelled; connections that break are made anew."""
        delay = 0.2
        while True:
            self._beat()
            try:
                async with self._connection() as connection:
                    await self._lead(connection)
                delay = 0.2
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, RelayError) as error:
                self.trouble = f"relay: {error}"
                log.warning("relay starts anew: %s", error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 10)
            finally:
                self.leading = False

    @contextlib.asynccontextmanager
    async def _connection(self) -> Any:
        connection = await connect(self._dsn, f"{self._source}-relay")
        try:
            yield connection
        finally:
            connection.terminate()

    async def _lead(self, connection: "asyncpg.Connection[Any]") -> None:
        """Wait for the lock, then publish with a producer of one's own."""
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            await self._stand_by(connection)
        await connection.add_listener(CHANNEL, lambda *_: self.wake())
        producer = create_producer(self._cluster)
        try:
            await self._compare(connection)
            await producer.start()
            self.leading = True
            # Facts whose marks a crash of the server takes back are told once more; whoever reads them knows their ids.
            await connection.execute("SET synchronous_commit = off")
            await self._publish_forever(connection, producer)
        except Exception as error:
            # Whatever the producer met, its sequence numbers are not to be trusted any more.
            raise RelayError(f"{type(error).__name__}: {error}") from error
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(producer.stop(), 5)

    async def _stand_by(self, connection: "asyncpg.Connection[Any]") -> None:
        """What is committed in this process wakes the worker that publishes. Not by the command's own transaction:
        the server commits those that notify one after the other."""
        self._beat()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), STAND_BY_SECONDS)
            self._wake.clear()
            await connection.execute(f"NOTIFY {CHANNEL}")

    async def _compare(self, connection: "asyncpg.Connection[Any]") -> None:
        """What the broker has and what was marked may tell different pasts: nothing is told before that is settled."""
        await Comparison(connection, self._cluster, self._source, self._beat).settle()

    async def _publish_forever(
        self, connection: "asyncpg.Connection[Any]", producer: AIOKafkaProducer
    ) -> None:
        while True:
            self._wake.clear()
            self._beat()
            sent = await publish_once(connection, producer, self._source, self._metrics)
            self.trouble = ""
            if sent < CHUNK:  # else more is there; what comes from now on wakes
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)

    def _beat(self) -> None:
        self.beat = time.monotonic()


class RelayError(Exception):
    """The relay must begin anew."""


async def publish_once(
    connection: "asyncpg.Connection[Any]",
    producer: AIOKafkaProducer,
    source: str,
    metrics: Metrics,
) -> int:
    """Send the oldest chunk, await the acknowledgements with no transaction open, mark it; returns its size.

    The lock belongs to this very connection, so rows that it still reads are still this relay's to send.
    """
    rows = await connection.fetch(_NEXT, CHUNK)
    if not rows:
        return 0
    sending = telemetry.Publishing(rows)
    results = sending.end(await _send(producer, sending.rows, source))
    marked = acknowledged_prefix(rows, results)
    ids, days = [row["id"] for row in marked], [row["created_at"] for row in marked]
    await connection.execute(_MARK_AND_REACH, ids, days, *reached(results))
    metrics.published.inc(len(marked))
    failed = next((result for result in results if isinstance(result, BaseException)), None)
    if failed is not None:
        raise RelayError(f"{len(rows) - len(marked)} facts were not acknowledged: {failed!r}")
    return len(rows)


async def _send(producer: AIOKafkaProducer, rows: Sequence[Any], source: str) -> list[Any]:
    futures: list[Any] = []
    # One map per chunk: were a topic to grow in its midst, a key's fact that fails would come again behind a later
    # one, in another partition.
    maps: dict[str, list[int]] = {}
    for row in rows:
        try:
            topic, key = row["topic"], row["key"].encode()
            if topic not in maps:
                maps[topic] = sorted(await producer.partitions_for(topic))
            headers = encode_headers(_envelope(row, source))
            partition = _place(key, maps[topic], ())
            futures.append(
                await producer.send(topic, row["value"], key=key, partition=partition, headers=headers)
            )
        except Exception as error:  # noqa: BLE001 - it becomes this row's result; later rows must not overtake
            futures.append(error)
            break
    pending = [future for future in futures if not isinstance(future, BaseException)]
    results = list(await asyncio.gather(*pending, return_exceptions=True))
    results.extend(future for future in futures if isinstance(future, BaseException))
    return [*results, *[RelayError("not sent")] * (len(rows) - len(results))]


def acknowledged_prefix(rows: Sequence[Any], results: Sequence[Any]) -> list[Any]:
    """Per (topic, key), the rows up to its first failure; a later one must be sent again after it."""
    stopped: set[tuple[str, str]] = set()
    marked = []
    for row, result in zip(rows, results, strict=True):
        stream = (row["topic"], row["key"])
        if isinstance(result, BaseException):
            stopped.add(stream)
        if stream not in stopped:
            marked.append(row)
    return marked


def _envelope(row: Any, source: str) -> Envelope:
    return Envelope(
        id=str(row["event_id"]),
        source=source,
        type=row["type"],
        time=row["time"],
        subject=row["key"],
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
        version=row["version"],
        traceparent=row["traceparent"],
    )
