"""NIPs that people had before: a NIP changes with a new appointment or contract, and old lists go on naming the old one.
Agencies' requests for people who serve at another one."""

from alembic import op

revision = "0023"
down_revision = "0022"

STATEMENTS = (
    # Two people may have had one NIP, where the first was a mistake; `until` is when the register heard of the next one.
    """CREATE TABLE earlier_nips (
        nip text NOT NULL, asn_id uuid NOT NULL, until timestamptz NOT NULL, PRIMARY KEY (nip, asn_id))""",
    "CREATE INDEX earlier_nips_person ON earlier_nips (asn_id)",
    # What an agency asked for, whether or not anybody has that NIP (`asn_id`): a list with those alone would tell.
    """CREATE TABLE transfers (
        transfer_id uuid PRIMARY KEY, asn_id uuid, nip text NOT NULL, agency_code text NOT NULL, since date NOT NULL,
        reason text NOT NULL, asked_at timestamptz NOT NULL, asked_by uuid, due_at timestamptz NOT NULL,
        state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'refused', 'withdrawn', 'expired')),
        decided_at timestamptz, decided_by uuid, answer text NOT NULL DEFAULT '')""",
    "CREATE UNIQUE INDEX transfers_open ON transfers (agency_code, nip) WHERE state = 'open'",
    "CREATE INDEX transfers_of_agency ON transfers (agency_code, transfer_id)",
    "CREATE INDEX transfers_of_person ON transfers (asn_id) WHERE asn_id IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
