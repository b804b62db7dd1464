"""The ledger of JP: lines that are never changed, where there was one row for each enrolment, overwritten; what it needs
to know of PPPK's contracts."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    for statement in (*LEDGER, CONTRACT, HISTORIES, *CREDITS):
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
CREDITS = (
    """CREATE TABLE jp_credits (
        credit_id uuid PRIMARY KEY, asn_id uuid NOT NULL, form text NOT NULL, title text NOT NULL,
        provider text NOT NULL, number text NOT NULL, starts_on date NOT NULL, ends_on date NOT NULL,
        abroad boolean NOT NULL, amount int NOT NULL, minutes int NOT NULL,
        state text NOT NULL CHECK (state IN ('open', 'verified', 'refused', 'withdrawn')),
        asked_at timestamptz NOT NULL, granted int NOT NULL DEFAULT 0, revision int NOT NULL DEFAULT 0,
        decided_at timestamptz, decided_by uuid, answer text NOT NULL DEFAULT '')""",
    """CREATE UNIQUE INDEX jp_credits_known ON jp_credits (asn_id, lower(btrim(number)), lower(btrim(provider)))
        WHERE state IN ('open', 'verified')""",
    "CREATE INDEX jp_credits_person ON jp_credits (asn_id, credit_id)",
    "CREATE INDEX jp_credits_state ON jp_credits (state, asked_at, credit_id)",
    # Apart, for nothing but looking at it reads it.
    """CREATE TABLE jp_evidence (
        credit_id uuid PRIMARY KEY REFERENCES jp_credits ON DELETE CASCADE, asn_id uuid NOT NULL,
        media_type text NOT NULL, content bytea NOT NULL, decided_at timestamptz)""",
    "CREATE INDEX jp_evidence_person ON jp_evidence (asn_id)",
    "CREATE INDEX jp_evidence_decided ON jp_evidence (decided_at) WHERE decided_at IS NOT NULL",
)
