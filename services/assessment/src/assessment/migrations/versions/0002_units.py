from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Until a person is told anew, no unit's staff sees them: closed rather than open.
    op.execute("ALTER TABLE people ADD COLUMN unit_path uuid[] NOT NULL DEFAULT '{}'")
