"""Files that are the full list of an agency's people: who is not in them leaves. Sample values beside unknown headers."""

from alembic import op

revision = "0020"
down_revision = "0019"

FULL_LISTS = (
    # `removals` is the number of people that a confirmation names, while it is worked off. A worker of the release before
    # knows neither it nor such rows: it can confirm none of these plans, and does not claim their work.
    """ALTER TABLE imports ADD COLUMN replace boolean NOT NULL DEFAULT false, ADD COLUMN employed int NOT NULL DEFAULT 0,
        ADD COLUMN removed int NOT NULL DEFAULT 0, ADD COLUMN unread int NOT NULL DEFAULT 0, ADD COLUMN removals int,
        ADD CONSTRAINT imports_removals_named CHECK (
            removed = 0 OR state NOT IN ('applying', 'undoing') OR removals IS NOT DISTINCT FROM removed)""",
    # Rows that no row of the file says are numbered -1, -2, …
    """ALTER TABLE import_rows DROP CONSTRAINT import_rows_effect_check, ADD CONSTRAINT import_rows_effect_check
        CHECK (effect IN ('added', 'changed', 'unchanged', 'refused', 'removed'))""",
    "DROP INDEX import_rows_waiting",
    """CREATE UNIQUE INDEX import_rows_waiting ON import_rows (import_id, place)
        WHERE effect IN ('added', 'changed', 'removed') AND outcome IS NULL""",
    # Beside the original, so that they go with it: by header the first values of columns that nobody knows.
    "ALTER TABLE import_files ADD COLUMN samples jsonb NOT NULL DEFAULT '{}'",
)


def upgrade() -> None:
    for statement in FULL_LISTS:
        op.execute(statement)
