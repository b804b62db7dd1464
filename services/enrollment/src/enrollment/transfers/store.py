"""The table of requests."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.permissions import Reach
from enrollment.transfers.domain import Transfer

_NAMES = (
    "transfer_id", "asn_id", "nip", "agency_code", "since", "reason", "asked_at", "due_at", "state", "decided_at",
    "answer",
)  # fmt: skip
_SELECT = ", ".join(f"t.{name}" for name in _NAMES)
_ADD = text(
    """INSERT INTO transfers (transfer_id, asn_id, nip, agency_code, since, reason, asked_at, due_at, asked_by)
    VALUES (:transfer_id, :asn_id, :nip, :agency_code, :since, :reason, :asked_at, :due_at, :by)
    ON CONFLICT (agency_code, nip) WHERE state = 'open' DO NOTHING RETURNING transfer_id"""
)
_LOCK = text(f"SELECT {_SELECT} FROM transfers AS t WHERE t.transfer_id = :id FOR UPDATE")  # noqa: S608 - fixed names
_CLOSE = text(
    """UPDATE transfers SET state = :state, decided_at = :at, decided_by = :by, answer = :answer
    WHERE transfer_id = :id"""
)
_FROM = text("UPDATE transfers SET since = :since WHERE transfer_id = :id")
_EXPIRE = text(
    """UPDATE transfers SET state = 'expired', decided_at = :now WHERE state = 'open' AND due_at <= :now
    AND transfer_id = ANY (CAST(:ids AS uuid[]))"""
)
# Whose word it is changes with where the person serves; who serves where they are asked for has come another way.
_WAITS = """FROM transfers AS t JOIN asn USING (asn_id) JOIN agencies AS a ON a.agency_code = t.agency_code
    WHERE t.state = 'open' AND t.due_at > :now AND asn.agency_code <> t.agency_code
    AND (:everything OR asn.agency_code = CAST(:agency AS text))"""
_TO_ANSWER = text(
    f"""SELECT {_SELECT}, asn.name, asn.nip AS now_nip, asn.agency_code AS employer, a.name AS asking {_WAITS}
    AND (CAST(:after AS uuid) IS NULL OR t.transfer_id > CAST(:after AS uuid)) ORDER BY t.transfer_id LIMIT :limit"""
)
_COUNT = text(f"SELECT count(*) {_WAITS}")
_ASKED = text(
    f"""SELECT {_SELECT}, '' AS name, t.nip AS now_nip, '' AS employer, a.name AS asking
    FROM transfers AS t JOIN agencies AS a USING (agency_code) WHERE :everything OR t.agency_code = CAST(:agency AS text)
    ORDER BY t.transfer_id DESC LIMIT :limit"""  # noqa: S608 - fixed parts
)
_MADE = text("SELECT count(*) FROM transfers WHERE agency_code = :agency AND asked_at > :since")


class Listed(NamedTuple):
    """A request; who is asked for by name and NIP of now as far as its reader has them; `asking`: the agency that asks."""

    one: Transfer
    name: str
    nip: str
    employer: str
    asking: str


async def add(session: AsyncSession, one: Transfer, by: UUID | None) -> bool:
    """Keep a request; whether there was none open of that agency for that NIP."""
    values = {name: getattr(one, name) for name in _NAMES[:8]} | {"by": by}
    return await session.scalar(_ADD, values) is not None


async def lock(session: AsyncSession, transfer_id: UUID) -> Transfer | None:
    """A request that nobody else answers until this transaction ends."""
    row = (await session.execute(_LOCK, {"id": transfer_id})).one_or_none()
    return Transfer(*row) if row else None


async def close(
    session: AsyncSession, transfer_id: UUID, state: str, by: UUID | None, answer: str = ""
) -> None:
    """What became of a request."""
    values = {"id": transfer_id, "state": state, "at": clock.now(), "by": by, "answer": answer}
    await session.execute(_CLOSE, values)


async def put_since(session: AsyncSession, transfer_id: UUID, since: date) -> None:
    """From when on it holds, where that is another day than was asked for."""
    await session.execute(_FROM, {"id": transfer_id, "since": since})


async def expire(session: AsyncSession, ids: Sequence[UUID], now: datetime) -> None:
    """Nobody answered these in time."""
    await session.execute(_EXPIRE, {"ids": list(ids), "now": now})


async def count_made(session: AsyncSession, agency: str, since: datetime) -> int:
    """How many an agency asked for since a moment."""
    return int(await session.scalar(_MADE, {"agency": agency, "since": since}))


async def count_open(session: AsyncSession, reach: Reach) -> int:
    """How many wait for the word of the agencies in reach."""
    return int(await session.scalar(_COUNT, _values(reach))) if reach else 0


async def page_to_answer(
    session: AsyncSession, reach: Reach, *, after: UUID | None, limit: int
) -> list[Listed]:
    """Requests for people of the agencies in reach, the oldest first."""
    rows = await session.execute(_TO_ANSWER, _values(reach) | {"after": after, "limit": limit})
    return [_listed(row) for row in rows]


async def load_asked(session: AsyncSession, reach: Reach, limit: int) -> list[Listed]:
    """What the agencies in reach asked for, the newest first; of whom it is about nothing but the NIP asked for."""
    return [_listed(row) for row in await session.execute(_ASKED, _values(reach) | {"limit": limit})]


def _values(reach: Reach) -> dict[str, Any]:
    return {"everything": reach.everything, "agency": reach.agency_code, "now": clock.now()}


def _listed(row: Any) -> Listed:
    return Listed(Transfer(*row[: len(_NAMES)]), row.name, row.now_nip, row.employer, row.asking)
