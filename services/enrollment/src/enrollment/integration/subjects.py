"""What the integration page is about."""

from bina.web.live import Subject

INTEGRATION = Subject(
    "integration",
    """SELECT k.key, concat_ws('/',
        (SELECT concat_ws('/', sum(t.count), max(t.last_at)) FROM agency_tallies AS t
            WHERE t.agency_code = k.key AND t.day > CURRENT_DATE - 60),
        (SELECT count(*) FROM messaging.held AS h
            WHERE h.state = 'parked' AND h.topic = 'agency.enrollments.' || k.key)) AS version
    FROM unnest(CAST(:keys AS text[])) AS k (key)""",
)
"""What came from an agency and what of it is parked, by its code."""
EVERYONES = Subject(
    "integration-all",
    """SELECT k.key, (SELECT concat_ws('/', sum(t.count), max(t.last_at)) FROM agency_tallies AS t
        WHERE t.day > CURRENT_DATE - 60) AS version
    FROM unnest(CAST(:keys AS text[])) AS k (key)""",
    every=5.0,
)
"""What came from all of them; there is one key."""
