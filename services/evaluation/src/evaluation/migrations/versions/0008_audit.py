"""Who changed or read what: entries, their seals, and what names people beside them."""

from alembic import op

from bina.web.audit import schema

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for statement in schema.CREATE:
        op.execute(statement)
