"""What people handed in, and its evidence."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.permissions import Reach
from bina.web.tables import Query
from enrollment.credits.domain import Credit
from enrollment.scope import PEOPLE

SHOWN = 50
"""Of one's own, the newest."""
_NAMES = (
    "credit_id", "asn_id", "form", "title", "provider", "number", "starts_on", "ends_on", "abroad", "amount",
    "minutes", "state", "asked_at", "granted", "revision", "decided_at", "answer",
)  # fmt: skip
_COLUMNS = ", ".join(f"c.{name}" for name in _NAMES)
# The same certificate is there once, as long as it is not refused or withdrawn: equal when trimmed and in one case.
_ADD = text(
    f"""INSERT INTO jp_credits ({", ".join(_NAMES)})
    SELECT {", ".join(f":{name}" for name in _NAMES)} FROM asn WHERE asn_id = :asn_id
    ON CONFLICT (asn_id, lower(btrim(number)), lower(btrim(provider))) WHERE state IN ('open', 'verified')
    DO NOTHING RETURNING credit_id"""  # noqa: S608 - our own words
)
_ADD_EVIDENCE = text(
    """INSERT INTO jp_evidence (credit_id, asn_id, media_type, content)
    VALUES (:credit_id, :asn_id, :media_type, :content)"""
)
_OWN = text(
    f"SELECT {_COLUMNS} FROM jp_credits AS c WHERE asn_id = :asn_id ORDER BY credit_id DESC LIMIT :limit"  # noqa: S608 - our own words
)
_LOAD = text(f"SELECT {_COLUMNS} FROM jp_credits AS c WHERE credit_id = :credit_id")  # noqa: S608 - our own words
_LOCK = text(f"SELECT {_COLUMNS} FROM jp_credits AS c WHERE credit_id = :credit_id FOR UPDATE")  # noqa: S608 - our own words
_EVIDENCE = text("SELECT media_type, content FROM jp_evidence WHERE credit_id = :credit_id")
_HAS_EVIDENCE = text("SELECT EXISTS (SELECT FROM jp_evidence WHERE credit_id = :credit_id)")
_REMOVE_EVIDENCE = text("DELETE FROM jp_evidence WHERE credit_id = :credit_id")
_DECIDED_EVIDENCE = text("UPDATE jp_evidence SET decided_at = :at WHERE credit_id = :credit_id")
_SESSIONS = text(
    """SELECT coalesce(sum(amount), 0) FROM jp_credits WHERE asn_id = :asn_id AND form = :form
    AND state IN ('open', 'verified') AND date_trunc('month', ends_on) = date_trunc('month', CAST(:day AS date))"""
)
_DECIDE = text(
    """UPDATE jp_credits SET state = :state, granted = :granted, revision = :revision, decided_at = :decided_at,
        decided_by = :decided_by, answer = :answer WHERE credit_id = :credit_id"""
)
_LIST = f"""SELECT {_COLUMNS}, asn.nip, asn.name, asn.agency_code, coalesce(units.name, '') AS unit_name,
        coalesce(units.path, '{{}}') AS unit_path
    FROM jp_credits AS c JOIN asn USING (asn_id) LEFT JOIN units USING (unit_id)
    WHERE {PEOPLE} AND c.state = ANY (CAST(:states AS text[]))"""  # noqa: S608 - our own words
_COUNT = text(
    f"""SELECT count(*) FROM jp_credits AS c JOIN asn USING (asn_id) LEFT JOIN units USING (unit_id)
    WHERE c.state = 'open' AND {PEOPLE}"""  # noqa: S608 - our own words
)


class Listed(NamedTuple):
    """A credit, and whose it is."""

    credit: Credit
    nip: str
    name: str
    agency_code: str
    unit_name: str
    unit_path: Sequence[UUID]

    @property
    def credit_id(self) -> UUID:
        """What tells it from others."""
        return self.credit.credit_id


async def add_credit(session: AsyncSession, credit: Credit, media_type: str, content: bytes) -> bool:
    """Keep what somebody registered hands in; whether it was not there already."""
    if await session.scalar(_ADD, {name: getattr(credit, name) for name in _NAMES}) is None:
        return False
    kept = {
        "credit_id": credit.credit_id,
        "asn_id": credit.asn_id,
        "media_type": media_type,
        "content": content,
    }
    await session.execute(_ADD_EVIDENCE, kept)
    return True


async def load_own(session: AsyncSession, asn_id: UUID) -> list[Credit]:
    """What a person handed in, newest first."""
    return [Credit(**r._asdict()) for r in await session.execute(_OWN, {"asn_id": asn_id, "limit": SHOWN})]


async def load_credit(session: AsyncSession, credit_id: UUID) -> Credit | None:
    """One of them."""
    row = (await session.execute(_LOAD, {"credit_id": credit_id})).one_or_none()
    return Credit(**row._asdict()) if row else None


async def lock_credit(session: AsyncSession, credit_id: UUID) -> Credit | None:
    """One of them, which nobody else decides meanwhile."""
    row = (await session.execute(_LOCK, {"credit_id": credit_id})).one_or_none()
    return Credit(**row._asdict()) if row else None


async def sessions_in_month(session: AsyncSession, asn_id: UUID, form: str, day: date) -> int:
    """How many sessions of a form somebody has handed in already for the month of a day."""
    return int(await session.scalar(_SESSIONS, {"asn_id": asn_id, "form": form, "day": day}))


async def load_evidence(session: AsyncSession, credit_id: UUID) -> tuple[str, bytes] | None:
    """(media type, content), as long as it is kept."""
    row = (await session.execute(_EVIDENCE, {"credit_id": credit_id})).one_or_none()
    return (row.media_type, bytes(row.content)) if row else None


async def has_evidence(session: AsyncSession, credit_id: UUID) -> bool:
    """Whether its evidence is still kept."""
    return bool(await session.scalar(_HAS_EVIDENCE, {"credit_id": credit_id}))


async def decide(session: AsyncSession, credit: Credit, *, by: UUID | None, at: datetime) -> None:
    """Keep a decision; from now on the evidence's time runs, or it goes with what was withdrawn."""
    values = {name: getattr(credit, name) for name in ("credit_id", "state", "granted", "revision", "answer")}
    await session.execute(_DECIDE, values | {"decided_at": at, "decided_by": by})
    if credit.state == "withdrawn":
        await session.execute(_REMOVE_EVIDENCE, {"credit_id": credit.credit_id})
    else:
        await session.execute(_DECIDED_EVIDENCE, {"credit_id": credit.credit_id, "at": at})


def credits_of(reach: Reach, states: Sequence[str]) -> Query[Listed]:
    """Credits of people in reach, in an order to be asked for."""
    return Query(_LIST, {**reach.parameters, "states": list(states)}, _listed)


async def count_open(session: AsyncSession, reach: Reach) -> int:
    """How many wait for an answer."""
    return int(await session.scalar(_COUNT, reach.parameters))


def _listed(row: Any) -> Listed:
    own = Credit(**{name: getattr(row, name) for name in _NAMES})
    return Listed(own, row.nip, row.name, row.agency_code, row.unit_name, row.unit_path)
