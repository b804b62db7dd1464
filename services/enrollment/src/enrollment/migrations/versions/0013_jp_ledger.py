"""The ledger of JP: lines that are never changed, where there was one row for each enrolment, overwritten; what it needs
to know of PPPK's contracts."""

from alembic import op

revision = "0013"
down_revision = "0009"


def upgrade() -> None:
    for statement in (*LEDGER, CONTRACT, HISTORIES):
        op.execute(statement)


LEDGER = (
    "ALTER TABLE jp_entries RENAME COLUMN enrollment_id TO source_id",
    "ALTER TABLE jp_entries DROP CONSTRAINT jp_entries_pkey",
    "DROP INDEX jp_of_asn",
    """ALTER TABLE jp_entries ADD COLUMN entry_id uuid NOT NULL DEFAULT gen_random_uuid(),
        ADD COLUMN source text NOT NULL DEFAULT 'completion'
            CHECK (source IN ('completion', 'outside', 'conversion', 'opening')),
        ADD COLUMN revision int NOT NULL DEFAULT 1, ADD COLUMN minutes int NOT NULL DEFAULT 0,
        ADD COLUMN reason text NOT NULL DEFAULT '', ADD COLUMN reverses uuid""",
    # JP were whole, of 45 minutes each.
    """UPDATE jp_entries AS j SET minutes = j.jp * 45, revision = e.revision FROM enrolments AS e
        WHERE e.enrollment_id = j.source_id""",
    """ALTER TABLE jp_entries DROP COLUMN jp, DROP COLUMN run_id, ADD PRIMARY KEY (entry_id),
        ALTER COLUMN entry_id DROP DEFAULT, ALTER COLUMN source DROP DEFAULT, ALTER COLUMN revision DROP DEFAULT,
        ALTER COLUMN minutes DROP DEFAULT""",
    "CREATE INDEX jp_of_asn ON jp_entries (asn_id, earned_on) INCLUDE (minutes)",
    # No revision of a source counts twice, and no line is taken back twice.
    "CREATE UNIQUE INDEX jp_stated ON jp_entries (source_id, revision) WHERE reverses IS NULL",
    "CREATE UNIQUE INDEX jp_reversed ON jp_entries (reverses) WHERE reverses IS NOT NULL",
)

CONTRACT = "ALTER TABLE asn ADD COLUMN contract_ends_on date"
# What agencies say is loaded: without it JP of a year may be more than are recorded.
HISTORIES = """CREATE TABLE jp_histories (
    agency_code text NOT NULL REFERENCES agencies, year int NOT NULL, source text NOT NULL,
    declared_at timestamptz NOT NULL, PRIMARY KEY (agency_code, year))"""
