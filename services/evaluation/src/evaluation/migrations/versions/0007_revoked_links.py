"""Personal links that were revoked: those of a task issued before a moment open nothing any more."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("CREATE TABLE revoked_links (task_id uuid PRIMARY KEY, issued_before timestamptz NOT NULL)")
