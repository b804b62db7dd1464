"""Balances of JP as a file says them: made true as planned, and taken back."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from enrollment.entitlement.balances import Balance, write
from enrollment.imports import store
from enrollment.imports.outcomes import MOVED, Done, is_moved
from enrollment.imports.store import Import, ImportRow, Marked
from enrollment.register import store as register

WHY = "Impor dibatalkan oleh instansi pengunggah."


async def load(session: AsyncSession, one: Import, rows: Sequence[ImportRow]) -> Done:
    """State balances of those whose ledger is still what the plan was made on."""
    people = await _held(session, rows)
    states = await store.load_states(session, one.kind, [row.key for row in rows])
    off = {row.row for row in rows if row.nip not in people or is_moved(row, states)}
    going = [row for row in rows if row.row not in off]
    said = [_said(people[row.nip or ""], row.after or {}, one.import_id) for row in going]
    await write(session, said)
    return Done([Marked(r.row, "moved", MOVED) if r.row in off else Marked(r.row, "applied") for r in rows])


async def hold(session: AsyncSession, rows: Sequence[ImportRow]) -> None:
    """From here on nobody else states balances of these people."""
    await _held(session, rows)


async def take_back(session: AsyncSession, one: Import, rows: Sequence[ImportRow]) -> Done:
    """What was before stands again, as somebody's or a file's word; what was added counts no more."""
    said = [_as_before(row, one.import_id) for row in rows]
    await write(session, said)
    return Done([Marked(row.row, "undone") for row in rows])


async def _held(session: AsyncSession, rows: Sequence[ImportRow]) -> dict[str, UUID]:
    found = await register.find_people(session, [row.nip for row in rows if row.nip])
    held = await register.lock_people(session, found.values())
    return {nip: asn_id for nip, asn_id in found.items() if asn_id in held}


def _said(asn_id: UUID, values: dict[str, Any], import_id: UUID | None) -> Balance:
    return Balance(asn_id, date.fromisoformat(values["earned_on"]), values["jp"], values["source"], import_id)


def _as_before(row: ImportRow, import_id: UUID) -> Balance:
    assert row.ref is not None
    if row.before is None:
        return _said(row.ref, (row.after or {}) | {"jp": None, "source": WHY}, import_id)
    by = row.before["import_id"]
    return _said(row.ref, row.before, UUID(by) if by else None)
