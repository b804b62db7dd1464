"""Files of balances of JP, and which file said a balance; full lists of enrolments; files that are only tried."""

from alembic import op

revision = "0024"
down_revision = "0023"

BALANCES = (
    """ALTER TABLE imports DROP CONSTRAINT imports_kind_check, ADD CONSTRAINT imports_kind_check
        CHECK (kind IN ('pegawai', 'pendaftaran', 'kelulusan', 'saldo-jp'))""",
    # None where somebody said it, whom no file overwrites unasked; so is what workers of the release before write.
    "ALTER TABLE jp_entries ADD COLUMN import_id uuid",
    # As `removals` of 0020: a worker of the release before does not confirm a plan by which seats are given back.
    """ALTER TABLE imports ADD COLUMN withdrawals int, ADD CONSTRAINT imports_withdrawals_named CHECK (
        kind <> 'pendaftaran' OR removed = 0 OR state NOT IN ('applying', 'undoing')
        OR withdrawals IS NOT DISTINCT FROM removed)""",
    # Files of agencies to try against are never worked off, by no release.
    """ALTER TABLE imports ADD COLUMN sandbox boolean NOT NULL DEFAULT false, ADD CONSTRAINT imports_sandbox_idle
        CHECK (NOT sandbox OR state NOT IN ('applying', 'undoing'))""",
)


def upgrade() -> None:
    for statement in BALANCES:
        op.execute(statement)
