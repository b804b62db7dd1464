"""Who of an agency's people is in which run, and why their seat is not given back by a file."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# Who waits comes first: no seat that is given back goes to somebody who is about to leave, too.
_ENROLLED = text(
    """SELECT asn.nip, r.run_code, CASE WHEN e.state IN ('completed', 'not_completed') THEN 'result'
        WHEN e.met_on IS NOT NULL OR EXISTS (SELECT FROM attendance AS a WHERE a.enrollment_id = e.enrollment_id)
            THEN 'attendance'
        WHEN EXISTS (SELECT FROM reports AS h WHERE h.enrollment_id = e.enrollment_id) THEN 'report' ELSE '' END AS kept
    FROM runs AS r JOIN enrolments AS e USING (run_id) JOIN asn USING (asn_id)
    WHERE r.run_code = ANY (CAST(:codes AS text[])) AND asn.agency_code = :agency AND e.state <> 'withdrawn'
    ORDER BY e.state = 'waitlisted' DESC, r.run_code, asn.nip"""
)


async def load_enrolled(
    session: AsyncSession, agency: str, codes: Iterable[str]
) -> dict[tuple[str, str], str]:
    """By NIP and run the agency's people in runs, and what keeps them in (`commands.reason_words`), empty where nothing
    does; who waits for a seat first."""
    rows = await session.execute(_ENROLLED, {"agency": agency, "codes": sorted(set(codes))})
    return {(nip, code): kept for nip, code, kept in rows}
