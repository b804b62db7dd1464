"""What the ledger is about."""

from bina.web.live import Subject

DELIVERIES = Subject(
    "deliveries",
    """SELECT CAST(notice_id AS text) AS key,
        string_agg(concat_ws('/', d.channel, d.state, d.attempts, d.ended_at, n.read_at), ',' ORDER BY d.channel)
            AS version
    FROM deliveries AS d JOIN notices AS n USING (notice_id)
    WHERE notice_id = ANY (CAST(CAST(:keys AS text[]) AS uuid[])) GROUP BY 1""",
)
"""What became of a notice, by its id."""
FAILED = Subject(
    "failed",
    """SELECT a.key, CAST(count(*) AS text) AS version
    FROM deliveries AS d JOIN people AS p ON p.asn_id = d.recipient_id
    JOIN unnest(CAST(:keys AS text[])) AS a (key) ON a.key IN ('', p.agency_code)
    WHERE d.state = 'failed' GROUP BY 1""",
    every=5.0,
)
"""E-mails that were given up, by the agency of whom they were for; empty for all."""
