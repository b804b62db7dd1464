"""Bytes and rows that an event leaves behind: on the topics, in the tables, in PostgreSQL's log.

Measured over the real handlers and the real relay, each service by its own kind of event; what `capacity.md` reckons
with. There is no baseline: these are sizes.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bina.messaging.metrics import Metrics
from bina.messaging.relay import LOCK, create_producer, publish_once

from .figures import Figure, figure, say
from .handlers import drain, prepared
from .parts import Parts, connect
from .peers.rows import count_rows
from .scenarios import SCENARIOS, Scenario

EVENTS = 20_000
_SIZES = """SELECT coalesce(sum(pg_total_relation_size(c.oid)) FILTER (WHERE c.relname LIKE 'outbox%'), 0)::bigint AS outbox,
    coalesce(sum(pg_total_relation_size(c.oid)) FILTER (WHERE c.relname NOT LIKE 'outbox%'), 0)::bigint AS tables
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname IN ('public', 'messaging')"""
_LOG = "SELECT pg_current_wal_insert_lsn()"


async def measure(make: Callable[[], Any], runs: int) -> list[Figure]:
    """Bytes per event of each service, in a broker and database of its own each time."""
    figures = []
    for scenario in SCENARIOS:
        found: dict[str, list[float]] = {}
        for _ in range(runs):
            async with make() as parts:
                for name, value in (await _sizes(parts, scenario)).items():
                    found.setdefault(name, []).append(value)
        name = scenario.service.name
        say(f"capacity {name}: " + ", ".join(f"{what} {values[-1]:,.1f}" for what, values in found.items()))
        figures += [
            figure(f"capacity.{name}.{what}", values, UNITS.get(what, "B/event"), note=NOTES[what])
            for what, values in found.items()
        ]
    return figures


UNITS = {"rows": "rows/event", "facts": "facts/event"}
NOTES = {
    "heard": "the event itself on its topic, lz4",
    "told": "what the service tells because of it on its topics, lz4",
    "facts": "how many facts it tells because of it",
    "tables": "its tables and their indexes, without the outbox",
    "outbox": "the outbox, kept for a week",
    "log": "PostgreSQL's log",
    "rows": "rows, the outbox's included",
}


async def _sizes(parts: Parts, scenario: Scenario) -> dict[str, float]:
    url, before_rows = await prepared(parts, scenario)
    connection = await connect(parts.postgres.migration_url(url))
    before, log = await _size(connection), await connection.fetchval(_LOG)
    empty = topic_bytes(parts)
    messages = scenario.load(EVENTS)
    await drain(parts, scenario, url, messages)
    heard = topic_bytes(parts) - empty
    after = await _size(connection)
    written = await connection.fetchval(f"SELECT ({_LOG.removeprefix('SELECT ')} - $1::pg_lsn)::bigint", log)
    facts = await _publish(parts, connection)
    told = topic_bytes(parts) - empty - heard
    rows = sum((await count_rows(url)).values()) - sum(before_rows.values())
    await connection.close()
    totals = {
        "heard": heard,
        "told": told,
        "facts": facts,
        "tables": after["tables"] - before["tables"],
        "outbox": after["outbox"] - before["outbox"],
        "log": written,
        "rows": rows,
    }
    return {name: total / EVENTS for name, total in totals.items()}


async def _size(connection: Any) -> dict[str, int]:
    await connection.execute("VACUUM ANALYZE")
    return dict(await connection.fetchrow(_SIZES))


async def _publish(parts: Parts, connection: Any) -> int:
    """Send the outbox as the relay does; how many facts went."""
    producer, sent = create_producer(parts.kafka.cluster), 0
    await producer.start()
    await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
    metrics = Metrics()
    while found := await publish_once(connection, producer, "bench", metrics):
        sent += found
    await producer.stop()
    return sent


def topic_bytes(parts: Parts) -> int:
    """Bytes of all log segments of our topics; a segment's file is cut to its size as it is written."""
    data = Path(parts.kafka.state.root) / "kafka" / "data"
    return sum(
        log.stat().st_size
        for folder in data.iterdir()
        if folder.is_dir() and not folder.name.startswith("__")
        for log in folder.glob("*.log")
    )
