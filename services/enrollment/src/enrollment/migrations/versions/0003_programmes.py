from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Null: the platform's own. Nobody is known to have recorded those that are there already.
    op.execute("ALTER TABLE programmes ADD COLUMN recorded_by text")
