"""Replaying a service beside the live one: its projections made anew, compared, exchanged, exchanged back.

The new database is `<service>_replay`. A comparison looks at the live database as of one instant, up to whose
positions the replay has read. An exchange holds every batch back for as long as it takes, reads the last messages,
and writes the new rows over the old ones in one transaction; the old ones stay in schema `before_replay`. Only
projections are exchanged: what commands, due work and the outside world wrote stays as it is.
"""

import contextlib
import importlib
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bina_local.databases import DatabaseServer, named
from bina_local.differences import Difference, compare

if TYPE_CHECKING:
    import asyncpg
    from aiokafka import TopicPartition

    from bina.messaging import Service
    from bina.messaging.cluster import Cluster
    from bina.messaging.reading import Reached
    from bina.messaging.replay import Progress, Replayed

OLD = "before_replay"
BATCHES = 7_001
"""The advisory lock that every batch shares."""
_POSITIONS = 'SELECT topic, "partition", next_offset, last_timestamp FROM messaging.positions'
_MOVED = f"""SELECT p.topic, p."partition", o.next_offset AS old, p.next_offset AS new FROM messaging.positions p
    LEFT JOIN {OLD}.positions o USING (topic, "partition") WHERE o.next_offset IS DISTINCT FROM p.next_offset"""  # noqa: S608 - our own names
_HELD = """SELECT topic, "partition", "offset", state = 'discarded' AS discarded FROM messaging.held"""
_WRITTEN = """SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'public'
    AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position"""


class NotReplayableError(RuntimeError):
    """Why a replay or an exchange makes no sense here, and what to do instead."""


def service_named(name: str) -> "Service":
    """A service that events alone can make anew. Raises NotReplayableError for one that owns what it holds."""
    found: Service = importlib.import_module(f"{name}.app").service
    if not found.projections:
        raise NotReplayableError(
            f"{name} memegang data asli (perintah lewat halaman dan API), bukan turunan peristiwa; tidak dapat "
            "disusun ulang dari Kafka. Pakai: bina backup dan bina restore"
        )
    return found


@dataclass
class Replaying:
    """One service's replay on one server. Every method raises KafkaError while the broker is away."""

    server: DatabaseServer
    kafka: "Cluster"
    service: "Service"

    @property
    def database(self) -> str:
        """Where the replay is made."""
        return f"{self.service.name}_replay"

    async def forget(self) -> None:
        """Drop an earlier replay."""
        connection = await self.server.connect()
        try:
            await connection.execute(f"DROP DATABASE IF EXISTS {named(self.database)} WITH (FORCE)")
        finally:
            await connection.close()

    async def read(self, report: "Progress", upto: "Reached | None" = None) -> "Replayed":
        """Read on up to positions, or to where the topics end now."""
        from bina.messaging.migrate import upgrade
        from bina.messaging.replay import replay

        url = await self.server.ensure_database(self.database, role=self.service.name)
        await upgrade(self.server.migration_url(url), self.service.migrations)
        return await replay(self.service, url, self.kafka, report, upto=upto)

    async def differences(self, report: "Progress") -> list[Difference]:
        """Per projection what the replay holds differently from the live database as of now."""
        async with self._connected(self.service.name) as live:
            async with self._connected(self.service.name) as gate, gate.transaction():
                await gate.execute("SELECT pg_advisory_xact_lock($1)", BATCHES)
                snapshot = live.transaction(isolation="repeatable_read", readonly=True)
                await snapshot.start()
                positions = await _positions(live)
            await self.read(report, positions)
            async with self._connected(self.database) as made, made.transaction():
                return [await compare(live, made, table) for table in self.service.projections]

    async def swap(self, report: "Progress") -> int:
        """Put the replay's rows in the place of the live ones; gives how many rows."""
        async with self._connected(self.service.name) as live, live.transaction():
            await live.execute("SELECT pg_advisory_xact_lock($1)", BATCHES)
            positions = await _positions(live)
            replayed = await self.read(report, positions)
            async with self._connected(self.database) as made:
                await _check_whole(live, made, positions, replayed.begins)
                await _keep_old(live, self.service.projections)
                return sum([await _exchange(live, made, table) for table in self.service.projections])

    async def swap_back(self) -> int:
        """Undo the last swap; gives how many rows. Raises NotReplayableError once later messages were applied."""
        async with self._connected(self.service.name) as live, live.transaction():
            await live.execute("SELECT pg_advisory_xact_lock($1)", BATCHES)
            if not await live.fetchval("SELECT to_regclass($1) IS NOT NULL", f"{OLD}.positions"):
                raise NotReplayableError(f"Tidak ada pertukaran {self.service.name} yang dapat dibatalkan")
            moved = await live.fetch(_MOVED)
            if moved:
                raise NotReplayableError(_too_late(moved))
            done = sum([await _bring_back(live, table) for table in self.service.projections])
            await live.execute(f"DROP SCHEMA {OLD} CASCADE")
            return done

    @contextlib.asynccontextmanager
    async def _connected(self, database: str) -> "AsyncIterator[asyncpg.Connection[Any]]":
        connection = await self.server.connect(database)
        try:
            yield connection
        finally:
            await connection.close()


