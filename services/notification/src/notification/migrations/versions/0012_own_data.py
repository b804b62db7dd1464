"""What is kept of a person is found by the person."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("CREATE INDEX enrolments_person ON enrolments (asn_id)")
    op.execute("CREATE INDEX people_supervisor ON people (supervisor_id) WHERE supervisor_id IS NOT NULL")
