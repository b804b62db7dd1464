"""Who is on probation as a PNS, and who is a PPPK of part time."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("ALTER TABLE people ADD COLUMN appointment text NOT NULL DEFAULT ''")
