"""Records of people that were merged into another of the same person."""

from alembic import op

from bina.messaging import schema

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    for statement in schema.MERGED:
        op.execute(statement)
