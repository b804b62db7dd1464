"""Taking applied rows back, as far as nothing depends on them."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.domain import Run
from enrollment.enrolments import store as enrolments
from enrollment.enrolments.applying import apply, fill_seats
from enrollment.enrolments.domain import UNDONE, Change, Enrolment
from enrollment.imports import balances, store
from enrollment.imports.applying import hold, overwritten, record_as, scope_of, stamped
from enrollment.imports.columns import Kind
from enrollment.imports.listed_seats import ask_again
from enrollment.imports.outcomes import Done
from enrollment.imports.plan import decimal_of
from enrollment.imports.store import Import, ImportRow, Marked
from enrollment.register import recording
from enrollment.register import store as register

WHY = "Impor dibatalkan oleh instansi pengunggah."
"""What the people concerned are told."""


async def undo_rows(session: AsyncSession, one: Import, rows: Sequence[ImportRow]) -> Done:
    """Take rows back in their order; one on which something depends by now stays (`kept`)."""
    await _HELD[one.kind](session, rows)
    numbers = [row.row for row in rows]
    blocked = dict(await store.blocked_rows(session, one.import_id, one.kind, len(rows), numbers))
    going = [row for row in rows if row.row not in blocked]
    done = await _UNDONE[one.kind](session, one, going)
    return Done([*(Marked(number, "kept", why) for number, why in blocked.items()), *done.marks], done.events)


async def _hold_runs(session: AsyncSession, rows: Sequence[ImportRow]) -> None:
    await enrolments.lock_runs_of(session, [row.ref for row in rows if row.ref])


async def _unseat(session: AsyncSession, one: Import, rows: Sequence[ImportRow]) -> Done:
    """Seats of who was in the file are free again before who was not asks for one."""
    out = [row for row in rows if row.effect == "removed"]
    taken = await _withdraw(session, [row for row in rows if row.effect != "removed"])
    back = await ask_again(session, out, await scope_of(session, one)) if out else Done([])
    return Done([*taken.marks, *back.marks], [*taken.events, *back.events])


async def _withdraw(session: AsyncSession, rows: Sequence[ImportRow]) -> Done:
    """Those who have left by themselves meanwhile are gone already."""
    found = await enrolments.load_enrolments(session, [row.ref for row in rows if row.ref])
    changes = [
        Change(e, e._replace(state="withdrawn", ticket=None, reason=UNDONE), why=WHY)
        for e in found.values()
        if e.is_live
    ]
    told = [fact for facts in await apply(session, changes) for fact in facts]
    await enrolments.say_why(session, [change.after.enrollment_id for change in changes], UNDONE)
    moved = await fill_seats(session, {change.after.run_id for change in changes}, clock.today())
    return Done([Marked(row.row, "undone") for row in rows], [*told, *moved])


async def _take_back(session: AsyncSession, _one: Import, rows: Sequence[ImportRow]) -> Done:
    """A result is a fact that was told: it is corrected to what was recorded before, or to none that counts.

    Its certificate falls with it. Its number is not held against the organiser, who may report it again: no one
    decided that this certificate is void, only that the file was the wrong one.
    """
    found = await enrolments.load_enrolments(session, [row.ref for row in rows if row.ref])
    runs = await catalogue.load_runs(session, {e.run_id for e in found.values()})
    changes = [_corrected(found[row.ref], row, runs) for row in rows if row.ref]
    told = [fact for facts in await apply(session, changes) for fact in facts]
    return Done([Marked(row.row, "undone") for row in rows], stamped(told, undone=True))


def _corrected(now: Enrolment, row: ImportRow, runs: dict[UUID, Run]) -> Change:
    before = row.before or {}
    had_result = before.get("state") in ("completed", "not_completed")
    completed = had_result and before["state"] == "completed"
    assert now.completed_on is not None
    day = type(now.completed_on).fromisoformat(before["completed_on"]) if had_result else now.completed_on
    after = now._replace(
        state="completed" if completed else "not_completed",
        reason=before["reason"] if had_result else UNDONE,
        completed_on=day,
        jp=before["jp"] if had_result else 0,
        pre_score=decimal_of(before["pre_score"]) if had_result else None,
        post_score=decimal_of(before["post_score"]) if had_result else None,
        certificate_number=before["certificate_number"] if had_result else "",
        origin=before["origin"] if had_result else "correction",
        revision=now.revision + 1,
    )
    earned_on = min(day, runs[now.run_id].ends_on) if completed else None
    return Change(now, after, earned_on, why=WHY, taken_back=True)


async def _restore(session: AsyncSession, one: Import, rows: Sequence[ImportRow]) -> Done:
    """Those who were added go, the others are again what they were, and as much of it by hand."""
    changed = [row for row in rows if row.effect == "changed"]
    removed = [row for row in rows if row.effect == "removed"]
    before = [
        {"appointment": ""} | (row.before or {}) for row in changed
    ]  # part of a state only where there is one
    marks = await record_as(session, changed, before)
    marks += await _bring_back(session, removed)
    await register.mark_by_hand(session, overwritten(one, [*changed, *removed], marks))
    added = [row for row in rows if row.effect == "added"]
    await recording.remove_asn(session, [row.ref for row in added if row.ref])
    undone = [m._replace(outcome="undone" if m.outcome == "applied" else "kept") for m in marks]
    return Done([*undone, *(Marked(row.row, "undone") for row in added)])


async def _bring_back(session: AsyncSession, rows: Sequence[ImportRow]) -> list[Marked]:
    """Those who left never did: they serve on from the day on which they left."""
    serving = {"left_on": None, "left_reason": ""}
    marks = []
    for day, group in groupby(rows, lambda row: (row.left_as or {})["left_on"]):
        those = list(group)
        values = [serving | (row.before or {}) for row in those]
        marks += await record_as(session, those, values, since=date.fromisoformat(day))
    return marks


_Held = Callable[[AsyncSession, Sequence[ImportRow]], Coroutine[Any, Any, None]]
_Undoing = Callable[[AsyncSession, Import, Sequence[ImportRow]], Coroutine[Any, Any, Done]]
_HELD: dict[Kind, _Held] = {
    Kind.PENDAFTARAN: _hold_runs,
    Kind.KELULUSAN: _hold_runs,
    Kind.PEGAWAI: hold,
    Kind.SALDO_JP: balances.hold,
}
_UNDONE: dict[Kind, _Undoing] = {
    Kind.PENDAFTARAN: _unseat,
    Kind.KELULUSAN: _take_back,
    Kind.PEGAWAI: _restore,
    Kind.SALDO_JP: balances.take_back,
}
