"""A release that is not the newest starts on a newer release's schema: during a rollout both run, and may crash."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from sqlalchemy.exc import ProgrammingError

from bina.messaging import Settings
from bina.messaging.migrate import migrated, upgrade
from conftest import FreshDatabase
from messaging import toy

NEXT = """from alembic import op
revision = "next"
down_revision = "0001"
def upgrade() -> None:
    op.execute("CREATE TABLE of_next (id int)")
"""


async def test_a_release_starts_on_the_schema_of_the_next(
    fresh_database: FreshDatabase, postgres, tmp_path: Path
):
    url = postgres.migration_url(await fresh_database("toy"))
    newer = shutil.copytree(toy.service.migrations, tmp_path / "newer")
    (newer / "versions" / "0002_next.py").write_text(NEXT)
    await upgrade(url, newer)
    await upgrade(url, toy.service.migrations)
    await upgrade(url, newer)


async def test_who_owns_the_tables_migrates_and_the_service_keeps_no_right_to(
    fresh_database: FreshDatabase, postgres, monkeypatch: pytest.MonkeyPatch
):
    url = await fresh_database("toy")
    monkeypatch.setenv("BINA_MIGRATION_URL", postgres.migration_url(url))
    told = Settings(database_url=url, kafka="localhost:1", secret="x" * 32)
    left = await asyncio.to_thread(migrated, told, toy.service.migrations)
    assert (told.migration_url, left.migration_url) == (postgres.migration_url(url), "")
    assert "BINA_MIGRATION_URL" not in os.environ
    again = await asyncio.to_thread(migrated, left, toy.service.migrations)  # there is nothing to do
    assert again == left


async def test_a_service_alone_does_not_migrate(fresh_database: FreshDatabase):
    settings = Settings(database_url=await fresh_database("toy"), kafka="localhost:1", secret="x" * 32)
    with pytest.raises(ProgrammingError, match="permission denied"):
        await asyncio.to_thread(migrated, settings, toy.service.migrations)
