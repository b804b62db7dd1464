from alembic import op

from bina.messaging import schema
from bina.web import schema as web_schema
from bina.web.audit import schema as audit

revision = "0001"
down_revision = None


def upgrade() -> None:
    tables = (
        *schema.CREATE,
        *schema.MERGED,
        *schema.OPERATIONS,
        *schema.PARTITIONS,
        *web_schema.SESSIONS,
        *audit.CREATE,
        *audit.SHOWN,
    )
    for statement in tables:
        op.execute(statement)
    op.execute("CREATE TABLE people (asn_id uuid PRIMARY KEY, name text NOT NULL)")
    op.execute("CREATE TABLE registered (asn_id uuid PRIMARY KEY, name text NOT NULL)")
    op.execute("CREATE TABLE runs (run_id uuid PRIMARY KEY)")
    op.execute(
        """CREATE TABLE seats (enrollment_id uuid PRIMARY KEY, history text NOT NULL DEFAULT '',
        times int NOT NULL DEFAULT 0)"""
    )
