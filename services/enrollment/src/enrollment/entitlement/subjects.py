"""What pages about JP are about."""

from bina.web.live import Subject

EARNED = Subject(
    "earned",
    """SELECT agency_code AS key, concat_ws('/', count(*), sum(extract(epoch FROM recorded_at))) AS version
    FROM enrolments WHERE agency_code = ANY (CAST(:keys AS text[])) GROUP BY 1""",
    every=5.0,
)
"""JP of an agency's people, earned and planned, by its code: whatever changes them changes an enrolment. Asked less
often, for it looks at all of them."""
