"""Which agency asked for somebody who waits, so that it hears what becomes of it."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """CREATE TABLE waiting_asks (
            enrollment_id uuid PRIMARY KEY, agency_code text NOT NULL, request_id text NOT NULL,
            recorded_at timestamptz NOT NULL DEFAULT now())"""
    )
