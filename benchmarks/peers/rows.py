"""The rows that a service's handlers left, to be written once more by others."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.parts import connect
from bina.messaging.cluster import Cluster

_TABLES = """SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('public', 'messaging')
    AND c.relname <> 'alembic_version' ORDER BY c.oid"""
_COLUMNS = """SELECT attname AS name, format_type(atttypid, NULL) AS kind FROM pg_attribute
    WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    AND attidentity <> 'a' ORDER BY attnum"""


@dataclass(frozen=True)
class Table:
    """Rows of one table in the order of their writing; `records[n][i]` belongs to `columns[i]`, JSON as text."""

    name: str
    columns: list[str]
    kinds: list[str]
    records: list[tuple[Any, ...]]

    def share(self, low: int, high: int, events: int) -> Sequence[tuple[Any, ...]]:
        """The rows that belong to messages `low` to before `high` of so many."""
        rows = len(self.records)
        return self.records[rows * low // events : rows * high // events]

    @property
    def listed(self) -> str:
        """The columns as SQL."""
        return ", ".join(f'"{column}"' for column in self.columns)


@dataclass(frozen=True)
class Work:
    """What a peer is given: the messages on `topic`, whose rows are `tables`, to be written into `url`.

    `events` is how many messages the rows belong to, `wanted` how many of them to take, `batch` how many at once.
    """

    cluster: Cluster
    url: str
    topic: str
    tables: Sequence[Table]
    events: int
    wanted: int
    batch: int


async def count_rows(url: str) -> dict[str, int]:
    """How many rows each table has."""
    connection = await connect(url)
    names = [row["name"] for row in await connection.fetch(_TABLES)]
    counts = {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in names}
    await connection.close()
    return counts


async def rows_left(url: str, before: dict[str, int]) -> list[Table]:
    """The rows that a run added to what each table had before, as Python values."""
    connection = await connect(url)
    tables = [await _table(connection, name, count) for name, count in before.items()]
    await connection.close()
    return [table for table in tables if table.records]


async def _table(connection: Any, name: str, skipped: int) -> Table:
    found = await connection.fetch(_COLUMNS, name)
    columns, kinds = [row["name"] for row in found], [row["kind"] for row in found]
    listed = ", ".join(f'"{column}"' for column in columns)
    rows = await connection.fetch(f"SELECT {listed} FROM {name} OFFSET $1", skipped)
    return Table(name, columns, kinds, [tuple(row) for row in rows])


def as_array(value: Sequence[Any] | None) -> str | None:
    """An array as PostgreSQL writes it, where an array of arrays would unnest flat."""
    if value is None:
        return None
    return "{" + ",".join(json.dumps(str(item), ensure_ascii=False) for item in value) + "}"
