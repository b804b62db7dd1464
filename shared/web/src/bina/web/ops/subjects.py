"""What pages of operations are about."""

from bina.web.live.subjects import Subject

METRICS = Subject(
    "metrics",
    """SELECT key, CAST(floor(extract(epoch FROM now()) / 5) AS text) AS version
    FROM unnest(CAST(:keys AS text[])) AS key""",
    every=5.0,
)
"""Numbers that never stand still: the page is made anew every five seconds while somebody looks at it."""
REDRIVES = Subject(
    "redrives",
    """SELECT CAST(id AS text) AS key,
        concat_ws('/', tried, applied, failed, queued, others_applied, others_failed, ended_at) AS version
    FROM messaging.redrives WHERE id = ANY (CAST(CAST(:keys AS text[]) AS bigint[]))""",
)
"""Orders to try again, by id."""
ALL_REDRIVES = Subject(
    "all-redrives",
    """SELECT key, (SELECT concat_ws('/', max(id), sum(tried), sum(applied), sum(failed), count(ended_at))
        FROM messaging.redrives) AS version
    FROM unnest(CAST(:keys AS text[])) AS key""",
)
"""Their list: few rows, which only ever come and count up."""
GROUPS = Subject(
    "groups",
    """SELECT cause AS key, string_agg(told, ',' ORDER BY told) AS version FROM (
        SELECT cause, concat_ws('/', state, count(*), min(id), max(id), sum(attempts)) AS told
        FROM messaging.held WHERE state IN ('parked', 'waiting', 'discarded') AND cause = ANY (CAST(:keys AS text[]))
        GROUP BY cause, state) AS by_state
    GROUP BY cause""",
    every=5.0,
)
"""Held messages by their cause. Asked less often, for a group may be large."""
SUBJECTS = (METRICS, REDRIVES, ALL_REDRIVES, GROUPS)