async def _positions(connection: "asyncpg.Connection[Any]") -> "Reached":
    rows = await connection.fetch(_POSITIONS)
    return {(r["topic"], r["partition"]): (r["next_offset"], r["last_timestamp"]) for r in rows}


async def _check_whole(
    live: "asyncpg.Connection[Any]",
    made: "asyncpg.Connection[Any]",
    positions: "Reached",
    begins: "Mapping[TopicPartition, int]",
) -> None:
    """Raises NotReplayableError where the replay lacks something that the live database has applied."""
    reached = await _positions(made)
    cut = [f"{p.topic}[{p.partition}] sebelum {first}" for p, first in sorted(begins.items()) if first]
    short = [
        f"{topic}[{number}] sampai {at}"
        for (topic, number), (at, stamp) in sorted(positions.items())
        if stamp >= 0 and reached.get((topic, number), (0, 0))[0] < at
    ]
    if cut or short:
        raise NotReplayableError(f"Log tidak lagi memuat semuanya: {', '.join([*cut, *short])}")
    held = {tuple(row)[:3]: row["discarded"] for row in await live.fetch(_HELD)}
    other = {tuple(row)[:3] for row in await made.fetch(_HELD)} - {p for p, gone in held.items() if gone}
    if different := other ^ {p for p, gone in held.items() if not gone}:
        topic, number, offset = min(different)
        raise NotReplayableError(
            f"{len(different)} pesan tertahan di satu sisi saja (mis. {topic}[{number}] pada {offset}); "
            "selesaikan dahulu: bina parked"
        )


async def _keep_old(live: "asyncpg.Connection[Any]", tables: Sequence[str]) -> None:
    await live.execute(f"DROP SCHEMA IF EXISTS {OLD} CASCADE; CREATE SCHEMA {OLD}")
    await live.execute(f"CREATE TABLE {OLD}.positions AS TABLE messaging.positions")
    for table in tables:
        await live.execute(f"CREATE TABLE {OLD}.{table} AS TABLE {table}")


async def _exchange(live: "asyncpg.Connection[Any]", made: "asyncpg.Connection[Any]", table: str) -> int:
    columns = [row["name"] for row in await live.fetch(_WRITTEN, table)]
    with tempfile.TemporaryFile() as file:
        await made.copy_from_table(table, columns=columns, output=file, format="binary")
        file.seek(0)
        await _clear(live, table)
        done = await live.copy_to_table(table, source=file, columns=columns, format="binary")
    return int(done.split()[-1])


async def _bring_back(live: "asyncpg.Connection[Any]", table: str) -> int:
    columns = ", ".join(named(row["name"]) for row in await live.fetch(_WRITTEN, table))
    await _clear(live, table)
    done = await live.execute(
        f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {OLD}.{table}"  # noqa: S608 - our own names
    )
    return int(done.split()[-1])


async def _clear(live: "asyncpg.Connection[Any]", table: str) -> None:
    """Without triggers: what points at these rows finds them again before the transaction ends."""
    await live.execute("SET LOCAL session_replication_role = replica")
    await live.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names


def _too_late(moved: Sequence[Any]) -> str:
    later = sum(row["new"] - (row["old"] or 0) for row in moved)
    row = moved[0]
    return (
        f"{later} pesan sudah diterapkan sejak pertukaran (mis. {row['topic']}[{row['partition']}] "
        f"{row['old'] or 0} sampai {row['new']}); tabel lama tidak mengenalnya. Putar ulang sekali lagi: bina replay"
    )
