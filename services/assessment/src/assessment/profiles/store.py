"""Tables `competency_results` (what tests showed) and `profile_entries` (what counts now)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from assessment.profiles.domain import Entry, Result, profile_of
from assessment.standards.reference import load_standards
from bina.messaging import columns

_ADD_RESULTS = text(
    """INSERT INTO competency_results (assessment_id, code, asn_id, score, level, ceiling, assessed_on,
        sequence, source)
    SELECT assessment_id, code, :asn_id, score, level, ceiling, assessed_on, sequence, source
    FROM unnest(CAST(:assessment_id AS uuid[]), CAST(:code AS text[]), CAST(:score AS float8[]),
        CAST(:level AS int[]), CAST(:ceiling AS int[]), CAST(:assessed_on AS date[]),
        CAST(:sequence AS int[]), CAST(:source AS text[]))
        AS n (assessment_id, code, score, level, ceiling, assessed_on, sequence, source)
    ORDER BY 1, 2 ON CONFLICT DO NOTHING"""
)
# The person's row is the lock under which a profile is computed.
_LOCK_ASSESSED = text(
    """SELECT asn_id, job_level, position, recorded_on FROM people
    WHERE asn_id = ANY (CAST(:ids AS uuid[]))
        AND EXISTS (SELECT FROM competency_results c WHERE c.asn_id = people.asn_id)
    ORDER BY asn_id FOR NO KEY UPDATE"""
)
_RESULTS = text(
    """SELECT asn_id, assessment_id, code, score, level, ceiling, assessed_on, sequence, source
    FROM competency_results WHERE asn_id = ANY (CAST(:ids AS uuid[]))"""
)
_ENTRIES = text(
    """SELECT asn_id, code, level, standard, source, assessed_on, indicative, valid_until
    FROM profile_entries WHERE asn_id = ANY (CAST(:ids AS uuid[])) ORDER BY asn_id, code"""
)
_PUT_ENTRIES = text(
    """INSERT INTO profile_entries (asn_id, code, level, standard, source, assessed_on, indicative, valid_until)
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:code AS text[]), CAST(:level AS smallint[]),
        CAST(:standard AS smallint[]), CAST(:source AS text[]), CAST(:assessed_on AS date[]),
        CAST(:indicative AS boolean[]), CAST(:valid_until AS date[])) ORDER BY 1, 2
    ON CONFLICT (asn_id, code) DO UPDATE SET level = excluded.level, standard = excluded.standard,
        source = excluded.source, assessed_on = excluded.assessed_on, indicative = excluded.indicative,
        valid_until = excluded.valid_until"""
)
_ERASE = (
    text("DELETE FROM competency_results WHERE asn_id = ANY (CAST(:ids AS uuid[]))"),
    text("DELETE FROM profile_entries WHERE asn_id = ANY (CAST(:ids AS uuid[]))"),
)
_JOB = text("SELECT job_level, position FROM people WHERE asn_id = :asn_id")
_OF_TEST = text(
    """SELECT asn_id, assessment_id, code, score, level, ceiling, assessed_on, sequence, source
    FROM competency_results WHERE assessment_id = :id ORDER BY code"""
)


async def add_results(session: AsyncSession, asn_id: UUID, results: Sequence[Result]) -> None:
    """Keep what one person's tests showed."""
    names = ("assessment_id", "code", "score", "level", "ceiling", "assessed_on", "sequence", "source")
    await session.execute(_ADD_RESULTS, {"asn_id": asn_id, **columns(results, *names)})


async def refresh(session: AsyncSession, asn_ids: Collection[UUID]) -> dict[UUID, list[Entry]]:
    """Compute profiles anew; returns the whole new profiles of those whose profile changed."""
    people = list(await session.execute(_LOCK_ASSESSED, {"ids": sorted(asn_ids)}))
    if not people:
        return {}
    ids = [person.asn_id for person in people]
    results = await _load_results(session, ids)
    before = await load_entries(session, ids)
    now = {p.asn_id: profile_of(results[p.asn_id], _required(p, results[p.asn_id])) for p in people}
    changed = {asn_id: entries for asn_id, entries in now.items() if entries != before.get(asn_id)}
    await _put(session, [(asn_id, entry) for asn_id, entries in changed.items() for entry in entries])
    return changed


async def load_entries(session: AsyncSession, asn_ids: Collection[UUID]) -> dict[UUID, list[Entry]]:
    """Profiles as they stand, entries by code; people without one are left out."""
    profiles: dict[UUID, list[Entry]] = {}
    for row in await session.execute(_ENTRIES, {"ids": sorted(asn_ids)}):
        values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name
        profiles.setdefault(row.asn_id, []).append(
            Entry(**{k: v for k, v in values.items() if k != "asn_id"})
        )
    return profiles


async def load_results_of(session: AsyncSession, assessment_id: UUID) -> list[Result]:
    """What one test showed, by competency."""
    return [_result(row) for row in await session.execute(_OF_TEST, {"id": assessment_id})]


async def load_required(session: AsyncSession, asn_id: UUID, on: date) -> dict[str, int]:
    """Levels that a person's job requires on a day, by competency; empty where no standard is known."""
    row = (await session.execute(_JOB, {"asn_id": asn_id})).one_or_none()
    return load_standards().required(row.job_level, row.position, on) if row else {}


async def erase(session: AsyncSession, asn_ids: Iterable[UUID]) -> None:
    """Forget people's results and profiles."""
    ids = sorted(asn_ids)
    for statement in _ERASE:
        await session.execute(statement, {"ids": ids})


async def _load_results(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[Result]]:
    results: dict[UUID, list[Result]] = {asn_id: [] for asn_id in ids}
    for row in await session.execute(_RESULTS, {"ids": list(ids)}):
        results[row.asn_id].append(_result(row))
    return results


def _required(person: Any, results: Sequence[Result]) -> dict[str, int]:
    """Standards of the newest day that any of the facts speaks of, so that their order does not matter."""
    on = max([person.recorded_on, *(r.assessed_on for r in results)])
    return load_standards().required(person.job_level, person.position, on)


async def _put(session: AsyncSession, entries: Sequence[tuple[UUID, Entry]]) -> None:
    names = ("code", "level", "standard", "source", "assessed_on", "indicative", "valid_until")
    values = columns((entry for _, entry in entries), *names)
    await session.execute(_PUT_ENTRIES, {"ids": [asn_id for asn_id, _ in entries], **values})


def _result(row: Any) -> Result:
    return Result(**{k: v for k, v in row._mapping.items() if k != "asn_id"})  # noqa: SLF001 - SQLAlchemy's public name
