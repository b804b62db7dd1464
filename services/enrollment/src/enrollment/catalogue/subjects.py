"""What pages about runs are about."""

from bina.web.live import Subject

SEATS = Subject(
    "seats",
    """SELECT CAST(run_id AS text) AS key,
        concat_ws('/', s.taken, s.waiting, r.seats, r.status, extract(epoch FROM r.recorded_at)) AS version
    FROM run_seats AS s JOIN runs AS r USING (run_id)
    WHERE run_id = ANY (CAST(CAST(:keys AS text[]) AS uuid[]))""",
)
"""A run, its seats and how many wait, by its id."""
