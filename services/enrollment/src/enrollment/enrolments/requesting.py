"""Requests and withdrawals, from wherever they come: load what is known, decide, store, tell."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import clock
from enrollment.catalogue import store as catalogue
from enrollment.enrolments import store
from enrollment.enrolments.applying import apply, fill_seats
from enrollment.enrolments.domain import (
    Ask,
    Decision,
    Known,
    Withdrawal,
    decide,
    decide_withdrawals,
    examine,
    rejection,
)
from enrollment.register import store as register

Claimed = Sequence[tuple[str | None, str | None]]
"""(NIP, run code) in normal form; None where a cell was wrong"""


async def request(session: AsyncSession, asks: Sequence[Ask]) -> tuple[list[Decision], list[Event]]:
    """Decide requests in their order; gives the decisions and the facts they lead to."""
    decisions = await judge(session, asks)
    return decisions, await carry_out(session, decisions)


async def judge(session: AsyncSession, asks: Sequence[Ask]) -> list[Decision]:
    """Decide requests in their order; from here on their runs' seats are held."""
    examined = [examine(ask) for ask in asks]
    known = await load_known(session, [(e.claim.nip, e.claim.run_code) for e in examined])
    return decide(examined, known)


async def carry_out(session: AsyncSession, decisions: Sequence[Decision]) -> list[Event]:
    """Store what was decided; gives the facts it leads to."""
    told = iter(await apply(session, [d.change for d in decisions if d.change]))
    return [fact for d in decisions for fact in (next(told) if d.change else rejection(d))]


async def withdraw(
    session: AsyncSession, withdrawals: Sequence[tuple[Ask, str]]
) -> tuple[list[Decision], list[Event]]:
    """Give seats back (each with its reason) and move the waiting lists up."""
    examined = [Withdrawal(examine(ask), reason) for ask, reason in withdrawals]
    claims = [w.examined.claim for w in examined]
    known = await load_known(session, [(claim.nip, claim.run_code) for claim in claims])
    decisions = decide_withdrawals(examined, known)
    changes = [d.change for d in decisions if d.change]
    told = [fact for facts in await apply(session, changes) for fact in facts]
    freed = {change.after.run_id: change.cause for change in changes}
    moved: list[Event] = []
    if changes:
        causes = {run: cause for run, cause in freed.items() if cause}
        moved = await fill_seats(session, freed, clock.today(), causes)
    return decisions, [*told, *moved]


async def load_known(session: AsyncSession, claimed: Claimed) -> Known:
    """Everything the rules ask of these claims; from here on the runs' seats are held."""
    codes = {code for _nip, code in claimed if code}
    await store.lock_runs_by_code(session, codes)
    runs = await catalogue.load_runs_by_code(session, codes)
    people = await register.load_keys(session, {nip for nip, _code in claimed if nip})
    pairs = [
        (runs[code].run_id, people[nip].asn_id) for nip, code in claimed if nip in people and code in runs
    ]
    enrolments = await store.load_latest(session, pairs)
    positions = await store.load_positions(session, list(enrolments.values()))
    return Known(people, runs, enrolments, positions)
