"""What became of agencies' messages, counted by day."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute(TALLIES)


# Each connection counts in rows of its own (`part`: its backend's pid), so that no batch waits for another's count, and
# none in a circle with a run's lock; who reads sums them up.
TALLIES = """CREATE TABLE agency_tallies (
    agency_code text NOT NULL, day date NOT NULL, way text NOT NULL CHECK (way IN ('topic', 'http', 'file')),
    outcome text NOT NULL CHECK (outcome IN ('accepted', 'waitlisted', 'withdrawn', 'refused')),
    code text NOT NULL, part int NOT NULL, count bigint NOT NULL, last_at timestamptz NOT NULL, example text NOT NULL,
    PRIMARY KEY (agency_code, day, way, outcome, code, part))"""
