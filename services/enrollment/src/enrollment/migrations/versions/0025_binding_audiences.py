"""A programme's version says whether whom it is for binds or only informs; what is there informs, as it did. Answered
requests for approval go by their period.

The view gains columns at its end: a worker of the release before goes on reading it.
"""

from alembic import op

revision = "0025"
down_revision = "0024"

STATEMENTS = (
    *(
        f"ALTER TABLE {table} ADD COLUMN audience_binds boolean NOT NULL DEFAULT false"
        for table in ("programmes", "programme_versions", "programme_drafts")
    ),
    """CREATE OR REPLACE VIEW run_programmes AS
        SELECT r.run_id, coalesce(v.name, p.name) AS name, coalesce(v.kind, p.kind) AS kind,
            coalesce(v.competencies, p.competencies) AS competencies, coalesce(v.positions, p.positions) AS positions,
            coalesce(v.agencies, p.agencies) AS agencies,
            coalesce(v.audience_binds, p.audience_binds) AS audience_binds
        FROM runs AS r JOIN programmes AS p USING (programme_code)
        LEFT JOIN programme_versions AS v ON v.programme_code = r.programme_code
            AND v.version = coalesce(r.programme_version, p.version)""",
    # Requests that wait for nobody any more go by their period.
    "CREATE INDEX approvals_decided ON approvals (decided_at) WHERE state <> 'open'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
