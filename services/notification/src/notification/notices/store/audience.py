"""Whom a run is told to: one rule for both directions, from a run to its people and from people to their runs."""


def fitting(candidates: str) -> str:
    """SQL of those among `candidates` whom a run fits, with what they are told; one row per run and person.

    `candidates` is a FROM clause that pairs people `p` (asn_id, job_level, known_at) with runs `t` of their agency.
    A run fits by a gap that it closes, the widest first, else by a job level that it names. Each person's gaps are
    looked up by their key: joined as a whole, the planner now and then reads everybody's for each page of people.
    """
    return f"""SELECT t.run_id, t.event_id, t.correlation_id, t.starts_at, p.asn_id,
        CASE WHEN g.competency_code IS NULL THEN 'training_announced_job' ELSE 'training_announced_gap' END AS kind,
        CASE WHEN g.competency_code IS NULL THEN '{{}}'
            ELSE jsonb_build_object('competency', g.competency_code) END AS details,
        greatest(t.audience_at, p.known_at, g.known_at) AS since
    FROM {candidates}
    LEFT JOIN LATERAL (
        SELECT g.competency_code, g.known_at FROM gaps g
        WHERE g.asn_id = p.asn_id AND g.competency_code = ANY (t.competency_codes)
            AND g.level < t.competency_levels[array_position(t.competency_codes, g.competency_code)]
            AND g.known_at < t.starts_at
        ORDER BY g.standard - g.level DESC, g.competency_code LIMIT 1) AS g ON true
    WHERE t.cancelled_at IS NULL AND (g.competency_code IS NOT NULL OR p.job_level = ANY (t.job_levels))
        AND greatest(t.audience_at, p.known_at) < t.starts_at"""  # noqa: S608 - our own clauses
