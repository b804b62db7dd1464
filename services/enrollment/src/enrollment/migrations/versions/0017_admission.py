"""How runs admit people: approvals, seats held back for groups, and which of these seats somebody has."""

from alembic import op

revision = "0017"
down_revision = "0016"

STATEMENTS = (
    "ALTER TABLE runs ADD COLUMN admission jsonb NOT NULL DEFAULT '{}'",
    # The group whose held seat it is; empty for one that is anybody's.
    "ALTER TABLE enrolments ADD COLUMN pool text NOT NULL DEFAULT ''",
    "CREATE INDEX enrolments_in_pools ON enrolments (run_id, pool) WHERE pool <> ''",
    # Requests that wait for a superior's or the agency's word. They hold no seat; the ticket keeps their place.
    """CREATE TABLE approvals (
        approval_id uuid PRIMARY KEY, run_id uuid NOT NULL REFERENCES runs, asn_id uuid NOT NULL,
        agency_code text NOT NULL, ticket bigint NOT NULL, requested_at timestamptz NOT NULL,
        note text NOT NULL DEFAULT '', stage text NOT NULL CHECK (stage IN ('supervisor', 'agency')),
        then_agency boolean NOT NULL,
        state text NOT NULL DEFAULT 'open'
            CHECK (state IN ('open', 'approved', 'refused', 'withdrawn', 'lapsed')),
        until timestamptz, supervisor_id uuid, supervisor_at timestamptz, decided_by uuid, decided_at timestamptz,
        answer text NOT NULL DEFAULT '', recorded_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE UNIQUE INDEX approvals_open ON approvals (run_id, asn_id) WHERE state = 'open'",
    "CREATE INDEX approvals_of_asn ON approvals (asn_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
