"""What pages about attendance are about."""

from bina.web.live import Subject

ATTENDANCE = Subject(
    "attendance",
    """SELECT CAST(session_id AS text) AS key, concat_ws('/', count(*), sum(extract(epoch FROM recorded_at))) AS version
    FROM attendance WHERE session_id = ANY (CAST(CAST(:keys AS text[]) AS uuid[])) GROUP BY 1""",
)
"""Who came to a session, by its id."""
REPORTS = Subject(
    "reports",
    """SELECT CAST(run_id AS text) AS key, concat_ws('/', count(*), sum(extract(epoch FROM recorded_at))) AS version
    FROM reports WHERE run_id = ANY (CAST(CAST(:keys AS text[]) AS uuid[])) GROUP BY 1""",
)
"""Reports that were handed in or received, by their run's id."""
CODES = Subject(
    "codes",
    """SELECT key, CAST(floor(extract(epoch FROM clock_timestamp()) / 30) AS text) AS version
    FROM unnest(CAST(:keys AS text[])) AS key""",
)
"""The code that a session's screen shows, by the session's id: another one every half minute."""
