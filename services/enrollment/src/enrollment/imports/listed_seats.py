"""Seats of those whom a full list of a run does not name: given back, and asked for again when that is undone."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from enrollment.enrolments import requesting
from enrollment.enrolments import store as enrolments
from enrollment.enrolments.domain import UNLISTED, Ask, Decision
from enrollment.imports import store
from enrollment.imports.claims import EnrolmentClaim
from enrollment.imports.outcomes import MOVED, Done, is_moved
from enrollment.imports.plan import Key
from enrollment.imports.register_rules import Scope
from enrollment.imports.store import Import, ImportRow, Marked

WHY = "Tidak ada di daftar peserta lengkap yang dikirim instansi."
"""What the people concerned are told."""


async def give_back(session: AsyncSession, one: Import, rows: Sequence[ImportRow], scope: Scope) -> Done:
    """Withdraw those who still stand as planned; whoever came to it meanwhile stays. Their seats go to who waits."""
    codes = {row.run_code or "" for row in rows}
    await enrolments.lock_runs_by_code(session, codes)
    states = await store.load_states(session, one.kind, [row.key for row in rows])
    enrolled = await store.load_enrolled(session, one.agency_code, codes)
    off = {row.row: why for row in rows if (why := MOVED if is_moved(row, states) else _kept(row, enrolled))}
    going = [row for row in rows if row.row not in off]
    decisions, events = await requesting.withdraw(session, [(ask_of(row, scope), WHY) for row in going])
    off |= {row.row: _first(d) for row, d in zip(going, decisions, strict=True) if d.change is None}
    given = [decision.change.after.enrollment_id for decision in decisions if decision.change]
    await enrolments.say_why(session, given, UNLISTED)
    marks = [Marked(r.row, "moved", off[r.row]) if r.row in off else Marked(r.row, "applied") for r in rows]
    return Done(marks, events)


async def ask_again(session: AsyncSession, rows: Sequence[ImportRow], scope: Scope) -> Done:
    """By the rules of any request: a seat where one is free, else the end of the waiting list. Who is in it again by now
    needs nothing; who may not be any more stays out (`kept`)."""
    decisions, events = await requesting.request(session, [ask_of(row, scope) for row in rows])
    marks = [
        Marked(row.row, "kept", _first(d)) if d.outcome == "refused" else Marked(row.row, "undone")
        for row, d in zip(rows, decisions, strict=True)
    ]
    return Done(marks, [event for event in events if event.type != "enrollment.rejected.v1"])


def ask_of(row: ImportRow, scope: Scope) -> Ask:
    """What a row asks, whose cells were examined when its file was checked."""
    note = (row.after or {}).get("note", "")
    claim = EnrolmentClaim(nip=row.nip, run_code=row.run_code, note=note or None)
    return Ask(
        row.nip or "", row.run_code or "", scope, clock.now(), clock.today(), note, checked=(claim, ())
    )


def _kept(row: ImportRow, enrolled: Mapping[Key, str]) -> str:
    return enrolled.get(row.key, MOVED)


def _first(decision: Decision) -> str:
    return next((problem.code for problem in decision.problems if problem.severity == "error"), MOVED)
