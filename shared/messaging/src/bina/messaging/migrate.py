"""Alembic, run by the service itself at its start, one process at a time."""

import asyncio
import logging
import os
from pathlib import Path
from typing import TypeVar

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from .settings import Settings

S = TypeVar("S", bound=Settings)
log = logging.getLogger(__name__)


def migrated(settings: S, migrations: Path) -> S:
    """Bring the database up to date; gives the settings without the right to do so, which the service has no use for."""
    asyncio.run(upgrade(settings.migration_url or settings.database_url, migrations))
    os.environ.pop("BINA_MIGRATION_URL", None)
    return settings.model_copy(update={"migration_url": ""})


async def upgrade(url: str, migrations: Path) -> None:
    """Bring the database to the newest revision. Waits for whoever else is migrating it."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(7005)"))
            await connection.run_sync(_upgrade, migrations)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, migrations: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    if not _is_newer(connection, config):
        command.upgrade(config, "head")


def _is_newer(connection: Connection, config: Config) -> bool:
    """Whether a later release has been here: while it is rolled out, workers of this one still start anew beside it."""
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    unknown = set(MigrationContext.configure(connection).get_current_heads()) - known
    if unknown:
        log.warning("the schema is of a later release: %s", ", ".join(sorted(unknown)))
    return bool(unknown)


def run_env() -> None:
    """What a service's `migrations/env.py` calls."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()
