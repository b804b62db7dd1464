"""Under which worker's number a mail is held, so that the number's next bearer may take it back at once."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN worker int")
