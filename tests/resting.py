"""What one test hands on to the next: making it anew would be most of a test's time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from bina.messaging import Settings
from bina.messaging.database import create_engine
from bina.messaging.testing import ServiceUnderTest
from bina.web.audit.sealing import Sealer
from bina.web.rates import Limiter, Rates

if TYPE_CHECKING:
    import asyncpg

    from bina_local.databases import DatabaseServer

Create = Callable[[Any], FastAPI]
"""A service's `create`, which takes its settings."""


class Database:
    """A migrated database that one test after the other uses, and the connections that stay open between them."""

    def __init__(self, url: str, server: "DatabaseServer") -> None:
        self.engine = create_engine(url)
        self._name = url.rsplit("/", 1)[1]
        self._server = server
        self._cleaner: asyncpg.Connection | None = None

    @property
    def connected(self) -> bool:
        return self._cleaner is not None

    async def empty(self) -> None:
        """Delete every row. Fails for a test that still holds a connection: the next one would meet its work."""
        left = self.engine.pool.checkedout()
        assert not left, f"{left} connections were not given back"
        cleaner = self._cleaner = self._cleaner or await self._superuser()
        rows = await cleaner.fetch(
            """SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'alembic_version'
            AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg@_%' ESCAPE '@'"""
        )
        await cleaner.execute("; ".join(f"DELETE FROM {row['name']}" for row in rows))

    async def _superuser(self) -> "asyncpg.Connection":
        connection = await self._server.connect(self._name)
        await connection.execute("SET session_replication_role = replica")
        return connection

    async def disconnect(self) -> None:
        """Close every connection; they are opened again when they are needed."""
        await self.engine.dispose()
        if self._cleaner:
            await self._cleaner.close()
            self._cleaner = None


class Databases:
    """Databases that no test uses now. One of each service stays connected: the server has few connections."""

    def __init__(self) -> None:
        self._resting: dict[str, list[Database]] = {}

    def take(self, service: str) -> Database | None:
        resting = self._resting.get(service)
        return resting.pop() if resting else None

    async def give_back(self, service: str, database: Database) -> None:
        await database.empty()
        resting = self._resting.setdefault(service, [])
        if any(other.connected for other in resting):
            await database.disconnect()
            resting.insert(0, database)
        else:
            resting.append(database)

    async def disconnect(self) -> None:
        for database in chain.from_iterable(self._resting.values()):
            await database.disconnect()


@dataclass
class Applications:
    """Applications that no test uses now. Their routes never change; runtime and settings are each test's own."""

    _resting: dict[Create, list[FastAPI]] = field(default_factory=dict)

    def take(self, create: Create, service: ServiceUnderTest, settings: Settings) -> FastAPI:
        resting = self._resting.setdefault(create, [])
        app = resting.pop() if resting else create(settings)
        app.state.runtime, app.state.settings = service.runtime(settings), settings
        app.state.limiter = Limiter(Rates())
        app.state.sealer = Sealer(app.state.runtime)
        return app

    def give_back(self, create: Create, app: FastAPI) -> None:
        self._resting[create].append(app)
