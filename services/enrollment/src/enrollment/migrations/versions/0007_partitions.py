"""Partitions are made and dropped by name: the service's own role makes no tables."""

from alembic import op

from bina.messaging import schema

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    for statement in schema.PARTITIONS:
        op.execute(statement)
