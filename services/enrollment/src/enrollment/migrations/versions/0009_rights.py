"""When somebody left; what people ask of their own data: to have it mended, to have it erased."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE asn ADD COLUMN left_on date")
    op.execute(
        """CREATE TABLE data_requests (
        request_id uuid PRIMARY KEY, asn_id uuid NOT NULL,
        field text NOT NULL, wanted text NOT NULL, reason text NOT NULL,
        state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'refused')),
        asked_at timestamptz NOT NULL, due_at timestamptz NOT NULL, decided_at timestamptz, decided_by uuid,
        answer text NOT NULL DEFAULT '')"""
    )
    op.execute("CREATE UNIQUE INDEX data_requests_open ON data_requests (asn_id, field) WHERE state = 'open'")
    op.execute("CREATE INDEX data_requests_person ON data_requests (asn_id, request_id)")
    op.execute("CREATE INDEX data_requests_decided ON data_requests (decided_at) WHERE state <> 'open'")
