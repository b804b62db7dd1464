"""What pages of respondents are about."""

from bina.web.live import Subject

OPEN_TASKS = Subject(
    "open-tasks",
    """SELECT CAST(respondent_id AS text) AS key,
        md5(string_agg(concat_ws('/', task_id, closes_on), ',' ORDER BY task_id)) AS version
    FROM tasks WHERE state = 'open' AND respondent_id = ANY (CAST(CAST(:keys AS text[]) AS uuid[])) GROUP BY 1""",
)
"""What somebody is asked to answer, by their id."""
