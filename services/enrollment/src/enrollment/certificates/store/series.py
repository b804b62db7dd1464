"""Numbers of agencies' series: how far each has got, and which numbers somebody bears or bore."""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_PATTERN = text("SELECT certificate_pattern FROM agencies WHERE agency_code = :agency")
_SET_PATTERN = text("UPDATE agencies SET certificate_pattern = :pattern WHERE agency_code = :agency")
_HOLD = text(
    """INSERT INTO certificate_series AS s (agency_code, year, last) VALUES (:agency, :year, 0)
    ON CONFLICT (agency_code, year) DO UPDATE SET last = s.last RETURNING last"""
)
_LAST = text(
    "SELECT coalesce(max(last), 0) FROM certificate_series WHERE agency_code = :agency AND year = :year"
)
_ADVANCE = text("UPDATE certificate_series SET last = :last WHERE agency_code = :agency AND year = :year")
_TAKEN = text(
    """SELECT lower(e.certificate_number) FROM enrolments AS e JOIN runs AS r USING (run_id)
    WHERE lower(e.certificate_number) = ANY (CAST(:numbers AS text[])) AND e.certificate_number <> ''
        AND r.organiser = :agency
    UNION SELECT lower(number) FROM revoked_certificates
    WHERE organiser = :agency AND lower(number) = ANY (CAST(:numbers AS text[]))"""
)


async def load_pattern(session: AsyncSession, agency: str) -> str | None:
    """By which pattern an agency numbers; empty for the usual one, None for an agency that is not recorded."""
    found: str | None = await session.scalar(_PATTERN, {"agency": agency})
    return found


async def set_pattern(session: AsyncSession, agency: str, pattern: str) -> None:
    """Number by another pattern from now on."""
    await session.execute(_SET_PATTERN, {"agency": agency, "pattern": pattern})


async def hold_series(session: AsyncSession, agency: str, year: int) -> int:
    """How far a year's series has got; nobody else takes from it until this transaction ends."""
    return int(await session.scalar(_HOLD, {"agency": agency, "year": year}))


async def last_of(session: AsyncSession, agency: str, year: int) -> int:
    """How far a year's series has got by now."""
    return int(await session.scalar(_LAST, {"agency": agency, "year": year}))


async def advance(session: AsyncSession, agency: str, year: int, last: int) -> None:
    """The series got so far."""
    await session.execute(_ADVANCE, {"agency": agency, "year": year, "last": last})


async def taken_of(session: AsyncSession, agency: str, numbers: Collection[str]) -> frozenset[str]:
    """Which of these numbers somebody has or had at an agency's runs, in lower case."""
    rows = await session.scalars(_TAKEN, {"agency": agency, "numbers": [n.lower() for n in numbers]})
    return frozenset(rows)
