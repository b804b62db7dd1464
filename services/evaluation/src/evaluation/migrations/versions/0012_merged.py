"""Records of people that were merged into another of the same person."""

from alembic import op

from bina.messaging import schema

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for statement in schema.MERGED:
        op.execute(statement)
