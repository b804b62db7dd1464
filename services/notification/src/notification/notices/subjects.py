"""What the inbox is about."""

from bina.web.live import Subject

UNREAD = Subject(
    "unread",
    """SELECT CAST(recipient_id AS text) AS key,
        concat_ws('/', count(*), sum(extract(epoch FROM recorded_at))) AS version
    FROM notices WHERE read_at IS NULL AND recipient_id = ANY (CAST(CAST(:keys AS text[]) AS uuid[])) GROUP BY 1""",
)
"""Notices that somebody has not opened, by their id."""
