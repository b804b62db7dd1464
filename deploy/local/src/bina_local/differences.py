"""What two databases hold differently in one table, found in one pass over both, with little memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncpg

SAMPLES = 5
CHUNK = 5000

# What merely says when a row was written differs each time it is written.
_COLUMNS = """SELECT column_name AS name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' AND column_name <> 'recorded_at'
        AND coalesce(column_default, '') NOT LIKE '%now()%' AND column_default IS DISTINCT FROM 'gen_random_uuid()'
    ORDER BY ordinal_position"""
_KEYS = """SELECT a.attname AS name FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
    AND a.attnum = ANY (i.indkey) WHERE i.indrelid = $1::text::regclass AND i.indisprimary ORDER BY a.attnum"""


@dataclass
class Difference:
    """One table: rows that only the replay has, that only the live database has, that differ; some keys of each."""

    table: str
    same: int = 0
    added: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: {"added": 0, "missing": 0, "changed": 0})

    def note(self, kind: str, key: str) -> None:
        """One more."""
        self.counts[kind] += 1
        keys: list[str] = getattr(self, kind)
        if len(keys) < SAMPLES:
            keys.append(key)

    @property
    def none(self) -> bool:
        """Whether both hold the same."""
        return not any(self.counts.values())


async def compare(live: "asyncpg.Connection[Any]", made: "asyncpg.Connection[Any]", table: str) -> Difference:
    """Compare a table of two connections, each inside a transaction."""
    found = Difference(table)
    question = await _question(live, table)
    ours, theirs = _rows(live, question), _rows(made, question)
    one, other = await anext(ours, None), await anext(theirs, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one["key"] < other["key"]):
            assert one is not None
            found.note("missing", one["key"].decode())
            one = await anext(ours, None)
        elif one is None or other["key"] < one["key"]:
            found.note("added", other["key"].decode())
            other = await anext(theirs, None)
        else:
            if one["digest"] == other["digest"]:
                found.same += 1
            else:
                found.note("changed", one["key"].decode())
            one, other = await anext(ours, None), await anext(theirs, None)
    return found


async def _question(connection: "asyncpg.Connection[Any]", table: str) -> str:
    columns = [f'"{row["name"]}"' for row in await connection.fetch(_COLUMNS, table)]
    keys = [f'"{row["name"]}"' for row in await connection.fetch(_KEYS, table)] or columns
    key = "concat_ws(' ', " + ", ".join(f"{name}::text" for name in keys) + ")"
    row = "ROW(" + ", ".join(columns) + ")::text"
    # Bytes, so that both servers and Python order alike.
    return f"SELECT convert_to({key}, 'UTF8') AS key, md5({row}) AS digest FROM {table} ORDER BY 1, 2"  # noqa: S608 - names from the catalogue


async def _rows(connection: "asyncpg.Connection[Any]", question: str) -> AsyncIterator[Any]:
    async for row in connection.cursor(question, prefetch=CHUNK):
        yield row
