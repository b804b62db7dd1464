"""What pages about enrolments are about."""

from bina.web.live import Subject

# Every change of an enrolment is recorded at another time than the one before, so their sum tells each of them.
_VERSION = "concat_ws('/', count(*), sum(extract(epoch FROM recorded_at))) AS version"
_ONES = "ANY (CAST(CAST(:keys AS text[]) AS uuid[]))"
PARTICIPANTS = Subject(
    "participants",
    f"SELECT CAST(run_id AS text) AS key, {_VERSION} FROM enrolments WHERE run_id = {_ONES} GROUP BY 1",  # noqa: S608 - fixed parts
)
"""Who takes part in a run, who waits and who came, by the run's id."""
TAKEN = Subject(
    "taken",
    f"SELECT CAST(asn_id AS text) AS key, {_VERSION} FROM enrolments WHERE asn_id = {_ONES} GROUP BY 1",  # noqa: S608 - fixed parts
)
"""What a person takes part in, has passed and earned by it, by their id."""
