from alembic import op

from bina.messaging import schema

revision = "0001"
down_revision = None

TABLES = (
    """CREATE TABLE agencies (
        agency_code text PRIMARY KEY, name text NOT NULL, recorded_at timestamptz NOT NULL DEFAULT now())""",
    # For which employers' people an agency may report, per kind of report.
    """CREATE TABLE publisher_rights (
        publisher text NOT NULL, kind text NOT NULL CHECK (kind IN ('pegawai', 'pendaftaran', 'kelulusan')),
        employer text NOT NULL, PRIMARY KEY (publisher, kind, employer))""",
    """CREATE TABLE units (
        unit_id uuid PRIMARY KEY, agency_code text NOT NULL REFERENCES agencies, parent_id uuid,
        name text NOT NULL, path uuid[] NOT NULL, remote boolean NOT NULL DEFAULT false,
        recorded_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE INDEX units_of_agency ON units (agency_code)",
    """CREATE TABLE asn (
        asn_id uuid PRIMARY KEY,
        nip text NOT NULL CONSTRAINT asn_nip UNIQUE DEFERRABLE INITIALLY DEFERRED,
        name text NOT NULL, employment text NOT NULL CHECK (employment IN ('PNS', 'PPPK')),
        agency_code text NOT NULL REFERENCES agencies, unit_id uuid, position text NOT NULL,
        position_type text NOT NULL, job_level text NOT NULL, grade text NOT NULL, gender text NOT NULL,
        supervisor_id uuid, started_on date, recorded_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE INDEX asn_of_agency ON asn (agency_code, asn_id)",
    "CREATE INDEX asn_of_unit ON asn (unit_id)",
    "CREATE INDEX asn_of_supervisor ON asn (supervisor_id) WHERE supervisor_id IS NOT NULL",
    """CREATE TABLE contacts (
        asn_id uuid PRIMARY KEY, email text NOT NULL, phone text NOT NULL, language text NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now())""",
    """CREATE TABLE role_grants (
        asn_id uuid NOT NULL, role text NOT NULL, agency_code text NOT NULL, unit_id uuid,
        shows text NOT NULL DEFAULT '', recorded_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (asn_id, role))""",
    """CREATE TABLE programmes (
        programme_code text PRIMARY KEY, name text NOT NULL, kind_id int, kind text NOT NULL, jp int NOT NULL,
        mode text NOT NULL, competencies jsonb NOT NULL, job_levels text[] NOT NULL, quota int,
        recorded_at timestamptz NOT NULL DEFAULT now())""",
    """CREATE TABLE runs (
        run_id uuid PRIMARY KEY, run_code text NOT NULL UNIQUE,
        programme_code text NOT NULL REFERENCES programmes, organiser text NOT NULL, open_to text[] NOT NULL,
        jp int NOT NULL, job_levels text[] NOT NULL, mode text NOT NULL, location text NOT NULL,
        starts_on date NOT NULL, ends_on date NOT NULL CHECK (ends_on >= starts_on),
        seats int NOT NULL CHECK (seats >= 0), pass_score numeric,
        status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed', 'cancelled')),
        concluded_on date, reason text NOT NULL DEFAULT '', recorded_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE INDEX runs_by_start ON runs (starts_on, run_id)",
    # Its row lock orders the decisions on a run's seats.
    """CREATE TABLE run_seats (
        run_id uuid PRIMARY KEY REFERENCES runs, taken int NOT NULL DEFAULT 0 CHECK (taken >= 0),
        waiting int NOT NULL DEFAULT 0 CHECK (waiting >= 0), last_ticket bigint NOT NULL DEFAULT 0)""",
    """CREATE TABLE enrolments (
        enrollment_id uuid PRIMARY KEY, run_id uuid NOT NULL, asn_id uuid NOT NULL,
        attempt smallint NOT NULL, agency_code text NOT NULL,
        state text NOT NULL
            CHECK (state IN ('accepted', 'waitlisted', 'withdrawn', 'completed', 'not_completed')),
        ticket bigint, requested_at timestamptz NOT NULL, met_on date, completed_on date,
        reason text NOT NULL DEFAULT '', jp int NOT NULL DEFAULT 0, pre_score numeric, post_score numeric,
        certificate_number text NOT NULL DEFAULT '', origin text NOT NULL DEFAULT '',
        revision int NOT NULL DEFAULT 0, recorded_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (run_id, asn_id, attempt))""",
    "CREATE INDEX enrolments_of_asn ON enrolments (asn_id)",
    "CREATE INDEX enrolments_of_agency ON enrolments (agency_code, enrollment_id)",
    "CREATE INDEX waiting_list ON enrolments (run_id, ticket) WHERE state = 'waitlisted'",
    """CREATE TABLE post_tests (
        enrollment_id uuid PRIMARY KEY, score double precision NOT NULL, passed boolean, scored_on date NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now())""",
    """CREATE TABLE jp_entries (
        enrollment_id uuid PRIMARY KEY, asn_id uuid NOT NULL, run_id uuid NOT NULL, jp int NOT NULL,
        earned_on date NOT NULL, recorded_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE INDEX jp_of_asn ON jp_entries (asn_id, earned_on) INCLUDE (jp)",
    """CREATE TABLE recommendations (
        asn_id uuid NOT NULL, competency_code text NOT NULL, competency_name text NOT NULL, gap int NOT NULL,
        programme_code text NOT NULL, programme_name text NOT NULL, run_id uuid,
        recommended_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (asn_id, competency_code))""",
)


def upgrade() -> None:
    for statement in (*schema.CREATE, *TABLES):
        op.execute(statement)
