"""What pages show of imports: lists of them, problems by their cause and one by one, the plan row by row."""

import json
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.permissions import Reach
from bina.web.tables import Query
from enrollment.imports.columns import Kind
from enrollment.imports.plan import problem_of
from enrollment.imports.problems import Problem
from enrollment.imports.store.imports import ImportState

Which = Literal["added", "changed", "removed", "unchanged", "conflicts", "moved", "kept"]
_WHICH: dict[Which, str] = {
    "added": "r.effect = 'added'",
    "changed": "r.effect = 'changed'",
    "removed": "r.effect = 'removed'",
    "unchanged": "r.effect = 'unchanged'",
    "conflicts": "r.conflicts IS NOT NULL",
    "moved": "r.outcome = 'moved'",
    "kept": "r.outcome = 'kept'",
}
_LISTED = """SELECT i.import_id, i.agency_code, i.kind, i.file_name, i.rows_total, i.applied, i.refused, i.state,
        i.uploaded_at, coalesce(asn.name, '') AS who
    FROM imports AS i LEFT JOIN asn ON asn.asn_id = i.uploaded_by
    WHERE i.state <> 'draft' AND (:everything OR i.agency_code = CAST(:agency AS text))"""
_TOLD = """FROM import_rows AS r
    CROSS JOIN LATERAL jsonb_array_elements(r.problems) WITH ORDINALITY AS p (told, place)
    WHERE r.import_id = :import AND r.problems IS NOT NULL"""
_CAUSES = text(
    f"""SELECT p.told->>'code' AS code, p.told->>'column' AS "column", p.told->>'severity' AS severity,
        count(DISTINCT r.row) AS rows, min(p.told->>'allowed') AS allowed
    {_TOLD} GROUP BY 1, 2, 3 ORDER BY 3, 4 DESC, 1, 2"""
)
_PROBLEMS = f"""SELECT r.row, r.row * 1000 + p.place AS place, CAST(p.told AS text) AS told, asn.asn_id
    {_TOLD.replace("CROSS JOIN", "LEFT JOIN asn ON asn.nip = r.nip CROSS JOIN")}
    AND CAST(:code AS text) IN ('', p.told->>'code') AND CAST(:column AS text) IN ('', p.told->>'column')"""
_PLANNED = """SELECT r.row, r.nip, r.run_code, r.effect, CAST(r.before AS text) AS before,
        CAST(r.after AS text) AS after, CAST(r.conflicts AS text) AS conflicts, r.reason, asn.asn_id,
        coalesce(r.after->>'name', asn.name, r.before->>'name', '') AS name
    FROM import_rows AS r LEFT JOIN asn ON asn.nip = r.nip WHERE r.import_id = :import AND """
_CONFLICTS = text("SELECT count(*) FROM import_rows WHERE import_id = :id AND conflicts IS NOT NULL")
_IS_KEPT = text("SELECT EXISTS (SELECT FROM import_files WHERE import_id = :id)")


class Listed(NamedTuple):
    """An import in a list; `who` uploaded it, empty for an agency's system."""

    import_id: UUID
    agency_code: str
    kind: Kind
    file_name: str
    rows_total: int
    applied: int
    refused: int
    state: ImportState
    uploaded_at: datetime
    who: str


class Cause(NamedTuple):
    """Problems of one code in one column: in how many rows. `allowed`: what would have been right in one of them."""

    code: str
    column: str | None
    severity: str
    rows: int
    allowed: str | None


class Told(NamedTuple):
    """One problem of one row, and whose row it is, where that is known."""

    problem: Problem
    asn_id: UUID | None


class Planned(NamedTuple):
    """A row of the plan, and whom it is about."""

    row: int
    nip: str | None
    run_code: str | None
    effect: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    conflicts: dict[str, Any] | None
    reason: str
    asn_id: UUID | None
    name: str


def imports_found(reach: Reach) -> Query[Listed]:
    """Imports of the agencies in reach."""
    values = {"everything": reach.everything, "agency": reach.agency_code}
    return Query(_LISTED, values, lambda row: Listed(**{**row._asdict(), "kind": Kind(row.kind)}))


async def load_causes(session: AsyncSession, import_id: UUID) -> list[Cause]:
    """What is wrong with an import's rows: errors before warnings, the most frequent first."""
    return [Cause(**row._asdict()) for row in await session.execute(_CAUSES, {"import": import_id})]


def problems_found(import_id: UUID, code: str = "", column: str = "") -> Query[Told]:
    """Problems of its rows, those of one code or column only if given; sorted by `row` and `place`."""
    values = {"import": import_id, "code": code, "column": column}
    return Query(_PROBLEMS, values, lambda row: Told(problem_of(json.loads(row.told), row.row), row.asn_id))


def rows_planned(import_id: UUID, which: Which) -> Query[Planned]:
    """Rows of the plan of one effect, of one outcome, or those that a decision by hand stands against."""
    return Query(_PLANNED + _WHICH[which], {"import": import_id}, _planned)


async def count_conflicts(session: AsyncSession, import_id: UUID) -> int:
    """In how many rows the file says something else than was decided by hand."""
    return int(await session.scalar(_CONFLICTS, {"id": import_id}) or 0)


async def is_kept(session: AsyncSession, import_id: UUID) -> bool:
    """Whether the original is there yet; rows go together with it."""
    return bool(await session.scalar(_IS_KEPT, {"id": import_id}))


def _planned(row: Any) -> Planned:
    read = {
        name: json.loads(value) if value else None
        for name in ("before", "after", "conflicts")
        for value in [getattr(row, name)]
    }
    return Planned(**{**row._asdict(), **read})
