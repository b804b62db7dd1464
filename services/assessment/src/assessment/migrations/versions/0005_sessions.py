"""Sessions that ended before their time, and forms that came after their sender's session was over."""

from alembic import op

from bina.web import schema

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for statement in schema.SESSIONS:
        op.execute(statement)
