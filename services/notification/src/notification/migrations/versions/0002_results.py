"""What was last told of each enrolment's result, so that a correction is told only where it changes that."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE enrolments ADD COLUMN completed boolean, ADD COLUMN jp int")
