"""Where people served and what units were called, each after the other; since when a unit is closed; why people left."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    for statement in (*UNITS, *PEOPLE, *APART, *ADDED):
        op.execute(statement)


UNITS = (
    # Each state holds from its moment to the next one's.
    """CREATE TABLE unit_states (
        unit_id uuid NOT NULL REFERENCES units, since timestamptz NOT NULL, name text NOT NULL, parent_id uuid,
        closed_on date, PRIMARY KEY (unit_id, since))""",
    """INSERT INTO unit_states (unit_id, since, name, parent_id)
        SELECT unit_id, recorded_at, name, parent_id FROM units""",
)

PEOPLE = (
    # Half-open: from a day to the day before another. One writer, under the person's lock, keeps them apart.
    """CREATE TABLE placements (
        asn_id uuid NOT NULL, from_on date NOT NULL, until_on date CHECK (until_on > from_on),
        agency_code text NOT NULL, unit_id uuid, position text NOT NULL,
        cause text NOT NULL CHECK (cause IN ('start', 'import', 'api', 'page')),
        ended_for text NOT NULL DEFAULT '', recorded_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (asn_id, from_on))""",
    "CREATE UNIQUE INDEX placements_now ON placements (asn_id) WHERE until_on IS NULL",
    # Since when they stood there nobody knows; since when it is recorded is known.
    """INSERT INTO placements (asn_id, from_on, until_on, agency_code, unit_id, position, cause)
        SELECT asn_id, CAST(recorded_at AS date), left_on, agency_code, unit_id, position, 'start' FROM asn
        WHERE left_on IS NULL OR left_on > CAST(recorded_at AS date)""",
)
APART = (
    # Pairs that look like one person and are two, the smaller id first.
    """CREATE TABLE different_people (
        asn_id uuid NOT NULL, other_id uuid NOT NULL CHECK (asn_id < other_id), decided_at timestamptz NOT NULL,
        decided_by uuid, PRIMARY KEY (asn_id, other_id))""",
    "CREATE INDEX different_people_other ON different_people (other_id)",
)
# Last: from here on nobody else reads these tables until the transaction ends, so what takes long is done by then.
ADDED = (
    "ALTER TABLE units ADD COLUMN closed_on date",
    "ALTER TABLE asn ADD COLUMN left_reason text NOT NULL DEFAULT ''",
)
