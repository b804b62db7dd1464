"""Finding entries: by who, whom or what, when."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bina.messaging.database import Session
from bina.web.audit.digests import COLUMNS

Kinds = Literal["", "command", "reading", "session", "erasure"]
CHUNK = 500
_LABELLED = (
    "SELECT DISTINCT person_id FROM audit.personal WHERE label = $1 AND person_id IS NOT NULL LIMIT 100"
)
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


async def find(
    session: AsyncSession, sought: Sought, *, before: int | None = None, limit: int = 50
) -> list[Found]:
    """Entries, newest first, with ids below `before`."""
    assert isinstance(session, Session)
    where, values = await _conditions(session, sought)
    values += [before or 2**62, limit]
    sql = f"""SELECT {", ".join(COLUMNS)} FROM audit.entries WHERE {where}id < ${len(values) - 1}
        ORDER BY id DESC LIMIT ${len(values)}"""  # noqa: S608 - our own words
    return await _with_values(session, await session.fetch(sql, *values))


async def load(session: AsyncSession, entry_id: int) -> Found | None:
    """One entry."""
    assert isinstance(session, Session)
    sql = f"SELECT {', '.join(COLUMNS)} FROM audit.entries WHERE id = $1"  # noqa: S608 - our own words
    found = await _with_values(session, await session.fetch(sql, entry_id))
    return found[0] if found else None


async def load_seal(session: AsyncSession, entry: Found) -> Any | None:
    """The block that seals an entry (number, sealed_at, hash); None until it is sealed."""
    assert isinstance(session, Session)
    rows = await session.fetch(_SEALED, entry.id, entry.at)
    return rows[0] if rows else None


async def all_found(make: async_sessionmaker[AsyncSession], sought: Sought) -> AsyncIterator[list[Found]]:
    """Every entry found, newest first, in chunks that are each asked for by themselves: nothing is held open."""
    before: int | None = None
    while True:
        async with make() as session:
            chunk = await find(session, sought, before=before, limit=CHUNK)
        if chunk:
            yield chunk
        if len(chunk) < CHUNK:
            return
        before = chunk[-1].id


async def _conditions(session: Session, sought: Sought) -> tuple[str, list[Any]]:
    values: list[Any] = []
    parts: list[str] = []

    def narrow(condition: str, value: Any) -> None:
        values.append(value)
        parts.append(condition.format(f"${len(values)}"))

    if sought.who:
        person = _uuid(sought.who)
        by_name = "id IN (SELECT entry_id FROM audit.personal WHERE label = {} AND field = 'actor')"
        narrow("actor_id = {}" if person else by_name, person or sought.who.lower())
    if sought.whom:
        labelled = await session.fetch(_LABELLED, sought.whom.lower())
        narrow("about && {}::text[]", [sought.whom, *(str(row["person_id"]) for row in labelled)])
    if sought.kind:
        narrow("kind = {}", sought.kind)
    if sought.since:
        narrow("at >= {}", sought.since)
    if sought.until:
        narrow("at < {}", sought.until)
    return "".join(f"{part} AND " for part in parts), values


async def _with_values(session: Session, rows: Sequence[Any]) -> list[Found]:
    kept: dict[int, dict[str, Any]] = {}
    for row in await session.fetch(_VALUES, [row["id"] for row in rows]):
        kept.setdefault(row["entry_id"], {})[row["field"]] = json.loads(row["value"])
    return [_found(row, kept.get(row["id"], {})) for row in rows]


def _found(row: Any, values: dict[str, Any]) -> Found:
    read = {name: row[name] for name in COLUMNS}
    read |= {name: json.loads(row[name]) for name in ("detail", "personal") if isinstance(row[name], str)}
    return Found(**read, values=values)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
