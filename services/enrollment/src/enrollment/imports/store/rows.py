"""Rows of imports: what is planned for each, what became of it."""

import contextlib
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns
from bina.messaging.database import driver
from enrollment.imports.columns import Kind
from enrollment.imports.plan import Key, PlannedRow
from enrollment.imports.store.states import NOW

BATCH = 5000
_JSON = json.JSONEncoder(ensure_ascii=False)
_NAMES = (
    "import_id", "row", "place", "nip", "run_code", "effect", "before", "after", "conflicts", "problems", "cells", "ref",
    "reason",
)  # fmt: skip
_SELECT = """SELECT row, place, nip, run_code, effect, ref, outcome, reason, CAST(before AS text) AS before,
    CAST(after AS text) AS after, CAST(conflicts AS text) AS conflicts, CAST(problems AS text) AS problems,
    CAST(cells AS text) AS cells, CAST(left_as AS text) AS left_as FROM import_rows AS t WHERE import_id = :id"""
_WAITING = text(
    f"{_SELECT} AND effect IN ('added', 'changed', 'removed') AND outcome IS NULL ORDER BY place LIMIT :limit"
)
# The other way round: who waits for a seat goes before those who have one, subordinates before supervisors.
_APPLIED = text(f"{_SELECT} AND outcome = 'applied' ORDER BY place DESC LIMIT :limit")
_PAGE = text(
    f"""{_SELECT} AND (CAST(:after AS int) IS NULL OR row > CAST(:after AS int)) AND (CAST(:effect AS text) IS NULL OR effect = :effect)
    AND (CAST(:outcome AS text) IS NULL OR outcome = :outcome) ORDER BY row LIMIT :limit"""
)
# A unit's new name is no difference; nor is that somebody leaves, but in what is about just that.
_BESIDE = "CASE WHEN t.effect = 'removed' THEN ARRAY['unit'] ELSE ARRAY['unit', 'left_on', 'left_reason'] END"
_SAME = f"(now.state - {_BESIDE}) IS NOT DISTINCT FROM (t.{{state}} - {_BESIDE})"
_MOVED = {
    kind: text(
        f"""WITH asked AS (SELECT nip, run_code FROM import_rows WHERE import_id = :id
            AND effect IN ('added', 'changed', 'removed') AND outcome IS NULL),
        now AS ({now})
        SELECT t.row FROM import_rows AS t LEFT JOIN now USING (nip, run_code) WHERE t.import_id = :id
        AND t.effect IN ('added', 'changed', 'removed') AND t.outcome IS NULL AND NOT {_SAME.format(state="before")}
        ORDER BY t.row LIMIT :limit"""  # noqa: S608 - fixed parts
    )
    for kind, now in NOW.items()
}
_BLOCKERS = {
    Kind.PENDAFTARAN: """CASE WHEN t.effect = 'removed' THEN NULL
        WHEN now.state->>'state' IN ('completed', 'not_completed') THEN 'result'
        WHEN now.state->>'met_on' IS NOT NULL
            OR EXISTS (SELECT FROM attendance AS a WHERE a.enrollment_id = t.ref) THEN 'attendance'
        WHEN EXISTS (SELECT FROM reports AS h WHERE h.enrollment_id = t.ref) THEN 'report'
        WHEN now.ref <> t.ref THEN 'changed' END""",
    Kind.KELULUSAN: f"CASE WHEN NOT {_SAME.format(state='left_as')} THEN 'changed' END",
    Kind.SALDO_JP: f"CASE WHEN NOT {_SAME.format(state='left_as')} THEN 'changed' END",
    # Taken out, whoever had another record before the file came would go with what it was merged into.
    Kind.PEGAWAI: f"""CASE WHEN EXISTS (SELECT FROM messaging.merged_people AS m
            WHERE m.gone_id = t.ref OR t.effect = 'added' AND m.kept_id = t.ref) THEN 'merged'
        WHEN now.state IS NULL THEN 'erased' WHEN NOT {_SAME.format(state="left_as")} THEN 'changed'
        WHEN t.effect IN ('changed', 'removed') THEN NULL
        WHEN EXISTS (SELECT FROM enrolments AS e WHERE e.asn_id = t.ref) THEN 'enrolled'
        WHEN EXISTS (SELECT FROM identities AS i WHERE i.asn_id = t.ref) THEN 'account'
        WHEN EXISTS (SELECT FROM role_grants AS g WHERE g.asn_id = t.ref) THEN 'role'
        WHEN EXISTS (SELECT FROM jp_entries AS j WHERE j.asn_id = t.ref) THEN 'jp'
        WHEN EXISTS (SELECT FROM run_sessions AS s WHERE s.trainer_id = t.ref) THEN 'teaches'
        WHEN EXISTS (SELECT FROM asn AS below WHERE below.supervisor_id = t.ref AND below.asn_id NOT IN (
            SELECT other.ref FROM import_rows AS other WHERE other.import_id = :id AND other.outcome = 'applied'
            AND other.ref IS NOT NULL)) THEN 'supervises' END""",  # noqa: S608 - fixed parts
}
_BLOCKED = {
    kind: text(
        f"""WITH asked AS (SELECT nip, run_code FROM import_rows WHERE import_id = :id AND outcome = 'applied'
            AND (CAST(:rows AS int[]) IS NULL OR row = ANY (CAST(:rows AS int[])))),
        now AS ({NOW[kind]}),
        judged AS (SELECT t.row, {why} AS why FROM import_rows AS t LEFT JOIN now USING (nip, run_code)
            WHERE t.import_id = :id AND t.outcome = 'applied'
            AND (CAST(:rows AS int[]) IS NULL OR t.row = ANY (CAST(:rows AS int[]))))
        SELECT row, why FROM judged WHERE why IS NOT NULL ORDER BY row LIMIT :limit"""  # noqa: S608 - fixed parts
    )
    for kind, why in _BLOCKERS.items()
}
_UNLISTED = text(
    """SELECT row, coalesce(nip, '') AS nip FROM import_rows
    WHERE import_id = :id AND row = ANY (CAST(:rows AS int[]))"""
)
_MARK = text(
    """UPDATE import_rows AS t SET outcome = n.outcome, reason = n.reason, ref = coalesce(n.ref, t.ref),
        left_as = coalesce(CAST(n.left_as AS jsonb), t.left_as)
    FROM unnest(CAST(:row AS int[]), CAST(:outcome AS text[]), CAST(:reason AS text[]), CAST(:ref AS uuid[]),
        CAST(:left_as AS text[])) AS n (row, outcome, reason, ref, left_as)
    WHERE t.import_id = :id AND t.row = n.row"""
)
_FORGET_ROWS = text(
    """UPDATE import_rows SET nip = NULL, before = NULL, after = NULL, conflicts = NULL, cells = NULL, left_as = NULL,
        problems = NULL, outcome = 'kept', reason = 'erased'
    WHERE nip = :nip OR ref = :asn OR ref IN (SELECT enrollment_id FROM enrolments WHERE asn_id = :asn)
    OR (effect = 'refused' AND strpos(regexp_replace(CAST(cells AS text), '[^0-9]', '', 'g'), :nip) > 0)
    RETURNING import_id"""
)
# Others' rows that name the person as their supervisor.
_FORGET_ABOVE = text(
    """UPDATE import_rows SET before = CAST(replace(CAST(before AS text), :nip, '') AS jsonb),
        after = CAST(replace(CAST(after AS text), :nip, '') AS jsonb),
        left_as = CAST(replace(CAST(left_as AS text), :nip, '') AS jsonb),
        conflicts = CAST(replace(CAST(conflicts AS text), :nip, '') AS jsonb),
        problems = CAST(replace(CAST(problems AS text), :nip, '') AS jsonb)
    WHERE concat(before, after, left_as, conflicts, problems) LIKE '%' || :nip || '%' RETURNING import_id"""
)
# Where no row was read, nobody knows whom the file names.
_FORGET_FILES = text(
    """DELETE FROM import_files WHERE import_id = ANY (CAST(:ids AS uuid[]))
    OR import_id IN (SELECT import_id FROM imports WHERE plan = '')"""
)


