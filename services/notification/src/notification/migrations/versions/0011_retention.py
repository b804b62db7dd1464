"""Deliveries are found by when they ended. A range per block of pages: an index of rows would make every state a new row."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("CREATE INDEX deliveries_ended ON deliveries USING brin (ended_at)")
