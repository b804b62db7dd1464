from alembic import op

from bina.messaging import schema

revision = "0001"
down_revision = None

TABLES = (
    # Copies of the neighbours' facts; no name, no NIP: what a level needs is the job, not the person's data.
    """CREATE TABLE people (asn_id uuid PRIMARY KEY, agency_code text NOT NULL, job_level text NOT NULL,
        position text NOT NULL, recorded_on date NOT NULL)""",
    """CREATE TABLE runs (run_id uuid PRIMARY KEY, run_code text NOT NULL, programme_code text NOT NULL,
        programme_name text NOT NULL, organiser text NOT NULL, open_to text[] NOT NULL,
        job_levels text[] NOT NULL, starts_on date NOT NULL, ends_on date NOT NULL,
        pass_score double precision, cancelled_at timestamptz)""",
    """CREATE TABLE run_targets (run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE, code text NOT NULL,
        level smallint NOT NULL, PRIMARY KEY (run_id, code))""",
    "CREATE INDEX run_targets_code ON run_targets (code, level)",
    """CREATE TABLE enrollments (enrollment_id uuid PRIMARY KEY, asn_id uuid NOT NULL, run_id uuid NOT NULL,
        state text NOT NULL CHECK (state IN ('accepted', 'completed', 'not_completed', 'withdrawn')))""",
    "CREATE INDEX enrollments_person ON enrollments (asn_id)",
    """CREATE TABLE assessments (assessment_id uuid PRIMARY KEY, enrollment_id uuid NOT NULL,
        asn_id uuid NOT NULL, run_id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('pre', 'post')),
        attempt smallint NOT NULL, source text NOT NULL CHECK (source IN ('test', 'organiser')),
        state text NOT NULL CHECK (state IN ('open', 'scored', 'closed')), opened_on date NOT NULL,
        items text[] NOT NULL, answers jsonb NOT NULL DEFAULT '{}', score double precision, passed boolean,
        scored_on date, recorded_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE INDEX assessments_enrollment ON assessments (enrollment_id)",
    "CREATE INDEX assessments_person ON assessments (asn_id)",
    "CREATE INDEX assessments_open ON assessments (run_id) WHERE state = 'open'",
    """CREATE TABLE competency_results (assessment_id uuid NOT NULL, code text NOT NULL, asn_id uuid NOT NULL,
        score double precision NOT NULL, level smallint NOT NULL, ceiling smallint NOT NULL,
        assessed_on date NOT NULL, sequence smallint NOT NULL, source text NOT NULL,
        PRIMARY KEY (assessment_id, code))""",
    "CREATE INDEX competency_results_person ON competency_results (asn_id)",
    """CREATE TABLE profile_entries (asn_id uuid NOT NULL, code text NOT NULL, level smallint NOT NULL,
        standard smallint, gap smallint GENERATED ALWAYS AS (greatest(coalesce(standard, 0) - level, 0)) STORED,
        source text NOT NULL, indicative boolean NOT NULL, assessed_on date NOT NULL, valid_until date,
        PRIMARY KEY (asn_id, code))""",
    "CREATE INDEX profile_entries_gap ON profile_entries (code, asn_id) WHERE gap > 0",
    """CREATE TABLE recommendations (asn_id uuid PRIMARY KEY, code text NOT NULL, gap smallint NOT NULL,
        programme_code text NOT NULL, programme_name text NOT NULL, run_id uuid)""",
)


def upgrade() -> None:
    for statement in (*schema.CREATE, *TABLES):
        op.execute(statement)
