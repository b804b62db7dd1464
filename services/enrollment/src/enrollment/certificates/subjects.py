"""What pages about certificates are about."""

from bina.web.live import Subject

CERTIFICATES = Subject(
    "certificates",
    """SELECT CAST(e.run_id AS text) AS key,
        concat_ws('/', count(*), count(c.code), count(c.revoked_at), sum(extract(epoch FROM e.recorded_at)),
            EXISTS (SELECT FROM messaging.due WHERE kind = 'certificates.issue' AND due.key = CAST(e.run_id AS text)))
            AS version
    FROM enrolments AS e LEFT JOIN certificates AS c USING (enrollment_id)
    WHERE e.run_id = ANY (CAST(CAST(:keys AS text[]) AS uuid[])) GROUP BY e.run_id""",
)
"""A run's certificates and who may get one, by the run's id."""
CERTIFICATE = Subject(
    "certificate",
    """SELECT c.code AS key, concat_ws('/', c.revoked_at, e.revision, asn.recorded_at) AS version
    FROM certificates AS c JOIN enrolments AS e USING (enrollment_id) LEFT JOIN asn USING (asn_id)
    WHERE c.code = ANY (CAST(:keys AS text[]))""",
)
"""One certificate as its page shows it, by its code."""
