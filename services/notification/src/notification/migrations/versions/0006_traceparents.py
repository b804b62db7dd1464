"""A notice whose cause is traced remembers where its trace goes on."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE notices ADD COLUMN traceparent text")
