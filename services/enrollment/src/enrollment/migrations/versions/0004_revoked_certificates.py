"""Which certificates fell, so that no correction gives their numbers again."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(
        """CREATE TABLE revoked_certificates (
            organiser text NOT NULL, number text NOT NULL, enrollment_id uuid NOT NULL,
            recorded_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (enrollment_id, number))"""
    )
    op.execute("CREATE INDEX revoked_numbers ON revoked_certificates (organiser, lower(number))")
