"""Programmes: the entries of the catalogue in force, their versions, and drafts of the next ones."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.enrollment import CompetencyTarget
from bina.web.tables import Query, literal
from enrollment.catalogue.domain import Draft, Mix, Programme

_NAMES = (
    "name", "kind_id", "kind", "jp", "mode", "competencies", "job_levels", "quota", "mix", "positions", "agencies",
    "audience_binds",
)  # fmt: skip
_CONTENT = ", ".join(_NAMES)
_SET = ", ".join(f"{name} = excluded.{name}" for name in _NAMES)
_GIVEN = """jsonb_to_recordset(CAST(:rows AS jsonb)) AS n (code text, name text, kind_id int, kind text, jp int,
    mode text, competencies jsonb, job_levels text[], quota int, mix jsonb, positions text[], agencies text[],
    audience_binds boolean)"""
# Another content is another version.
_ADD = text(
    f"""INSERT INTO programmes AS p (programme_code, {_CONTENT}, recorded_by)
    SELECT code, {_CONTENT}, CAST(:agency AS text) FROM {_GIVEN} ORDER BY code
    ON CONFLICT (programme_code) DO UPDATE SET {_SET}, recorded_at = now(),
        version = p.version + CAST(({", ".join(f"p.{name}" for name in _NAMES)})
            IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _NAMES)}) AS int)
    WHERE CAST(:agency AS text) IS NULL OR p.recorded_by = excluded.recorded_by
    RETURNING programme_code"""  # noqa: S608 - fixed names
)
_KEEP = text(
    f"""INSERT INTO programme_versions (programme_code, version, {_CONTENT})
    SELECT programme_code, version, {_CONTENT} FROM programmes
    WHERE programme_code = ANY (CAST(:codes AS text[])) ORDER BY programme_code ON CONFLICT DO NOTHING"""  # noqa: S608 - fixed names
)
_OWNERS = text(
    "SELECT programme_code, recorded_by FROM programmes WHERE programme_code = ANY (CAST(:codes AS text[]))"
)
_VERSIONS = text(
    f"""SELECT programme_code, version, {_CONTENT} FROM programme_versions WHERE programme_code = :code
    ORDER BY version DESC"""  # noqa: S608 - fixed names
)
_DRAFT_NAMES = "recorded_by, state, submitted_by, submitted_at, reason"
_DRAFTS = f"SELECT programme_code, 0 AS version, {_CONTENT}, {_DRAFT_NAMES} FROM programme_drafts"  # noqa: S608 - fixed names
_DRAFT = text(f"{_DRAFTS} WHERE programme_code = :code")
_LOCK_DRAFT = text(f"{_DRAFTS} WHERE programme_code = :code FOR UPDATE")
_OPEN_DRAFTS = text(
    f"""{_DRAFTS} WHERE :everything OR recorded_by = CAST(:agency AS text)
    ORDER BY state DESC, recorded_at DESC, programme_code LIMIT :limit"""
)
_SAVE_DRAFT = text(
    f"""INSERT INTO programme_drafts (programme_code, {_CONTENT}, {_DRAFT_NAMES})
    SELECT code, {_CONTENT}, CAST(:recorded_by AS text), CAST(:state AS text), CAST(:submitted_by AS uuid),
        CAST(:submitted_at AS timestamptz), CAST(:reason AS text) FROM {_GIVEN}
    ON CONFLICT (programme_code) DO UPDATE SET {_SET}, state = excluded.state, submitted_by = excluded.submitted_by,
        submitted_at = excluded.submitted_at, reason = excluded.reason, recorded_at = now()"""  # noqa: S608 - fixed names
)
_REMOVE_DRAFT = text("DELETE FROM programme_drafts WHERE programme_code = :code")
_LISTED = """SELECT programme_code, name, kind, jp, mode, version,
        (SELECT count(*) FROM runs AS r WHERE r.programme_code = p.programme_code AND r.status = 'open'
            AND r.ends_on >= :today) AS coming
    FROM programmes AS p WHERE CAST(:words AS text) IS NULL OR name ILIKE :words OR programme_code ILIKE :words"""


class ListedProgramme(NamedTuple):
    """A programme in force as a list shows it; `coming`: how many of its runs have not ended."""

    programme_code: str
    name: str
    kind: str
    jp: int
    mode: str
    version: int
    coming: int


async def add_programmes(
    session: AsyncSession, programmes: Sequence[Programme], agency: str | None
) -> set[str]:
    """Record programmes as an agency, or as the platform (None); returns the codes that were written.

    An agency writes those that are new or its own; the platform writes all, and leaves them with whoever has them. What
    changes them is their next version; `version` of what is given counts for nothing.
    """
    codes = [programme.code for programme in programmes]
    await session.execute(_KEEP, {"codes": codes})  # a worker of the release before keeps no versions
    written = set(await session.scalars(_ADD, {"agency": agency, "rows": _rows(programmes)}))
    await session.execute(_KEEP, {"codes": sorted(written)})
    return written


async def load_programmes(session: AsyncSession, codes: Iterable[str] | None = None) -> dict[str, Programme]:
    """Programmes in force by code: those asked for, or all."""
    rows = await session.execute(
        text(
            """SELECT * FROM programmes
            WHERE CAST(:codes AS text[]) IS NULL OR programme_code = ANY (CAST(:codes AS text[]))
            ORDER BY programme_code"""
        ),
        {"codes": None if codes is None else sorted(set(codes))},
    )
    return {row.programme_code: _programme(row) for row in rows}


async def load_owners(session: AsyncSession, codes: Iterable[str]) -> dict[str, str | None]:
    """Which agency has a programme in force; None: the platform."""
    rows = await session.execute(_OWNERS, {"codes": sorted(set(codes))})
    return {row.programme_code: row.recorded_by for row in rows}


async def load_versions(session: AsyncSession, code: str) -> list[Programme]:
    """A programme's approved versions, the newest first."""
    return [_programme(row) for row in await session.execute(_VERSIONS, {"code": code})]


