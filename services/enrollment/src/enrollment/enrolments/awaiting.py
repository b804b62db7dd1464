"""Requests that wait for an approval: begun, settled by a decision, let go with their run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import DueItem, clock, due
from bina.web import audit
from bina.web.permissions import TABLE
from enrollment.catalogue.domain import Run
from enrollment.enrolments import store
from enrollment.enrolments.domain import Decision, SeatChange
from enrollment.enrolments.domain.awaiting import (
    WAITING,
    Awaiting,
    Outcome,
    first_stage,
    rejected,
    requested,
    settled,
)
from enrollment.enrolments.store import awaiting
from enrollment.settings import approval_time

UNANSWERED = "Permintaan ini belum disetujui sampai angkatan selesai. Pilih angkatan lain di katalog."

APPROVING = tuple(role for role, scopes in TABLE.row("approval.decide").items() if "unit" in scopes)
"""Roles that give an agency's word."""


async def follow(session: AsyncSession, decisions: Sequence[Decision]) -> list[Event]:
    """Keep which requests wait for an approval from now on, and which were granted with a seat; gives what those are
    told whose word it is."""
    asked = [d for d in decisions if d.awaiting]
    if not asked:
        return []
    begun = await _begin(session, [d for d in asked if d.outcome == "awaiting"])
    granted = [_settled(d.awaiting, "approved", d.ask.by) for d in asked if d.awaiting and d.change]
    return [*begun, *(await settle(session, granted))]


async def _begin(session: AsyncSession, decisions: Sequence[Decision]) -> list[Event]:
    """Only those that do not wait already; each is due when its supervisor's time, or its run, is over."""
    runs = {run.run_id: run for d in decisions if (run := d.subject.run)}
    asked = {one.approval_id: one for d in decisions if (one := d.awaiting)}
    known = await awaiting.load_awaiting(session, asked)
    new = [one for id_, one in asked.items() if id_ not in known]
    led = await awaiting.with_supervisor(session, [one.asn_id for one in new], clock.today())
    begun = [_staged(one, runs[one.run_id], has_supervisor=one.asn_id in led) for one in new]
    await awaiting.add_awaiting(session, begun)
    await store.count_seats(session, [SeatChange(one.run_id, 0, 0, one.ticket) for one in begun])
    await plan(session, begun, runs)
    for one in begun:
        audit.changed(session, "approval", one.approval_id, None, _noted(one), person=one.asn_id)
    return await tell_approvers(session, begun)


async def tell_approvers(session: AsyncSession, waiting: Sequence[Awaiting]) -> list[Event]:
    """What those hear for whose word these requests wait from now on; call it when they are stored."""
    if not waiting:
        return []
    ids = [one.approval_id for one in waiting]
    found = await awaiting.approvers_of(session, ids, APPROVING, clock.today())
    return [requested(one, found.get(one.approval_id, ())) for one in waiting]


def _staged(one: Awaiting, run: Run, *, has_supervisor: bool) -> Awaiting:
    stage, then_agency = first_stage(run.admission.approval, has_supervisor=has_supervisor)
    until = clock.now() + approval_time() if stage == "supervisor" else None
    return replace(one, stage=stage, then_agency=then_agency, until=until)


async def settle(session: AsyncSession, rows: Sequence[Awaiting]) -> list[Event]:
    """Requests that wait no more; their runs' seats are held. Gives what those are told who were asked."""
    await awaiting.change_awaiting(session, rows)
    if rows:
        # Due work has its rows before it waits for runs; whoever holds a run does not wait for its rows.
        await due.cancel_idle(session, WAITING, [one.approval_id for one in rows])
    for one in rows:
        said = {"state": one.state}
        audit.changed(
            session, "approval", one.approval_id, {"state": "open"}, said, person=one.asn_id, why=one.answer
        )
    return [settled(one) for one in rows]


async def refuse(
    session: AsyncSession,
    refused: Sequence[Awaiting],
    code: str,
    reason: str,
    *,
    by: UUID | None = None,
    state: Outcome = "lapsed",
) -> list[Event]:
    """Let requests go, with the words that their people are told; whoever has a seat by now is told nothing."""
    told = await settle(session, [_settled(one, state, by, reason) for one in refused])
    latest = await store.load_latest(session, [(one.run_id, one.asn_id) for one in refused])
    found = [(one, latest.get((one.run_id, one.asn_id))) for one in refused]
    rejections = [
        rejected(one, last, code, reason) for one, last in found if last is None or not last.is_live
    ]
    return [*told, *rejections]


async def plan(session: AsyncSession, rows: Sequence[Awaiting], runs: Mapping[UUID, Run]) -> None:
    """When to look at requests again: at the end of a supervisor's time, or of the run."""
    items = [DueItem(WAITING, str(one.approval_id), one.until or _over(runs[one.run_id])) for one in rows]
    await due.add(session, items)


def _over(run: Run) -> datetime:
    """When the last day of a run is over."""
    return datetime.combine(run.ends_on + timedelta(days=1), time(), clock.ZONE)


def _settled(one: Awaiting, state: Outcome, by: UUID | None, answer: str = "") -> Awaiting:
    return replace(
        one, state=state, decided_by=by, decided_at=clock.now(), answer=answer or one.answer, until=None
    )


def _noted(one: Awaiting) -> dict[str, object]:
    return {"state": one.state, "run_id": str(one.run_id), "stage": one.stage}
