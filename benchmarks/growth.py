"""What an event costs as tables grow, over rows that look like those the handlers left.

The handlers run once; the rows that they left are then multiplied in SQL, every id turned into another one, the same
in every table, so that what belongs together still does. Ids that begin with their time keep doing so.
"""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .figures import Figure, Series, figure, keep_series, say
from .handlers import drain, prepared
from .parts import Parts, connect
from .peers.rows import count_rows
from .scenarios import PEOPLE, RUNS, SCENARIOS, Scenario

SEED_EVENTS = 20_000
EVENTS = 10_000
SIZES, ALL_SIZES = (100_000, 1_000_000), (100_000, 1_000_000, 10_000_000)
FILL_SECONDS = 3600
COPIES_AT_ONCE = 10

_COLUMNS = """SELECT attname AS name, format_type(atttypid, NULL) AS kind FROM pg_attribute
    WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    AND attidentity <> 'a' ORDER BY attnum"""
# The first 15 characters of an id of version 7 are its time and version.
_OTHER = """CREATE FUNCTION pg_temp.other(id text, copy int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN substr(id, 15, 1) = '7' THEN left(id, 15) ELSE left(h, 8) || '-' || substr(h, 9, 4) || '-8' END
        || substr(h, 13, 3) || '-a' || substr(h, 17, 3) || '-' || substr(h, 21, 12)
    FROM (SELECT md5(id || '/' || copy) AS h) AS n $$"""
_UUID = "'^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'"


@dataclass(frozen=True)
class _Grown:
    """A table, where in it the rows begin that the handlers left, how many they are, and what writes copies of them."""

    name: str
    before: int
    rows: int
    copy: str


async def measure(parts: Parts, runs: int, only: str, sizes: tuple[int, ...]) -> list[Figure]:
    """For each service: microseconds per event at each size, over those at the smallest."""
    figures = []
    for scenario in SCENARIOS:
        if only.partition(".")[2] in {"", scenario.service.name}:
            figures += await _measure(parts, scenario, runs, sizes)
    return figures


async def _measure(parts: Parts, scenario: Scenario, runs: int, sizes: tuple[int, ...]) -> list[Figure]:
    name = scenario.service.name
    assert SEED_EVENTS + runs * len(sizes) * EVENTS <= PEOPLE * RUNS, "no seat twice"
    url, before = await prepared(parts, scenario)
    group = f"{name}-growth"
    await drain(parts, scenario, url, scenario.load(SEED_EVENTS), group)
    tables = await _written(url, before)
    costs: dict[int, list[float]] = {}
    copies, start, most = 0, SEED_EVENTS, max(table.rows for table in tables)
    for size in sizes:
        wanted = round(size / most) - 1
        await _fill(parts, url, tables, copies, wanted)
        copies = max(copies, wanted)
        largest = max((await count_rows(url)).values())
        assert 0.7 * size <= largest <= 1.4 * size, f"{largest:,} rows instead of {size:,}"
        costs[size] = []
        for _ in range(runs):
            messages = scenario.load(EVENTS, start)
            start += EVENTS
            costs[size].append(1e6 / await drain(parts, scenario, url, messages, group))
        say(f"growth {name} at {size:,} rows: {min(costs[size]):.0f} to {max(costs[size]):.0f} µs per event")
    await parts.drop(url)
    keep_series(f"growth.{name}", [Series("µs per event", [(s, sum(c) / len(c)) for s, c in costs.items()])])
    return [
        figure(
            f"growth.{name}.{size}",
            costs[size],
            "µs/event",
            costs[sizes[0]],
            f"{size:,} rows in the largest table; baseline at {sizes[0]:,}",
        )
        for size in sizes
    ]


async def _written(url: str, before: dict[str, int]) -> list[_Grown]:
    after = await count_rows(url)
    connection = await connect(url)
    found = [
        _Grown(name, before[name], after[name] - before[name], await _copies(connection, name))
        for name in after
        if after[name] > before[name]
    ]
    await connection.close()
    return found


async def _copies(connection: Any, name: str) -> str:
    columns = await connection.fetch(_COLUMNS, name)
    listed = ", ".join(f'"{column["name"]}"' for column in columns)
    chosen = ", ".join(_other(f'"{column["name"]}"', column["kind"]) for column in columns)
    return (
        f"INSERT INTO {name} ({listed}) SELECT {chosen} FROM (SELECT * FROM {name} OFFSET $1 LIMIT $2) AS t, "
        f"generate_series($3::int, $4::int) AS copy ON CONFLICT DO NOTHING"
    )


def _other(column: str, kind: str) -> str:
    if kind == "uuid":
        return f"pg_temp.other({column}::text, copy)::uuid"
    if kind == "text":
        return f"CASE WHEN {column} ~ {_UUID} THEN pg_temp.other({column}, copy) ELSE {column} END"
    return column


async def _fill(parts: Parts, url: str, tables: list[_Grown], copies: int, wanted: int) -> None:
    """Write copies `copies + 1` to `wanted` of every table, foreign keys unchecked: their rows come along."""
    started = time.perf_counter()
    connection = await parts.postgres.connect(urlsplit(url).path.lstrip("/"))
    await connection.execute(_OTHER)
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("SET synchronize_seqscans = off")  # each scan begins at the first row
    for table in tables:
        for first in range(copies + 1, wanted + 1, COPIES_AT_ONCE):
            last = min(first + COPIES_AT_ONCE - 1, wanted)
            await connection.execute(table.copy, table.before, table.rows, first, last, timeout=FILL_SECONDS)
    await connection.execute("UPDATE messaging.outbox SET published_at = now() WHERE published_at IS NULL")
    await connection.execute("VACUUM ANALYZE", timeout=FILL_SECONDS)
    await connection.execute("CHECKPOINT", timeout=FILL_SECONDS)
    await connection.close()
    say(f"filled in {time.perf_counter() - started:.0f} s")
