"""Requests and withdrawals, from wherever they come: load what is known, decide, store, tell."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import clock
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.requirements import load_unmet, window
from enrollment.enrolments import store
from enrollment.enrolments.applying import apply, fill_seats
from enrollment.enrolments.awaiting import follow
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
from enrollment.enrolments.store.awaiting import load_open, runs_awaited
from enrollment.enrolments.store.pools import load_groups, load_pools
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
    return [fact for facts in await effects(session, decisions) for fact in facts]


async def effects(session: AsyncSession, decisions: Sequence[Decision]) -> list[list[Event]]:
    """The same, with the facts of each decision by themselves."""
    told = iter(await apply(session, [d.change for d in decisions if d.change]))
    asked = _by_request(await follow(session, decisions))
    return [
        [
            *(next(told) if d.change else rejection(d)),
            *(asked.pop(str(d.awaiting.approval_id), ()) if d.awaiting else ()),
        ]
        for d in decisions
    ]


def _by_request(told: Sequence[Event]) -> dict[str, list[Event]]:
    """Facts of requests for an approval, by request."""
    found: dict[str, list[Event]] = {}
    for one in told:
        found.setdefault(one.key, []).append(one)
    return found


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
    unmet = await load_unmet(session, runs.values(), pairs)
    now = clock.now()
    windows = {code: kept_out for code, run in runs.items() if (kept_out := window(run, now))[0]}
    asking = await runs_awaited(session, [run.run_id for run in runs.values()])
    awaiting = await load_open(session, [pair for pair in pairs if pair[0] in asking])
    today = now.astimezone(clock.ZONE).date()
    pools = await load_pools(session, runs.values(), today)
    groups = await load_groups(session, [one.asn_id for one in people.values()], pools, today)
    return Known(people, runs, enrolments, positions, awaiting, unmet, windows, pools, groups)