def refused_query(import_id: UUID) -> tuple[str, dict[str, Any]]:
    """SQL and values of an import's refused rows: row, cells and problems as JSON."""
    sql = """SELECT row, CAST(cells AS text) AS cells, CAST(problems AS text) AS problems FROM import_rows
        WHERE import_id = :import AND effect = 'refused' AND cells IS NOT NULL"""
    return sql, {"import": import_id}


class ImportRow(NamedTuple):
    """A kept row; see `PlannedRow`. `left_as`: how its application left what it is about."""

    row: int
    place: int
    nip: str | None
    run_code: str | None
    effect: str
    ref: UUID | None
    outcome: str | None
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    conflicts: dict[str, Any] | None
    problems: list[dict[str, Any]] | None
    cells: list[str] | None
    left_as: dict[str, Any] | None

    @property
    def key(self) -> Key:
        """What it is about."""
        return self.nip or "", self.run_code or ""


_PLAIN = ImportRow._fields.index("before")


class Marked(NamedTuple):
    """What became of a row. `left_as`: how it left what it is about, as JSON."""

    row: int
    outcome: str
    reason: str = ""
    ref: UUID | None = None
    left_as: str | None = None


async def replace_rows(session: AsyncSession, import_id: UUID, rows: Sequence[PlannedRow]) -> None:
    """Keep the rows of a plan in place of those before, by COPY."""
    await session.execute(text("DELETE FROM import_rows WHERE import_id = :id"), {"id": import_id})
    connection = await driver(session)
    for start in range(0, len(rows), BATCH):
        records = [_record(import_id, row) for row in rows[start : start + BATCH]]
        await connection.copy_records_to_table("import_rows", records=records, columns=_NAMES)


