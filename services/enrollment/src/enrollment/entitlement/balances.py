"""Balances of years from before the ledger, as somebody says them or a file does: the one way in which they are written."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.web import audit
from enrollment.entitlement import store
from enrollment.entitlement.domain import LESSON, Entry, Statement, opening_id_of


class Balance(NamedTuple):
    """JP of a person in the year of `earned_on`, and where that is written; None: none is known any more. `import_id`: the
    file that says so."""

    asn_id: UUID
    earned_on: date
    jp: int | None
    source: str
    import_id: UUID | None = None


async def write(session: AsyncSession, balances: Sequence[Balance]) -> int:
    """State balances of people who are held, each of another person or year; how many were not said before."""
    asked = [(one.asn_id, one.earned_on.year) for one in balances]
    newest = await store.load_newest_openings(session, asked)
    stated = [
        (last, _statement(one, last))
        for key, one in zip(asked, balances, strict=True)
        if not _says(last := newest.get(key), one)
    ]
    await store.record(session, [one for _, one in stated])
    for last, one in stated:
        audit.changed(session, "jp_opening", one.source_id, last, one, person=one.asn_id)
    return len(stated)


def _statement(one: Balance, last: Entry | None) -> Statement:
    source_id = last.source_id if last else opening_id_of(one.asn_id, one.earned_on.year)
    revision = last.revision + 1 if last else 1
    if one.jp is None:
        return Statement(
            "opening", source_id, one.asn_id, revision, reason=one.source, import_id=one.import_id
        )
    return Statement(
        "opening", source_id, one.asn_id, revision, one.jp * LESSON, one.earned_on, one.source, one.import_id
    )


def _says(last: Entry | None, one: Balance) -> bool:
    """Whether the ledger says the same already."""
    if last is None or last.reverses is not None:
        return one.jp is None
    return one.jp is not None and (last.minutes, last.earned_on) == (one.jp * LESSON, one.earned_on)
