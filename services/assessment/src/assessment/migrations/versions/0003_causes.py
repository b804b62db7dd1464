"""Which fact made a test possible, so that what comes of its answers leads back to it."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        """ALTER TABLE assessments ADD COLUMN caused_by text NOT NULL DEFAULT '',
        ADD COLUMN correlation_id text NOT NULL DEFAULT ''"""
    )
