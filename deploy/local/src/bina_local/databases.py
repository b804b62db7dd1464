"""Roles and databases on a PostgreSQL server: each service opens its own and no other, and only reads and writes there.

A database and what is in it belong to a role of their own, which migrates it. A database from before belonged to its
service; it changes hands, whole or not at all.
"""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from bina_local.ports import HOST
from bina_local.state import Secrets

if TYPE_CHECKING:
    import asyncpg

SUPERUSER = "postgres"
_HANDS_OVER = """REASSIGN OWNED BY {role} TO {owner};
    GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role};
    ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE ON SCHEMAS TO {role};
    ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
    ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE, SELECT ON SEQUENCES TO {role}"""
_OF_BEFORE = """GRANT USAGE ON SCHEMA {schema} TO {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}"""
_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname = 'public' OR pg_get_userbyid(nspowner) = $1"


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

    def migration_url(self, url: str) -> str:
        """The same database by the role that owns it."""
        role, database = urlsplit(url).username or "", urlsplit(url).path.lstrip("/")
        return self.url(database, owner_of(role))

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
            rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"
            await connection.execute(f"{verb} ROLE {named(role)} {rights} PASSWORD '{self.password(role)}'")
            for database in (SUPERUSER, "template1"):
                await connection.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
        finally:
            await connection.close()

    async def ensure_database(self, name: str, role: str | None = None, template: str = "template0") -> str:
        """A database that only its role and its owner may open; gives the role's URL. Safe to repeat."""
        role = role or name
        owner = owner_of(role)
        await self.ensure_role(owner)
        await self.ensure_role(role)
        connection = await self.connect()
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                words = f"CREATE DATABASE {named(name)} OWNER {named(owner)} TEMPLATE {named(template)}"
                await connection.execute(words)
            await connection.execute(f"REVOKE ALL ON DATABASE {named(name)} FROM PUBLIC")
        finally:
            await connection.close()
        await self._hand_over(name, role, owner)
        return self.url(name, role)

    async def _hand_over(self, database: str, role: str, owner: str) -> None:
        """What is there, and what will be, belongs to the owner; the role reads and writes it."""
        connection = await self.connect(database)
        names = {"role": named(role), "owner": named(owner), "database": named(database)}
        try:
            async with connection.transaction():
                await connection.execute(_HANDS_OVER.format(**names))
                for row in await connection.fetch(_SCHEMAS, owner):
                    await connection.execute(_OF_BEFORE.format(**names, schema=named(row["nspname"])))
        finally:
            await connection.close()


def owner_of(role: str) -> str:
    """The role that owns and migrates what another only reads and writes."""
    return f"{role}_owner"


def named(identifier: str) -> str:
    """Quote an identifier for SQL."""
    return '"' + identifier.replace('"', '""') + '"'
