"""Answers that were given and not yet handed in lie with their task, and go when it takes none any more."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("ALTER TABLE tasks ADD COLUMN draft jsonb")
