"""Records of people that were merged into another of the same person."""

from alembic import op

from bina.messaging import schema

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    for statement in schema.MERGED:
        op.execute(statement)
    op.execute(
        """CREATE INDEX notices_alumnus ON notices ((details ->> 'alumnus_id')) WHERE details ? 'alumnus_id'"""
    )
