"""Which machines may ask for tokens."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.permissions import Reach
from enrollment.machines.domain import Machine

_COLUMNS = "machine_id, agency_code, name, generation, revoked_at"
_ADD = text(
    """INSERT INTO machines (machine_id, agency_code, name) VALUES (:machine_id, :agency_code, :name)"""
)
_FIND = text(f"SELECT {_COLUMNS} FROM machines WHERE machine_id = :id")  # noqa: S608 - our own columns
_LIST = text(
    f"""SELECT {_COLUMNS} FROM machines WHERE (:everything OR agency_code = CAST(:agency AS text))
    AND (CAST(:after AS uuid) IS NULL OR machine_id > :after) ORDER BY machine_id LIMIT :limit"""  # noqa: S608 - as above
)
_RENEW = text("UPDATE machines SET generation = generation + 1 WHERE machine_id = :id")
_REVOKE = text("UPDATE machines SET revoked_at = coalesce(revoked_at, now()) WHERE machine_id = :id")
_HOLD = text(f"SELECT {_COLUMNS} FROM machines WHERE machine_id = :id FOR UPDATE")  # noqa: S608 - as above


async def add_machine(session: AsyncSession, machine: Machine) -> None:
    """Let a machine of an agency ask for tokens."""
    row = {"machine_id": machine.machine_id, "agency_code": machine.agency_code, "name": machine.name}
    await session.execute(_ADD, row)


async def find_machine(session: AsyncSession, machine_id: UUID) -> Machine | None:
    """The machine of this id."""
    return _machine((await session.execute(_FIND, {"id": machine_id})).one_or_none())


async def hold_machine(session: AsyncSession, machine_id: UUID) -> Machine | None:
    """The same, and nobody else changes it until this transaction ends."""
    return _machine((await session.execute(_HOLD, {"id": machine_id})).one_or_none())


async def load_machines(
    session: AsyncSession, reach: Reach, *, after: UUID | None, limit: int
) -> Sequence[Machine]:
    """Machines of the agencies in reach, by id."""
    asked = {"everything": reach.everything, "agency": reach.agency_code, "after": after, "limit": limit}
    rows = await session.execute(_LIST, asked)
    return [Machine(*row) for row in rows]


async def renew_machine(session: AsyncSession, machine_id: UUID) -> None:
    """A new secret; the one before opens nothing any more."""
    await session.execute(_RENEW, {"id": machine_id})


async def revoke_machine(session: AsyncSession, machine_id: UUID) -> None:
    """No more tokens, for good."""
    await session.execute(_REVOKE, {"id": machine_id})


def _machine(row: Any) -> Machine | None:
    return Machine(*row) if row is not None else None
