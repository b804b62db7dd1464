"""Programmes: the entries of the catalogue."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.enrollment import CompetencyTarget
from enrollment.catalogue.domain import Programme

_ADD = text(
    """INSERT INTO programmes AS p
        (programme_code, name, kind_id, kind, jp, mode, competencies, job_levels, quota, recorded_by)
    SELECT code, name, kind_id, kind, jp, mode, competencies,
        ARRAY(SELECT jsonb_array_elements_text(job_levels)), quota, CAST(:agency AS text)
    FROM unnest(CAST(:code AS text[]), CAST(:name AS text[]), CAST(:kind_id AS int[]), CAST(:kind AS text[]),
        CAST(:jp AS int[]), CAST(:mode AS text[]), CAST(:competencies AS jsonb[]),
        CAST(:job_levels AS jsonb[]), CAST(:quota AS int[]))
        AS n (code, name, kind_id, kind, jp, mode, competencies, job_levels, quota) ORDER BY code
    ON CONFLICT (programme_code) DO UPDATE SET name = excluded.name, kind_id = excluded.kind_id,
        kind = excluded.kind, jp = excluded.jp, mode = excluded.mode, competencies = excluded.competencies,
        job_levels = excluded.job_levels, quota = excluded.quota, recorded_at = now()
    WHERE CAST(:agency AS text) IS NULL OR p.recorded_by = excluded.recorded_by
    RETURNING programme_code"""
)


async def add_programmes(
    session: AsyncSession, programmes: Sequence[Programme], agency: str | None
) -> set[str]:
    """Record programmes as an agency, or as the platform (None); returns the codes that were written.

    An agency writes those that are new or its own; the platform writes all, and leaves them with whoever has them.
    """
    written = await session.scalars(
        _ADD,
        {
            "agency": agency,
            "code": [p.code for p in programmes],
            "name": [p.name for p in programmes],
            "kind_id": [p.kind_id for p in programmes],
            "kind": [p.kind for p in programmes],
            "jp": [p.jp for p in programmes],
            "mode": [p.mode for p in programmes],
            "competencies": [json.dumps([c.model_dump() for c in p.competencies]) for p in programmes],
            "job_levels": [json.dumps(p.job_levels) for p in programmes],
            "quota": [p.quota for p in programmes],
        },
    )
    return set(written)


async def load_programmes(session: AsyncSession, codes: Iterable[str] | None = None) -> dict[str, Programme]:
    """Programmes by code: those asked for, or all."""
    rows = await session.execute(
        text(
            """SELECT * FROM programmes
            WHERE CAST(:codes AS text[]) IS NULL OR programme_code = ANY (CAST(:codes AS text[]))
            ORDER BY programme_code"""
        ),
        {"codes": None if codes is None else sorted(set(codes))},
    )
    return {row.programme_code: _programme(row) for row in rows}


def _programme(row: Any) -> Programme:
    return Programme(
        code=row.programme_code,
        name=row.name,
        jp=row.jp,
        kind=row.kind,
        kind_id=row.kind_id,
        mode=row.mode,
        competencies=targets(row.competencies),
        job_levels=tuple(row.job_levels),
        quota=row.quota,
    )


def targets(stored: Any) -> tuple[CompetencyTarget, ...]:
    """Competencies from their jsonb column, whichever way the driver hands it over."""
    rows = json.loads(stored) if isinstance(stored, str) else stored
    return tuple(CompetencyTarget(**row) for row in rows)
