"""A release that is not the newest starts on a newer release's schema: during a rollout both run, and may crash."""

import shutil
from pathlib import Path

from bina.messaging.migrate import upgrade
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
