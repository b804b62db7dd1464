"""Which scores an organiser's last word on an enrolment does not hold: those it told before are void."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE enrolments ADD COLUMN unreported text[] NOT NULL DEFAULT '{}'")
