"""Reported results: load what is known, judge, store, tell."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from enrollment.enrolments.applying import apply
from enrollment.enrolments.domain import (
    ExaminedReport,
    Judgement,
    Report,
    examine_report,
    judge_reports,
)
from enrollment.enrolments.domain.results import numbers_named
from enrollment.enrolments.requesting import load_known
from enrollment.enrolments.store.revoked import load_revoked


async def report(session: AsyncSession, reports: Sequence[Report]) -> tuple[list[Judgement], list[Event]]:
    """Judge results in their order; who was never requested is enrolled by the result.

    A certificate's number that was revoked is not given again: such a report is refused.
    """
    judgements = await judge(session, [examine_report(one) for one in reports])
    return judgements, await carry_out(session, judgements)


async def judge(session: AsyncSession, examined: Sequence[ExaminedReport]) -> list[Judgement]:
    """Judge results in their order; from here on their runs' seats are held."""
    known = await load_known(session, [(e.claim.nip, e.claim.run_code) for e in examined])
    revoked = await load_revoked(session, numbers_named(examined, known))
    return judge_reports(examined, known, revoked)


async def carry_out(session: AsyncSession, judgements: Sequence[Judgement]) -> list[Event]:
    """Store what was judged; gives the facts it leads to."""
    told = await apply(session, [j.change for j in judgements if j.change])
    return [fact for facts in told for fact in facts]
