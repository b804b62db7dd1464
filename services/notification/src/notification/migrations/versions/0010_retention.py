"""Deliveries are found by when they ended. A range per block of pages: an index of rows would make every state a new row."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("CREATE INDEX deliveries_ended ON deliveries USING brin (ended_at)")
