"""Answers are told in cells of enough raters that never change; those that came before are put into cells at once."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = (
    """CREATE TABLE answer_cells (
        cell_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run_id uuid NOT NULL, instrument_code text NOT NULL,
        role text NOT NULL, measure text NOT NULL CHECK (measure IN ('score', 'change')), agency_code text,
        unit_path uuid[] NOT NULL, answers int NOT NULL, total double precision NOT NULL, formed_on date NOT NULL,
        CHECK (agency_code IS NOT NULL OR unit_path = '{}'))""",
    "CREATE INDEX answer_cells_run ON answer_cells (run_id)",
    """ALTER TABLE responses ADD COLUMN score_told boolean NOT NULL DEFAULT false,
        ADD COLUMN change_told boolean NOT NULL DEFAULT false""",
    """INSERT INTO messaging.due (kind, key, due_at)
        SELECT DISTINCT 'form-cells', run_id || '/0', now() FROM responses JOIN tasks USING (task_id)""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
