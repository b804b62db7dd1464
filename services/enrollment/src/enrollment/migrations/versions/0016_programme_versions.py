"""Programmes in versions, each approved by somebody else than who handed it in; runs keep the one they were announced with.
When one can enrol in a run, what it costs and asks for; the levels that people have. Partners and speakers."""

from alembic import op

revision = "0016"
down_revision = "0015"

STATEMENTS = (
    """ALTER TABLE programmes ADD COLUMN version int NOT NULL DEFAULT 1,
        ADD COLUMN mix jsonb NOT NULL DEFAULT '{}', ADD COLUMN positions text[] NOT NULL DEFAULT '{}',
        ADD COLUMN agencies text[] NOT NULL DEFAULT '{}'""",
    """CREATE TABLE programme_versions (
        programme_code text NOT NULL REFERENCES programmes, version int NOT NULL, name text NOT NULL, kind_id int,
        kind text NOT NULL, jp int NOT NULL, mode text NOT NULL, competencies jsonb NOT NULL, job_levels text[] NOT NULL,
        quota int, mix jsonb NOT NULL, positions text[] NOT NULL, agencies text[] NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (programme_code, version))""",
    # What is there was in force before anybody had to approve it.
    """INSERT INTO programme_versions (programme_code, version, name, kind_id, kind, jp, mode, competencies, job_levels,
            quota, mix, positions, agencies, recorded_at)
        SELECT programme_code, version, name, kind_id, kind, jp, mode, competencies, job_levels, quota, mix, positions,
            agencies, recorded_at FROM programmes""",
    # One at a time: what is to become the next version.
    """CREATE TABLE programme_drafts (
        programme_code text PRIMARY KEY, name text NOT NULL, kind_id int, kind text NOT NULL, jp int NOT NULL,
        mode text NOT NULL, competencies jsonb NOT NULL, job_levels text[] NOT NULL, quota int, mix jsonb NOT NULL,
        positions text[] NOT NULL, agencies text[] NOT NULL, recorded_by text,
        state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'submitted')),
        submitted_by uuid, submitted_at timestamptz, reason text NOT NULL DEFAULT '',
        recorded_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE INDEX programme_drafts_person ON programme_drafts (submitted_by) WHERE submitted_by IS NOT NULL",
    # Null: announced by a worker of the release before; the version in force then counts. Runs that are there have 1.
    "ALTER TABLE runs ADD COLUMN programme_version int DEFAULT 1",
    "ALTER TABLE runs ALTER COLUMN programme_version DROP DEFAULT",
    """ALTER TABLE runs ADD COLUMN opens_at timestamptz, ADD COLUMN closes_at timestamptz,
        ADD COLUMN cost_per_seat bigint NOT NULL DEFAULT 0 CHECK (cost_per_seat >= 0),
        ADD COLUMN required_programmes text[] NOT NULL DEFAULT '{}',
        ADD COLUMN required_levels jsonb NOT NULL DEFAULT '[]'""",
    """CREATE TABLE competency_levels (
        asn_id uuid NOT NULL, competency_code text NOT NULL, level int NOT NULL, valid_until date,
        recorded_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (asn_id, competency_code))""",
    """CREATE TABLE partners (
        partner_id uuid PRIMARY KEY, name text NOT NULL, kind text NOT NULL, region text NOT NULL,
        accreditation text NOT NULL, contact text NOT NULL, recorded_by text,
        recorded_at timestamptz NOT NULL DEFAULT now())""",
    """CREATE TABLE speakers (
        speaker_id uuid PRIMARY KEY, name text NOT NULL, expertise text NOT NULL, region text NOT NULL,
        contact text NOT NULL, partner_id uuid REFERENCES partners, asn_id uuid, recorded_by text,
        recorded_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE INDEX speakers_person ON speakers (asn_id) WHERE asn_id IS NOT NULL",
    "CREATE INDEX speakers_partner ON speakers (partner_id) WHERE partner_id IS NOT NULL",
    "ALTER TABLE runs ADD COLUMN partner_id uuid REFERENCES partners",
    "ALTER TABLE run_sessions ADD COLUMN speaker_id uuid REFERENCES speakers",
    "CREATE INDEX runs_partner ON runs (partner_id) WHERE partner_id IS NOT NULL",
    "CREATE INDEX sessions_speaker ON run_sessions (speaker_id) WHERE speaker_id IS NOT NULL",
    # A run's programme as it was announced.
    """CREATE VIEW run_programmes AS
        SELECT r.run_id, coalesce(v.name, p.name) AS name, coalesce(v.kind, p.kind) AS kind,
            coalesce(v.competencies, p.competencies) AS competencies
        FROM runs AS r JOIN programmes AS p USING (programme_code)
        LEFT JOIN programme_versions AS v ON v.programme_code = r.programme_code
            AND v.version = coalesce(r.programme_version, p.version)""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
