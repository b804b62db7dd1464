"""One person's two records made one: which ids are whose, and facts told under the one that is no more.

Facts of other topics may still name it, told before the merge and read after it, or read from the beginning by a service
that begins later. They are read as if they named the record that stays, here and nowhere else; so nothing of a service
is written under an id that has gone.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import AsnMerged, ContactErased

from .records import Arrived

PERSON_FIELDS = ("asn_id", "supervisor_id", "respondent_id", "about_id", "approver_ids")
"""Fields of contracts that name a person, or several."""
_OWN_TOPICS = frozenset({AsnMerged.topic, ContactErased.topic})
"""Topics whose key is the record itself: what is told there of one is never another's."""

_KNOWN = text(
    "SELECT gone_id, kept_id FROM messaging.merged_people WHERE gone_id = ANY (CAST(:ids AS uuid[]))"
)
_OF = text(
    "SELECT gone_id FROM messaging.merged_people WHERE kept_id = ANY (CAST(:ids AS uuid[])) ORDER BY 1"
)
_FOLLOW = text(
    """UPDATE messaging.merged_people AS m SET kept_id = n.kept
    FROM unnest(CAST(:gone AS uuid[]), CAST(:kept AS uuid[])) AS n (gone, kept) WHERE m.kept_id = n.gone"""
)
_ADD = text(
    """INSERT INTO messaging.merged_people (gone_id, kept_id)
    SELECT * FROM unnest(CAST(:gone AS uuid[]), CAST(:kept AS uuid[])) ORDER BY 1
    ON CONFLICT (gone_id) DO UPDATE SET kept_id = excluded.kept_id"""
)
Value = UUID | tuple[UUID, ...] | None
"""What such a field holds."""
Pairs = dict[str, list[UUID]]
"""Merged records as two columns, `gone` and `kept`, for `unnest`."""
MERGES = "unnest(CAST(:gone AS uuid[]), CAST(:kept AS uuid[])) AS m (gone, kept)"
"""The same in SQL."""


def moving(table: str, column: str = "asn_id") -> TextClause:
    """A statement that moves every row of a table from the records that go to those that stay."""
    return text(f"UPDATE {table} AS t SET {column} = m.kept FROM {MERGES} WHERE t.{column} = m.gone")  # noqa: S608 - our own names


def leaving(table: str, column: str = "asn_id") -> TextClause:
    """A statement that takes a table's rows of the records that go away."""
    return text(f"DELETE FROM {table} WHERE {column} = ANY (CAST(:gone AS uuid[]))")  # noqa: S608 - our own names


async def remember(session: AsyncSession, events: Sequence[AsnMerged]) -> Pairs:
    """Keep which records have gone into which; whatever order chains come in, each leads to the one that stays."""
    into = await known(session, (event.into_id for event in events))
    into |= {event.asn_id: event.into_id for event in events}
    ends = {gone: end_of(into, gone) for gone in into}
    pairs: Pairs = {"gone": list(ends), "kept": list(ends.values())}
    await session.execute(_FOLLOW, pairs)
    await session.execute(_ADD, pairs)
    return {"gone": [e.asn_id for e in events], "kept": [ends[e.asn_id] for e in events]}


async def known(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Of these ids those that have gone, each with the one that stays."""
    rows = await session.execute(_KNOWN, {"ids": sorted(set(ids))})
    return {row.gone_id: row.kept_id for row in rows}


async def gone_into(session: AsyncSession, ids: Iterable[UUID]) -> list[UUID]:
    """Ids of records that were merged into these."""
    return list(await session.scalars(_OF, {"ids": sorted(set(ids))}))


def end_of(into: dict[UUID, UUID], one: UUID) -> UUID:
    """Where a chain of merges ends; a circle, which nobody can make, ends where it began."""
    seen = set()
    while one in into and one not in seen:
        seen.add(one)
        one = into[one]
    return one


@cache
def person_fields(contract: type[Event]) -> tuple[str, ...]:
    """Fields of a contract that name a person by an id that may have gone."""
    names = tuple(name for name in PERSON_FIELDS if name in contract.model_fields)
    return tuple(name for name in names if name != "asn_id") if contract.topic in _OWN_TOPICS else names


def people_in(batch: Iterable[Arrived]) -> set[UUID]:
    """Whom facts name."""
    named = (getattr(a.event, name) for a in batch for name in person_fields(type(a.event)))
    return {one for value in named for one in _each(value) if one is not None}


def resolve(batch: Iterable[Arrived], into: dict[UUID, UUID]) -> set[int]:
    """Let facts name the records that stay; gives the identities of those that say nothing any more."""
    void = set()
    for arrived in batch:
        event = arrived.event
        named = {name: getattr(event, name) for name in person_fields(type(event))}
        gone = {name: _today(value, into) for name, value in named.items() if into.keys() & _each(value)}
        if gone and event.replaced:
            void.add(id(arrived))
        elif gone:
            arrived.event = event.changed(gone)
    return void


def _each(value: Value) -> Sequence[UUID | None]:
    return value if isinstance(value, tuple) else (value,)


def _today(value: Value, into: dict[UUID, UUID]) -> Value:
    """The records that stay; of several ids each stands once."""
    if isinstance(value, tuple):
        return tuple(dict.fromkeys(into.get(one, one) for one in value))
    return into.get(value, value) if value else value
