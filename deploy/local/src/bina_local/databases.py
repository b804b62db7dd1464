"""Roles and databases on a PostgreSQL server: each service opens its own and no other."""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote

from bina_local.ports import HOST
from bina_local.state import Secrets

if TYPE_CHECKING:
    import asyncpg

SUPERUSER = "postgres"


class DatabaseServer:
    """A running PostgreSQL whose superuser's and roles' passwords lie in `secrets`."""

    def __init__(self, secrets: Secrets, port: int, host: str = HOST) -> None:
        self.secrets = secrets
        self.host = host
        self.port = port

    def url(self, database: str, role: str | None = None) -> str:
        """SQLAlchemy URL for asyncpg, with the password; the role is named as the database unless told."""
        role = role or database
        password = quote(self.password(role), safe="")
        return f"postgresql+asyncpg://{role}:{password}@{self.host}:{self.port}/{database}"

    def password(self, role: str) -> str:
        """The role's password, made at first use."""
        return self.secrets.get(f"postgres.{role}")

    async def connect(self, database: str = SUPERUSER) -> "asyncpg.Connection":
        """A connection of the superuser."""
        import asyncpg

        return await asyncpg.connect(
            host=self.host,
            port=self.port,
            user=SUPERUSER,
            password=self.password(SUPERUSER),
            database=database,
            timeout=10,
        )

    async def ready(self) -> None:
        """Return once the server accepts a connection."""
        import asyncpg

        while True:
            try:
                connection = await self.connect()
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.1)
            else:
                return await connection.close()

    async def ensure_role(self, role: str) -> None:
        """A role that can sign in and do nothing else yet; safe to repeat."""
        connection = await self.connect()
        try:
            known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
            verb = "ALTER" if known else "CREATE"
            await connection.execute(f"{verb} ROLE {named(role)} LOGIN PASSWORD '{self.password(role)}'")
            for database in (SUPERUSER, "template1"):
                await connection.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
        finally:
            await connection.close()

    async def ensure_database(self, name: str, role: str | None = None, template: str = "template0") -> str:
        """A database that only its role may open; gives its URL. Safe to repeat."""
        role = role or name
        await self.ensure_role(role)
        connection = await self.connect()
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                words = f"CREATE DATABASE {named(name)} OWNER {named(role)} TEMPLATE {named(template)}"
                await connection.execute(words)
            await connection.execute(f"REVOKE ALL ON DATABASE {named(name)} FROM PUBLIC")
        finally:
            await connection.close()
        return self.url(name, role)


def named(identifier: str) -> str:
    """Quote an identifier for SQL."""
    return '"' + identifier.replace('"', '""') + '"'
