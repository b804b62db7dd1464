"""Confirmed imports, worked off as due work: a chunk of rows in a transaction, then the next.

It goes on whoever closes a page, and after a kill in the middle: rows and what became of them commit together.
"""

from collections import Counter
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import DueItem, Schedule, clock, due, meanwhile
from bina.web.audit import store as audit
from bina.web.audit.trail import Actor, Trail, begin, end
from enrollment.imports import store
from enrollment.imports.applying import apply_rows
from enrollment.imports.columns import Kind
from enrollment.imports.store import Import
from enrollment.imports.undoing import undo_rows
from enrollment.integration.counting import count_rows

WORK = "imports.work"
REPLACING = "imports.replacing"
"""Work on a plan by which people leave; workers that know no such rows do not claim it."""
WITHDRAWING, BALANCES = "imports.withdrawing", "imports.balances"
"""Work on a plan by which seats are given back, on balances of JP; as above."""
CHUNK = 1000
"""Rows of one transaction."""
_WORK = {
    "applying": ("applied", "apply", store.waiting_rows, apply_rows),
    "undoing": ("undone", "undo", store.applied_rows, undo_rows),
}
schedule = Schedule()


async def begin_work(session: AsyncSession, one: Import) -> None:
    """Have a confirmed import worked off from the commit on."""
    await due.add(session, [DueItem(_kind(one), str(one.import_id), clock.now())])


def _kind(one: Import) -> str:
    if one.kind is Kind.SALDO_JP:
        return BALANCES
    if one.removed:
        return WITHDRAWING if one.kind is Kind.PENDAFTARAN else REPLACING
    return WORK


@schedule.on(WORK)
@schedule.on(REPLACING)
@schedule.on(WITHDRAWING)
@schedule.on(BALANCES)
async def work(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """A chunk of the first; the others come round again, each in a transaction of its own."""
    first, *others = items
    await due.add(session, [DueItem(item.kind, item.key, item.due_at) for item in others])
    one = await store.hold_import(session, UUID(first.key))
    return list(await _chunk(session, one)) if one and one.state in _WORK else []


async def _chunk(session: AsyncSession, one: Import) -> list[Event]:
    ends_as, action, load, do = _WORK[one.state]
    rows = await load(session, one.import_id, CHUNK)
    trail = begin(session, _trail(one, action))
    try:
        done = await do(session, one, rows)
    finally:
        end(session)
    trail.detail |= {"rows": len(rows)}
    marking = store.mark_rows(session, one.import_id, done.marks)
    _, noted = await meanwhile(marking, lambda: audit.values_of(trail))
    await store.add_progress(session, one.import_id, Counter(mark.outcome for mark in done.marks))
    await count_rows(session, one, rows, done.marks)
    if rows:
        await audit.add_values(session, noted)
    if len(rows) == CHUNK:
        await begin_work(session, one)
    else:
        await store.finish_import(session, one.import_id, ends_as, clock.now())  # type: ignore[arg-type]  # of _WORK
    return list(done.events)


def _trail(one: Import, action: str) -> Trail:
    """What a chunk changes is noted as the deed of whoever confirmed it."""
    told = one.actor or {}
    person, unit = (UUID(told[name]) if told.get(name) else None for name in ("person_id", "unit_id"))
    actor = Actor(
        "person" if person else "machine", person, tuple(told.get("roles", ())), told.get("agency_code"), unit
    )
    path = f"POST /enrollment/api/v1/imports/{{import_id}}/{action}"
    trail = Trail("command", path, actor, {"place": {"import_id": str(one.import_id)}})
    if name := told.get("name"):
        trail.keep("actor", {"name": name}, None, name.lower()[:200])
    trail.note_about(one.import_id)
    return trail
