"""Sessions of runs, who came to each, reports handed in, what a run asks for; addresses of personal calendars."""

from alembic import op

revision = "0012"
down_revision = "0011"

STATEMENTS = (
    """ALTER TABLE runs ADD COLUMN attendance_percent smallint NOT NULL DEFAULT 100
            CHECK (attendance_percent BETWEEN 1 AND 100),
        ADD COLUMN report_required boolean NOT NULL DEFAULT false""",
    """CREATE TABLE run_sessions (
        session_id uuid PRIMARY KEY, run_id uuid NOT NULL REFERENCES runs,
        starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
        title text NOT NULL, place text NOT NULL, link text NOT NULL, trainer_id uuid,
        recorded_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE INDEX sessions_of_run ON run_sessions (run_id, starts_at)",
    "CREATE INDEX sessions_of_trainer ON run_sessions (trainer_id) WHERE trainer_id IS NOT NULL",
    """CREATE TABLE attendance (
        session_id uuid NOT NULL REFERENCES run_sessions, enrollment_id uuid NOT NULL,
        state text NOT NULL CHECK (state IN ('present', 'absent', 'excused')),
        how text NOT NULL CHECK (how IN ('list', 'code', 'spot_check')),
        at timestamptz NOT NULL, late boolean NOT NULL DEFAULT false, shared boolean NOT NULL DEFAULT false,
        device text NOT NULL DEFAULT '', checked text NOT NULL DEFAULT '' CHECK (checked IN ('', 'confirmed', 'denied')),
        note text NOT NULL DEFAULT '', marked_by uuid, recorded_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (session_id, enrollment_id))""",
    "CREATE INDEX attendance_of_enrolment ON attendance (enrollment_id)",
    # A device checks in one person a session.
    "CREATE UNIQUE INDEX attendance_of_device ON attendance (session_id, device) WHERE device <> ''",
    """CREATE TABLE reports (
        enrollment_id uuid PRIMARY KEY, run_id uuid NOT NULL, content text NOT NULL DEFAULT '', handed_in_at timestamptz,
        received_on date, received_by uuid, recorded_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE INDEX reports_of_run ON reports (run_id)",
    # Links of earlier generations open nothing.
    """CREATE TABLE calendar_links (
        asn_id uuid PRIMARY KEY, generation int NOT NULL, active boolean NOT NULL DEFAULT true,
        renewed_at timestamptz NOT NULL DEFAULT now())""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
