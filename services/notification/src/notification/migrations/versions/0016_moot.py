"""A notice that asks for an answer is moot once nobody waits for it any more."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("ALTER TABLE notices ADD COLUMN moot_at timestamptz")
    op.execute("CREATE INDEX notices_asking ON notices (about_id) WHERE kind = 'approval_requested'")
    op.execute("CREATE INDEX notices_asker ON notices ((details ->> 'asker_id')) WHERE details ? 'asker_id'")
