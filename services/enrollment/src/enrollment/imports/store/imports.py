"""Imports as they stand, their original files, and what an agency calls its columns."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.permissions import Reach
from enrollment.imports.columns import Kind

ImportState = Literal["draft", "columns", "checked", "applying", "applied", "undoing", "undone"]
_JSON = frozenset({"detected", "header", "columns", "problems", "actor"})


@dataclass(frozen=True, kw_only=True)
class Import:
    """One uploaded file and what is or was to become of it.

    `columns` says per header text which column it is taken for (`ignore`: none by choice, null: unknown); `problems` are
    those of the file and its columns; `plan` is the hash that a confirmation names; `actor` confirmed it.
    `replace`: the file is the full list of those employed, of whom there were `employed`; `unread`: rows of which nobody can
    tell whom they name, for which nobody is `removed`. `removals`: how many were confirmed, while that is worked off.
    `sandbox`: it is an agency's to try against: nothing comes of it but this report.
    """

    import_id: UUID
    agency_code: str
    kind: Kind
    file_name: str
    size: int
    sha256: str
    uploaded_by: UUID | None
    uploaded_at: datetime
    state: ImportState
    as_of: date
    detected: dict[str, Any]
    header: list[str]
    columns: dict[str, str | None]
    problems: list[dict[str, Any]]
    overwrite: bool = False
    plan: str = ""
    rows_total: int = 0
    accepted: int = 0
    warned: int = 0
    refused: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    replace: bool = False
    employed: int = 0
    removed: int = 0
    unread: int = 0
    removals: int | None = None
    sandbox: bool = False
    applied: int = 0
    moved: int = 0
    undone: int = 0
    kept: int = 0
    actor: dict[str, Any] | None = field(default=None)
    confirmed_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def to_do(self) -> int:
        """Rows that are yet to be applied, or to be undone."""
        if self.state == "undoing":
            return self.applied - self.undone - self.kept
        open_ = self.state in ("checked", "applying")
        return self.added + self.changed + self.removed - self.applied - self.moved if open_ else 0


NAMES = [one.name for one in fields(Import)]
_CASTS = {
    "uploaded_at": "timestamptz",
    "confirmed_at": "timestamptz",
    "finished_at": "timestamptz",
    "as_of": "date",
}
_SELECT = (
    "SELECT " + ", ".join(f"CAST({n} AS text) AS {n}" if n in _JSON else n for n in NAMES) + " FROM imports"  # noqa: S608 - our own columns
)
_VALUES = ", ".join(
    f"CAST(:{n} AS {'jsonb' if n in _JSON else _CASTS.get(n)})" if n in _JSON or n in _CASTS else f":{n}"
    for n in NAMES
)
_ADD = text(f"INSERT INTO imports ({', '.join(NAMES)}) VALUES ({_VALUES})")  # noqa: S608 - our own columns
_ADD_FILE = text(
    "INSERT INTO import_files (import_id, content, samples) VALUES (:id, :content, CAST(:samples AS jsonb))"
)
_SAMPLES = text("SELECT CAST(samples AS text) FROM import_files WHERE import_id = :id")
_CHECKED = (
    "state", "as_of", "detected", "header", "columns", "problems", "overwrite", "plan", "rows_total", "accepted",
    "warned", "refused", "added", "changed", "unchanged", "replace", "employed", "removed", "unread",
)  # fmt: skip
_SET = ", ".join(
    f"{n} = CAST(:{n} AS {'jsonb' if n in _JSON else 'date'})" if n in _JSON or n in _CASTS else f"{n} = :{n}"
    for n in _CHECKED
)
_RECHECK = text(
    f"""UPDATE imports SET {_SET} WHERE import_id = :import_id AND state IN ('columns', 'checked') RETURNING 1"""  # noqa: S608 - as above
)
_LOAD = text(f"{_SELECT} WHERE import_id = :id AND state <> 'draft'")
_HOLD = text(f"{_SELECT} WHERE import_id = :id FOR UPDATE")
_PAGE = text(
    f"""{_SELECT} WHERE state <> 'draft' AND (:everything OR agency_code = CAST(:agency AS text))
    AND (CAST(:before AS uuid) IS NULL
        OR (uploaded_at, import_id) < (SELECT i.uploaded_at, i.import_id FROM imports AS i WHERE i.import_id = :before))
    ORDER BY uploaded_at DESC, import_id DESC LIMIT :limit"""  # noqa: S608 - our own columns
)
_DROP = text("DELETE FROM imports WHERE import_id = :id AND state = 'draft'")
_MOVE = text("UPDATE imports SET state = :state WHERE import_id = :id")
_ADOPT = text(
    "UPDATE imports SET state = :state, uploaded_by = :by WHERE import_id = :id AND state = 'draft' RETURNING 1"
)
_CONFIRM = text(
    """UPDATE imports SET state = :state, actor = CAST(:actor AS jsonb), confirmed_at = CAST(:at AS timestamptz),
        finished_at = NULL, removals = nullif(removed, 0),
        withdrawals = CASE WHEN kind = 'pendaftaran' THEN nullif(removed, 0) END WHERE import_id = :id"""
)
_PROGRESS = text(
    """UPDATE imports SET applied = applied + :applied, moved = moved + :moved, undone = undone + :undone,
        kept = kept + :kept WHERE import_id = :id"""
)
_FINISH = text(
    """UPDATE imports SET state = :state, finished_at = CAST(:at AS timestamptz), removals = NULL, withdrawals = NULL
    WHERE import_id = :id"""
)
_REMEMBER = text(
    """INSERT INTO import_columns (agency_code, kind, header, meaning)
    SELECT :agency, :kind, * FROM unnest(CAST(:headers AS text[]), CAST(:meanings AS text[])) ORDER BY 3
    ON CONFLICT (agency_code, kind, header) DO UPDATE SET meaning = excluded.meaning"""
)
_REMEMBERED = text("SELECT header, meaning FROM import_columns WHERE agency_code = :agency AND kind = :kind")


async def add_import(
    session: AsyncSession, one: Import, content: bytes, samples: Mapping[str, list[str]]
) -> None:
    """Keep a new import with its original and what some of its columns have in them."""
    await session.execute(_ADD, _row(one))
    values = {"id": one.import_id, "content": content, "samples": json.dumps(samples)}
    await session.execute(_ADD_FILE, values)


async def check_anew(session: AsyncSession, one: Import) -> bool:
    """Keep what another check of an import found; False where it is being applied already."""
    row = {name: value for name, value in _row(one).items() if name in (*_CHECKED, "import_id")}
    return bool(await session.scalar(_RECHECK, row))


async def adopt_import(session: AsyncSession, import_id: UUID, state: ImportState, by: UUID | None) -> bool:
    """A draft becomes an import; whether it was one."""
    return bool(await session.scalar(_ADOPT, {"id": import_id, "state": state, "by": by}))


async def drop_draft(session: AsyncSession, import_id: UUID) -> None:
    """Let go of a draft."""
    await session.execute(_DROP, {"id": import_id})


async def load_import(session: AsyncSession, import_id: UUID) -> Import | None:
    """The import of an id; None for a draft, too."""
    return _import((await session.execute(_LOAD, {"id": import_id})).one_or_none())


async def hold_import(session: AsyncSession, import_id: UUID) -> Import | None:
    """The same, draft or not, and nobody else changes it until this transaction ends."""
    return _import((await session.execute(_HOLD, {"id": import_id})).one_or_none())


async def page_of_imports(
    session: AsyncSession, reach: Reach, *, before: UUID | None, limit: int
) -> list[Import]:
    """Imports of the agencies in reach, the newest first."""
    values = {"everything": reach.everything, "agency": reach.agency_code, "before": before, "limit": limit}
    found = (_import(row) for row in await session.execute(_PAGE, values))
    return [one for one in found if one]


async def load_content(session: AsyncSession, import_id: UUID) -> bytes | None:
    """The original file; None where it is gone."""
    found: bytes | None = await session.scalar(
        text("SELECT content FROM import_files WHERE import_id = :id"), {"id": import_id}
    )
    return found


async def load_samples(session: AsyncSession, import_id: UUID) -> dict[str, list[str]]:
    """By header the first values of columns that were unknown; none where the original is gone."""
    found: dict[str, list[str]] = json.loads(await session.scalar(_SAMPLES, {"id": import_id}) or "{}")
    return found


async def confirm_import(
    session: AsyncSession, import_id: UUID, state: ImportState, actor: Mapping[str, Any], at: datetime
) -> None:
    """Somebody confirmed that it is to be applied, or undone."""
    values = {"id": import_id, "state": state, "actor": json.dumps(actor), "at": at}
    await session.execute(_CONFIRM, values)


async def add_progress(session: AsyncSession, import_id: UUID, counts: Mapping[str, int]) -> None:
    """Count rows with their outcomes."""
    zero = dict.fromkeys(("applied", "moved", "undone", "kept"), 0)
    await session.execute(_PROGRESS, {"id": import_id, **zero, **counts})


async def finish_import(session: AsyncSession, import_id: UUID, state: ImportState, at: datetime) -> None:
    """Nothing of it is left to do."""
    await session.execute(_FINISH, {"id": import_id, "state": state, "at": at})


async def remember_columns(
    session: AsyncSession, agency: str, kind: Kind, meanings: Mapping[str, str]
) -> None:
    """Remember what an agency chose for headers (in their compared form)."""
    if meanings:
        values = {"headers": list(meanings), "meanings": list(meanings.values())}
        await session.execute(_REMEMBER, {"agency": agency, "kind": str(kind), **values})


async def load_columns(session: AsyncSession, agency: str, kind: Kind) -> dict[str, str]:
    """What an agency chose before, by header in its compared form."""
    rows = await session.execute(_REMEMBERED, {"agency": agency, "kind": str(kind)})
    return {row.header: row.meaning for row in rows}


def _row(one: Import) -> dict[str, Any]:
    values = {name: getattr(one, name) for name in NAMES}
    given = {n: json.dumps(v) if n in _JSON and v is not None else v for n, v in values.items()}
    return given | {"kind": str(one.kind)}


def _import(row: Any) -> Import | None:
    if row is None:
        return None
    values = {name: getattr(row, name) for name in NAMES}
    read = {n: json.loads(v) if n in _JSON and v is not None else v for n, v in values.items()}
    return Import(**{**read, "kind": Kind(read["kind"])})
