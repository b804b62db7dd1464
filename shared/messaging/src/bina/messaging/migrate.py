"""Alembic, run by the service itself at its start, one process at a time."""

from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine


async def upgrade(url: str, migrations: Path, revision: str = "head") -> None:
    """Bring the database to a revision. Waits for whoever else is migrating it."""
    await _run(url, migrations, lambda config: command.upgrade(config, revision))


async def downgrade(url: str, migrations: Path, revision: str = "base") -> None:
    """Take the database back to a revision."""
    await _run(url, migrations, lambda config: command.downgrade(config, revision))


async def _run(url: str, migrations: Path, action: object) -> None:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(7005)"))
            await connection.run_sync(_with, migrations, action)
    finally:
        await engine.dispose()


def _with(connection: Connection, migrations: Path, action: object) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    assert callable(action)
    action(config)


def run_env() -> None:
    """What a service's `migrations/env.py` calls."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()
