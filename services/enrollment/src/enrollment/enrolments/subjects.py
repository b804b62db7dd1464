"""What pages about enrolments are about."""

from bina.web.live import Subject

# Every change of an enrolment is recorded at another time than the one before, so their sum tells each of them.
_VERSION = "concat_ws('/', count(*), sum(extract(epoch FROM recorded_at))) AS version"
_IDS = "CAST(CAST(:keys AS text[]) AS uuid[])"
_ONES = f"ANY ({_IDS})"
PARTICIPANTS = Subject(
    "participants",
    f"SELECT CAST(run_id AS text) AS key, {_VERSION} FROM enrolments WHERE run_id = {_ONES} GROUP BY 1",  # noqa: S608 - fixed parts
)
"""Who takes part in a run, who waits and who came, by the run's id."""
TAKEN = Subject(
    "taken",
    f"""SELECT CAST(id AS text) AS key, concat_ws('/', e.version, j.rows, h.declared) AS version FROM unnest({_IDS}) AS asked (id)
    CROSS JOIN LATERAL (SELECT {_VERSION} FROM enrolments WHERE asn_id = id) AS e
    CROSS JOIN LATERAL (SELECT count(*) AS rows FROM jp_entries WHERE asn_id = id) AS j
    CROSS JOIN LATERAL (SELECT concat_ws(' ', count(*), max(declared_at)) AS declared
        FROM jp_histories JOIN asn USING (agency_code) WHERE asn_id = id) AS h""",  # noqa: S608 - fixed parts
)
"""What a person takes part in and has passed, and what JP they have, by their id."""
