"""What is recorded of people's balances of JP, and what their years are told by."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from enrollment.entitlement.domain import LESSON
from enrollment.imports.balance_rules import Employed

BALANCES = f"""SELECT DISTINCT ON (asked.nip, asked.run_code) asked.nip, asked.run_code, asn.asn_id AS ref,
        jsonb_build_object('jp', j.minutes / {LESSON}, 'earned_on', j.earned_on, 'source', j.reason,
        'revision', j.revision, 'import_id', j.import_id) AS state
    FROM asked JOIN asn USING (nip) JOIN jp_entries AS j ON j.asn_id = asn.asn_id AND j.source = 'opening'
        AND j.reverses IS NULL AND to_char(j.earned_on, 'YYYY') = asked.run_code
    WHERE NOT EXISTS (SELECT FROM jp_entries AS back WHERE back.reverses = j.entry_id)
    ORDER BY asked.nip, asked.run_code, j.revision DESC"""  # noqa: S608 - fixed parts
"""SQL over `asked (nip, run_code)`, the second a year: the balance that stands."""
_EMPLOYED = text(
    """SELECT nip, agency_code, employment, started_on, contract_ends_on FROM asn
    WHERE nip = ANY (CAST(:nips AS text[]))"""
)


async def load_employment(session: AsyncSession, nips: Iterable[str]) -> dict[str, Employed]:
    """By NIP how people are employed."""
    rows = await session.execute(_EMPLOYED, {"nips": sorted(set(nips))})
    return {nip: Employed(*rest) for nip, *rest in rows}
