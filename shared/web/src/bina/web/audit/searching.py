"""Finding entries: by who, whom or what, when."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging.database import Session
from bina.web.audit.digests import COLUMNS
from bina.web.tables import Asked, Key, Query

Kinds = Literal["", "command", "reading", "session", "erasure"]
ID = Key("id", "bigint")
"""Entries are sorted by their numbers: by when they were written, to the second or so."""
_BY_PERSON = "actor_id = CAST(:person AS uuid)"
_BY_NAME = "id IN (SELECT entry_id FROM audit.personal WHERE label = :name AND field = 'actor')"
# Looked up by itself, in the index of what entries are about: beside an order and a limit it would not be used.
_ABOUT = """id = ANY (ARRAY(SELECT a.id FROM audit.entries a WHERE a.about && (ARRAY[CAST(:whom AS text)] || ARRAY(
    SELECT DISTINCT CAST(person_id AS text) FROM audit.personal
    WHERE label = :label AND person_id IS NOT NULL LIMIT 100))))"""
_LOAD = text(f"SELECT {', '.join(COLUMNS)} FROM audit.entries WHERE id = :id")  # noqa: S608 - our own words
_VALUES = "SELECT entry_id, field, value FROM audit.personal WHERE entry_id = ANY ($1::bigint[])"
_SEALED = """SELECT b.number, b.sealed_at, b.hash FROM audit.blocks b
    WHERE b.sealed_at > $2::timestamptz - interval '1 hour' AND b.entries @> ARRAY[$1::bigint]
    ORDER BY b.sealed_at LIMIT 1"""


@dataclass(frozen=True)
class Sought:
    """What is looked for; what is left out does not narrow it. `who`: a person's id, or a name as it was written;
    `whom`: an id or code, or a NIP."""

    who: str = ""
    whom: str = ""
    kind: Kinds = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Found:
    """An entry with what still names people, by field."""

    id: int
    at: datetime
    kind: str
    actor: str
    actor_id: UUID | None
    roles: Sequence[str]
    agency_code: str | None
    unit_id: UUID | None
    action: str
    about: Sequence[str]
    on_behalf: Sequence[UUID]
    erased: Sequence[UUID]
    detail: dict[str, Any]
    personal: dict[str, Any]
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """What changed, thing by thing."""
        found: list[dict[str, Any]] = self.detail.get("changes", [])
        return found

    def people(self, *, listed: bool = False) -> list[UUID]:
        """Whose data it shows: all whom it names; `listed`, in a line: who acted, and whom the reasons are about."""
        shown = {n: p for n, p in self.personal.items() if not listed or n == "actor" or n.endswith("why")}
        return [UUID(noted["of"]) for noted in shown.values() if noted["of"]]


@dataclass(frozen=True)
class Entries(Query[Found]):
    """Entries with what still names people."""

    async def make(self, session: AsyncSession, rows: Sequence[Any]) -> list[Found]:
        """Entries as their reader may see them."""
        assert isinstance(session, Session)
        return [self.each(found) for found in await _with_values(session, rows)]


def entries(sought: Sought, each: Callable[[Found], Found] = lambda found: found) -> Entries:
    """Entries found; `each` is what a reader may see of one."""
    parts, values = _conditions(sought)
    where = " AND ".join(["true", *parts])
    return Entries(f"SELECT {', '.join(COLUMNS)} FROM audit.entries WHERE {where}", values, each)  # noqa: S608


async def find(
    session: AsyncSession, sought: Sought, *, before: int | None = None, limit: int = 50
) -> list[Found]:
    """Entries, newest first, with ids below `before`."""
    asked = Asked("", descending=True, keys=(ID,), after=(before,) if before else None)
    return list((await asked.page(session, entries(sought), limit)).rows)


async def load(session: AsyncSession, entry_id: int) -> Found | None:
    """One entry."""
    assert isinstance(session, Session)
    rows = await session.execute(_LOAD, {"id": entry_id})
    found = await _with_values(session, list(rows))
    return found[0] if found else None


async def load_seal(session: AsyncSession, entry: Found) -> Any | None:
    """The block that seals an entry (number, sealed_at, hash); None until it is sealed."""
    assert isinstance(session, Session)
    rows = await session.fetch(_SEALED, entry.id, entry.at)
    return rows[0] if rows else None


def _conditions(sought: Sought) -> tuple[list[str], dict[str, Any]]:
    person = _uuid(sought.who)
    given: list[tuple[Any, str, dict[str, Any]]] = [
        (sought.who and person, _BY_PERSON, {"person": person}),
        (sought.who and not person, _BY_NAME, {"name": sought.who.lower()}),
        (sought.whom, _ABOUT, {"whom": sought.whom, "label": sought.whom.lower()}),
        (sought.kind, "kind = :kind", {"kind": sought.kind}),
        (sought.since, "at >= CAST(:since AS timestamptz)", {"since": sought.since}),
        (sought.until, "at < CAST(:until AS timestamptz)", {"until": sought.until}),
    ]
    chosen = [(condition, values) for there, condition, values in given if there]
    return [condition for condition, _values in chosen], {k: v for _c, vs in chosen for k, v in vs.items()}


async def _with_values(session: Session, rows: Sequence[Any]) -> list[Found]:
    kept: dict[int, dict[str, Any]] = {}
    for row in await session.fetch(_VALUES, [row.id for row in rows]):
        kept.setdefault(row["entry_id"], {})[row["field"]] = json.loads(row["value"])
    return [_found(row, kept.get(row.id, {})) for row in rows]


def _found(row: Any, values: dict[str, Any]) -> Found:
    read = {name: getattr(row, name) for name in COLUMNS}
    read |= {name: json.loads(read[name]) for name in ("detail", "personal") if isinstance(read[name], str)}
    return Found(**read, values=values)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
