"""The old column goes, once no worker asks for it any more."""

from alembic import op

revision = "no_withdrawn"
down_revision = "left_run"

STATEMENTS = (
    "DROP TRIGGER keep_in_step ON enrolments",
    "DROP FUNCTION keep_in_step()",
    "ALTER TABLE enrolments ALTER COLUMN left_run SET DEFAULT false, ALTER COLUMN left_run SET NOT NULL",
    "ALTER TABLE enrolments DROP COLUMN withdrawn",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
