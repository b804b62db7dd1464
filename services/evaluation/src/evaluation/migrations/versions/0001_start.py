from alembic import op

from bina.messaging import schema

revision = "0001"
down_revision = None

TABLES = (
    """CREATE TABLE people (
        asn_id uuid PRIMARY KEY, nip text NOT NULL, name text NOT NULL, agency_code text NOT NULL,
        unit_name text NOT NULL, unit_path uuid[] NOT NULL, position text NOT NULL, supervisor_id uuid,
        erased boolean NOT NULL DEFAULT false)""",
    "CREATE INDEX people_nip ON people (nip) WHERE NOT erased",
    """CREATE TABLE runs (
        run_id uuid PRIMARY KEY, run_code text NOT NULL, programme_code text NOT NULL,
        programme_name text NOT NULL, organiser text NOT NULL, competencies text[] NOT NULL, jp int NOT NULL,
        starts_on date NOT NULL, ends_on date NOT NULL, announced_start date NOT NULL,
        cancelled boolean NOT NULL DEFAULT false)""",
    "CREATE INDEX runs_organiser ON runs (organiser)",
    """CREATE TABLE enrolments (
        enrollment_id uuid PRIMARY KEY, run_id uuid NOT NULL, asn_id uuid NOT NULL, agency_code text NOT NULL,
        accepted_on date, withdrawn boolean NOT NULL DEFAULT false,
        completed boolean NOT NULL DEFAULT false, completed_on date)""",
    "CREATE INDEX enrolments_run ON enrolments (run_id, agency_code)",
    "CREATE INDEX enrolments_agency ON enrolments (agency_code)",
    "CREATE INDEX enrolments_asn ON enrolments (asn_id)",
    """CREATE TABLE scores (
        enrollment_id uuid NOT NULL, kind text NOT NULL, source text NOT NULL, run_id uuid NOT NULL,
        score double precision NOT NULL, scored_on date NOT NULL,
        PRIMARY KEY (enrollment_id, kind, source))""",
    "CREATE INDEX scores_run ON scores (run_id)",
    """CREATE TABLE instrument_versions (
        code text NOT NULL, version int NOT NULL, body jsonb NOT NULL, PRIMARY KEY (code, version))""",
    """CREATE TABLE tasks (
        task_id uuid PRIMARY KEY, enrollment_id uuid NOT NULL, run_id uuid NOT NULL, about_id uuid NOT NULL,
        agency_code text NOT NULL, instrument_code text NOT NULL, instrument_version int NOT NULL,
        level text NOT NULL, method text NOT NULL, role text NOT NULL, baseline boolean NOT NULL,
        attempt int NOT NULL, respondent_id uuid, opens_on date NOT NULL, closes_on date NOT NULL,
        state text NOT NULL CHECK (state IN
            ('planned', 'unassigned', 'open', 'answered', 'expired', 'lapsed', 'withdrawn')),
        opened boolean NOT NULL, recorded_at timestamptz NOT NULL DEFAULT now(),
        CHECK (NOT opened OR respondent_id IS NOT NULL), CHECK (opens_on <= closes_on))""",
    # task_id is drawn from enrolment, instrument, role and attempt: that they are unique needs no second index
    "CREATE INDEX tasks_enrolment ON tasks (enrollment_id)",
    "CREATE INDEX tasks_run ON tasks (run_id, state)",
    "CREATE INDEX tasks_respondent ON tasks (respondent_id, closes_on) WHERE state = 'open'",
    "CREATE INDEX tasks_unassigned ON tasks (agency_code, run_id) WHERE state = 'unassigned'",
    """CREATE TABLE evaluators (
        scope text NOT NULL CHECK (scope IN ('run', 'agency')), scope_key text NOT NULL,
        evaluator_ids uuid[] NOT NULL, appointed_by uuid, appointed_on date NOT NULL,
        PRIMARY KEY (scope, scope_key))""",
    """CREATE TABLE responses (
        task_id uuid PRIMARY KEY REFERENCES tasks, receipt text NOT NULL UNIQUE, answered_on date NOT NULL,
        score double precision, change int, answers jsonb NOT NULL, digest bytea NOT NULL,
        on_behalf boolean NOT NULL DEFAULT false, recorded_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE TABLE publications (run_id uuid PRIMARY KEY, as_of date NOT NULL, facts jsonb NOT NULL)",
)


def upgrade() -> None:
    for statement in (*schema.CREATE, *TABLES):
        op.execute(statement)
