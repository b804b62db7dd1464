"""What pages about JP are about."""

from bina.web.live import Subject

EARNED = Subject(
    "earned",
    """SELECT key, concat_ws('/', e.rows, e.recorded, j.rows, h.declared) AS version
    FROM unnest(CAST(:keys AS text[])) AS asked (key)
    CROSS JOIN LATERAL (SELECT count(*) AS rows, sum(extract(epoch FROM recorded_at)) AS recorded
        FROM enrolments WHERE agency_code = key) AS e
    CROSS JOIN LATERAL (SELECT count(*) AS rows FROM asn JOIN jp_entries USING (asn_id)
        WHERE asn.agency_code = key) AS j
    CROSS JOIN LATERAL (SELECT concat_ws(' ', count(*), max(declared_at)) AS declared
        FROM jp_histories WHERE agency_code = key) AS h""",
    every=5.0,
)
"""JP of an agency's people, earned and planned, by its code: what is planned changes an enrolment, what is earned adds to
the ledger, and an agency says what is missing. Asked less often, for it looks at all of them."""
