"""Which worker holds a mail, and in which life of its process, so that its next life may take it back at once."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN worker int, ADD COLUMN life uuid")
