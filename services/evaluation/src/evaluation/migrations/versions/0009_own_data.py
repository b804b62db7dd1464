"""What is kept of a person is found by the person, whether their tasks are open or not."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("CREATE INDEX tasks_asked ON tasks (respondent_id) WHERE respondent_id IS NOT NULL")
    op.execute("CREATE INDEX people_supervisor ON people (supervisor_id) WHERE supervisor_id IS NOT NULL")
