"""What a reach (`bina.web.permissions`) means over this service's tables: the one place where it becomes rows."""

PEOPLE = """(:everything
    OR (asn.agency_code = CAST(:agency AS text)
        AND (CAST(:unit AS uuid) IS NULL OR CAST(:unit AS uuid) = ANY (units.path)))
    OR asn.asn_id = CAST(:own AS uuid) OR asn.supervisor_id = CAST(:supervisor AS uuid))"""
"""SQL over `asn` and its `units`, with `Reach.parameters`: people in reach."""
ENROLMENTS = """(:everything OR r.organiser = CAST(:organiser AS text)
    OR (e.agency_code = CAST(:agency AS text)
        AND (CAST(:unit AS uuid) IS NULL OR CAST(:unit AS uuid) = ANY (units.path)))
    OR e.asn_id = CAST(:own AS uuid) OR asn.supervisor_id = CAST(:supervisor AS uuid))"""
"""SQL over `enrolments AS e`, their `runs AS r`, and `asn` with `units`: an employer's people, an organiser's runs"""
