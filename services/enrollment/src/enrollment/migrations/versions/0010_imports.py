"""Agencies' files: the originals, the plan of each row, what became of it; which columns an agency calls what."""

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = (
    # A draft was read and planned, but its command has not committed: nobody sees it, and a day later it is gone.
    """CREATE TABLE imports (
        import_id uuid PRIMARY KEY, agency_code text NOT NULL REFERENCES agencies,
        kind text NOT NULL CHECK (kind IN ('pegawai', 'pendaftaran', 'kelulusan')),
        file_name text NOT NULL, size int NOT NULL, sha256 text NOT NULL,
        uploaded_by uuid, uploaded_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN ('draft', 'columns', 'checked', 'applying', 'applied', 'undoing', 'undone')),
        as_of date NOT NULL, detected jsonb NOT NULL, header jsonb NOT NULL, columns jsonb NOT NULL,
        problems jsonb NOT NULL, overwrite boolean NOT NULL DEFAULT false, plan text NOT NULL DEFAULT '',
        rows_total int NOT NULL, accepted int NOT NULL, warned int NOT NULL, refused int NOT NULL,
        added int NOT NULL, changed int NOT NULL, unchanged int NOT NULL,
        applied int NOT NULL DEFAULT 0, moved int NOT NULL DEFAULT 0, undone int NOT NULL DEFAULT 0,
        kept int NOT NULL DEFAULT 0,
        actor jsonb, confirmed_at timestamptz, finished_at timestamptz)""",
    "CREATE INDEX imports_of_agency ON imports (agency_code, uploaded_at, import_id)",
    "CREATE INDEX imports_of_uploader ON imports (uploaded_by)",
    "CREATE TABLE import_files (import_id uuid PRIMARY KEY REFERENCES imports ON DELETE CASCADE, content bytea NOT NULL)",
    "ALTER TABLE import_files ALTER COLUMN content SET STORAGE EXTERNAL",
    # `place` orders the application: supervisors before those they supervise. `ref` is the person or the enrolment.
    """CREATE TABLE import_rows (
        import_id uuid NOT NULL REFERENCES imports ON DELETE CASCADE, row int NOT NULL, place int NOT NULL,
        nip text, run_code text, effect text NOT NULL CHECK (effect IN ('added', 'changed', 'unchanged', 'refused')),
        before jsonb, after jsonb, conflicts jsonb, problems jsonb, cells jsonb,
        ref uuid, outcome text CHECK (outcome IN ('applied', 'moved', 'undone', 'kept')), reason text NOT NULL DEFAULT '',
        left_as jsonb, PRIMARY KEY (import_id, row))""",
    """CREATE UNIQUE INDEX import_rows_waiting ON import_rows (import_id, place)
        WHERE effect IN ('added', 'changed') AND outcome IS NULL""",
    "CREATE UNIQUE INDEX import_rows_applied ON import_rows (import_id, place) WHERE outcome = 'applied'",
    "CREATE INDEX import_rows_person ON import_rows (nip)",
    """CREATE TABLE import_columns (
        agency_code text NOT NULL REFERENCES agencies, kind text NOT NULL, header text NOT NULL, meaning text NOT NULL,
        PRIMARY KEY (agency_code, kind, header))""",
    # Which of a person's fields somebody corrected by hand: a file does not silently overwrite them.
    """CREATE TABLE hand_edits (
        asn_id uuid NOT NULL, field text NOT NULL, edited_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (asn_id, field))""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
