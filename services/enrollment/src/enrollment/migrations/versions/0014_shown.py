"""Whom a page that renews itself has just shown."""

from alembic import op

from bina.web.audit import schema

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for statement in schema.SHOWN:
        op.execute(statement)