async def load_draft(session: AsyncSession, code: str, *, lock: bool = False) -> Draft | None:
    """What is to become a programme's next version."""
    rows = await session.execute(_LOCK_DRAFT if lock else _DRAFT, {"code": code})
    row = rows.one_or_none()
    return _draft(row) if row else None


async def load_drafts(
    session: AsyncSession, *, everything: bool, agency: str | None, limit: int
) -> list[Draft]:
    """An agency's drafts or everybody's, those that wait for an answer first."""
    values = {"everything": everything, "agency": agency, "limit": limit}
    return [_draft(row) for row in await session.execute(_OPEN_DRAFTS, values)]


async def save_draft(session: AsyncSession, draft: Draft) -> None:
    """Keep a draft as it now stands."""
    values = {name: getattr(draft, name) for name in ("state", "submitted_by", "submitted_at", "reason")}
    rows = _rows([draft.programme])
    await session.execute(_SAVE_DRAFT, values | {"recorded_by": draft.agency, "rows": rows})


async def remove_draft(session: AsyncSession, code: str) -> None:
    """A draft became a version, or nothing."""
    await session.execute(_REMOVE_DRAFT, {"code": code})


def programmes_found(words: str, today: Any) -> Query[ListedProgramme]:
    """Programmes in force in an order to be asked for, by words."""
    found = f"%{literal(words)}%" if words else None
    return Query(_LISTED, {"words": found, "today": today}, _listed)


def _rows(programmes: Iterable[Programme]) -> str:
    return json.dumps([_row(programme) for programme in programmes])


def _row(programme: Programme) -> dict[str, Any]:
    row = {name: getattr(programme, name) for name in _NAMES}
    competencies = [c.model_dump() for c in programme.competencies]
    mix = {name: jp for name, jp in asdict(programme.mix).items() if jp}
    return row | {"code": programme.code, "competencies": competencies, "mix": mix}


def _programme(row: Any) -> Programme:
    mix = json.loads(row.mix) if isinstance(row.mix, str) else row.mix
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
        mix=Mix(**mix),
        positions=tuple(row.positions),
        agencies=tuple(row.agencies),
        audience_binds=row.audience_binds,
        version=row.version,
    )


def _draft(row: Any) -> Draft:
    return Draft(_programme(row), row.recorded_by, row.state, row.submitted_by, row.submitted_at, row.reason)


def _listed(row: Any) -> ListedProgramme:
    return ListedProgramme(*(getattr(row, name) for name in ListedProgramme._fields))


def targets(stored: Any) -> tuple[CompetencyTarget, ...]:
    """Competencies from their jsonb column, whichever way the driver hands it over."""
    rows = json.loads(stored) if isinstance(stored, str) else stored
    return tuple(CompetencyTarget(**row) for row in rows)
