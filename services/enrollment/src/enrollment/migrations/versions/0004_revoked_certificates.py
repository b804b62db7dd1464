"""Which certificates fell, so that nobody is given their numbers again.

Those that fell before are taken from what was told and still lies in the outbox, which keeps a week: enrolments keep
no former numbers. Older ones stay unknown; no release had any.
"""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(
        """CREATE TABLE revoked_certificates (
            organiser text NOT NULL, number text NOT NULL, enrollment_id uuid NOT NULL,
            recorded_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (enrollment_id, number))"""
    )
    op.execute(
        """INSERT INTO revoked_certificates (organiser, number, enrollment_id)
        SELECT organiser, fact ->> 'number', enrollment_id
        FROM (SELECT CAST(convert_from(value, 'UTF8') AS jsonb) AS fact
            FROM messaging.outbox WHERE type = 'certificate.revoked.v1') AS told
        JOIN enrolments ON enrollment_id = CAST(fact ->> 'enrollment_id' AS uuid)
        JOIN runs USING (run_id) ON CONFLICT DO NOTHING"""
    )
    op.execute("CREATE INDEX revoked_numbers ON revoked_certificates (organiser, lower(number))")