async def waiting_rows(session: AsyncSession, import_id: UUID, limit: int) -> list[ImportRow]:
    """The next rows that are to be applied."""
    return _rows(await session.execute(_WAITING, {"id": import_id, "limit": limit}))


async def applied_rows(session: AsyncSession, import_id: UUID, limit: int) -> list[ImportRow]:
    """The next rows that are to be undone, the last applied first."""
    return _rows(await session.execute(_APPLIED, {"id": import_id, "limit": limit}))


async def page_of_rows(
    session: AsyncSession,
    import_id: UUID,
    *,
    after: int | None = None,
    limit: int,
    effect: str | None = None,
    outcome: str | None = None,
) -> list[ImportRow]:
    """Rows after one, those of people whom the file does not name first; of one effect or one outcome only, if given."""
    values = {"id": import_id, "after": after, "limit": limit, "effect": effect, "outcome": outcome}
    return _rows(await session.execute(_PAGE, values))


async def moved_rows(session: AsyncSession, import_id: UUID, kind: Kind, limit: int) -> list[int]:
    """Rows yet to be applied whose record is not what the plan was made on."""
    async with _whole(session):
        return list(await session.scalars(_MOVED[kind], {"id": import_id, "limit": limit}))


async def blocked_rows(
    session: AsyncSession, import_id: UUID, kind: Kind, limit: int, rows: list[int] | None = None
) -> list[tuple[int, str]]:
    """Applied rows that cannot be undone, and why (`commands.reason_words`)."""
    values = {"id": import_id, "limit": limit, "rows": rows}
    async with _whole(session) if rows is None else contextlib.nullcontext():
        return [(row.row, row.why) for row in await session.execute(_BLOCKED[kind], values)]


async def nips_of(session: AsyncSession, import_id: UUID, rows: Iterable[int]) -> dict[int, str]:
    """By rows' numbers whom they are about, of those that are not in the file."""
    found = await session.execute(_UNLISTED, {"id": import_id, "rows": [row for row in rows if row < 0]})
    return {row.row: row.nip for row in found}


async def count_rows(session: AsyncSession, import_id: UUID) -> int:
    """How many of its rows are still kept."""
    return int(
        await session.scalar(
            text("SELECT count(*) FROM import_rows WHERE import_id = :id"), {"id": import_id}
        )
    )


async def mark_rows(session: AsyncSession, import_id: UUID, marked: Iterable[Marked]) -> None:
    """Keep what became of rows."""
    await session.execute(_MARK, {"id": import_id, **columns(marked, *Marked._fields)})


async def forget_person(session: AsyncSession, asn_id: UUID, nip: str) -> None:
    """Take a person out of rows, of whatever NIP they had then, and original files; what was counted stays."""
    found = [
        *await session.scalars(_FORGET_ROWS, {"nip": nip, "asn": asn_id}),
        *await session.scalars(_FORGET_ABOVE, {"nip": nip}),
    ]
    await session.execute(_FORGET_FILES, {"ids": sorted(set(found))})


@contextlib.asynccontextmanager
async def _whole(session: AsyncSession) -> AsyncIterator[None]:
    """For questions about every row of an import, which came a moment ago: the server takes them for few, and would
    look at each row for each other one."""
    await session.execute(text("SET LOCAL enable_nestloop = off"), {})
    yield
    await session.execute(text("SET LOCAL enable_nestloop = on"), {})


def _record(import_id: UUID, row: PlannedRow) -> tuple[Any, ...]:
    texts = (_json(row.before), _json(row.after), _json(row.conflicts), _json(row.problems), _json(row.cells))
    return (import_id, row.row, row.place, row.nip, row.run_code, row.effect, *texts, row.ref, row.reason)


def _json(value: Any) -> str | None:
    return None if value is None else _JSON.encode(value)


def _rows(found: Iterable[Any]) -> list[ImportRow]:
    """Rows, whose last columns are JSON."""
    return [
        ImportRow(*row[:_PLAIN], *(None if text is None else json.loads(text) for text in row[_PLAIN:]))
        for row in found
    ]
