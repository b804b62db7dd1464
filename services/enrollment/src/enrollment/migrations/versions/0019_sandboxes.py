"""Agencies that are there to try against."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute("ALTER TABLE agencies ADD COLUMN sandbox boolean NOT NULL DEFAULT false")
