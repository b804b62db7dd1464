"""The new column beside the old one, and both in step whoever writes which; the backfill comes in pieces later."""

import os

from alembic import op

revision = "left_run"
down_revision = os.environ["BINA_CHAOS_HEAD"]

STATEMENTS = (
    "ALTER TABLE enrolments ADD COLUMN left_run boolean",
    """CREATE FUNCTION keep_in_step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'INSERT' THEN
            NEW.left_run := coalesce(NEW.left_run, NEW.withdrawn);
            NEW.withdrawn := NEW.left_run;
        ELSIF NEW.withdrawn IS DISTINCT FROM OLD.withdrawn THEN
            NEW.left_run := NEW.withdrawn;
        ELSIF NEW.left_run IS DISTINCT FROM OLD.left_run THEN
            NEW.withdrawn := coalesce(NEW.left_run, NEW.withdrawn);
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER keep_in_step BEFORE INSERT OR UPDATE ON enrolments
        FOR EACH ROW EXECUTE FUNCTION keep_in_step()""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
