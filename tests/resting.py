"""What one test hands on to the next: making it anew would be most of a test's time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from bina.messaging import Settings
from bina.messaging.database import create_engine
from bina.messaging.testing import ServiceUnderTest

if TYPE_CHECKING:
    import asyncpg

    from bina_local.databases import DatabaseServer

Create = Callable[[Any], FastAPI]
"""A service's `create`, which takes its settings."""


@dataclass
class Database:
    """A migrated database without rows, with open connections of its role and one of the superuser."""

    engine: AsyncEngine
    cleaner: "asyncpg.Connection"

    @classmethod
    async def at(cls, url: str, server: "DatabaseServer") -> "Database":
        cleaner = await server.connect(url.rsplit("/", 1)[1])
        await cleaner.execute("SET session_replication_role = replica")
        return cls(create_engine(url), cleaner)

    async def empty(self) -> None:
        """Delete every row. Fails for a test that still holds a connection: the next one would meet its work."""
        left = self.engine.pool.checkedout()
        assert not left, f"{left} connections were not given back"
        rows = await self.cleaner.fetch(
            """SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'alembic_version'
            AND n.nspname IN ('public', 'messaging')"""
        )
        await self.cleaner.execute("; ".join(f"DELETE FROM {row['name']}" for row in rows))

    async def close(self) -> None:
        await self.engine.dispose()
        await self.cleaner.close()


@dataclass
class Applications:
    """Applications that no test uses now. Their routes never change; runtime and settings are each test's own."""

    _resting: dict[Create, list[FastAPI]] = field(default_factory=dict)

    def take(self, create: Create, service: ServiceUnderTest, settings: Settings) -> FastAPI:
        resting = self._resting.setdefault(create, [])
        app = resting.pop() if resting else create(settings)
        app.state.runtime, app.state.settings = service.runtime(settings), settings
        return app

    def give_back(self, create: Create, app: FastAPI) -> None:
        self._resting[create].append(app)
