"""Positions of what is applied, and orders to try parked messages again."""

from alembic import op

from bina.messaging import schema

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for statement in schema.OPERATIONS:
        op.execute(statement)
