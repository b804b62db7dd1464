"""What agencies and assessment say, and what becomes of it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.agency import (
    EnrollmentRequested,
    RequestAnswered,
    ResultAnswered,
    TrainingResultReported,
    WithdrawalRequested,
)
from bina.events.assessment import AssessmentScored
from bina.messaging import Broken, Handlers, clock, meanwhile
from enrollment.enrolments.completing import take_scores
from enrollment.enrolments.domain import Ask, Decision, Judgement, Report, unreadable
from enrollment.enrolments.reporting import report
from enrollment.enrolments.requesting import carry_out, judge, withdraw
from enrollment.enrolments.store import PostTest
from enrollment.imports import EnrolmentClaim, Kind, Problem, Scope, check_enrolment
from enrollment.integration.counting import count_told
from enrollment.register import store as register
from enrollment.sandbox import try_report, try_request, try_withdrawal

handlers = Handlers()
Inbound = EnrollmentRequested | WithdrawalRequested | TrainingResultReported
Checked = tuple[EnrolmentClaim, tuple[Problem, ...]]
E = TypeVar("E", bound=Event)


def checked(event: EnrollmentRequested) -> tuple[date, Checked]:
    """What can be said of a request without asking the register, and on which day."""
    on = clock.today()
    return on, check_enrolment(on, nip=event.nip, run_code=event.run_code, note=event.note or None)


@handlers.on(EnrollmentRequested, ordered=True, ahead=checked)
async def on_enrollment_requested(events: list[EnrollmentRequested], session: AsyncSession) -> list[Event]:
    """Give seats in order of arrival, and answer each request."""
    scopes, trying = await _scopes(session, Kind.PENDAFTARAN, events)
    now = clock.now()
    on = _day(now)
    kept, tried = _apart(events, trying)
    asks = [_request(event, scopes, now, on) for event in kept]
    decisions = await judge(session, asks)
    tries = [try_request(_request(event, scopes, now, on)) for event in tried]
    pairs = list(zip([*kept, *tried], [*decisions, *tries], strict=True))
    facts, answers = await meanwhile(
        carry_out(session, decisions), lambda: [_answered(event, decision) for event, decision in pairs]
    )
    await count_told(session, answers)
    return [*facts, *answers]


@handlers.on(WithdrawalRequested)
async def on_withdrawal_requested(events: list[WithdrawalRequested], session: AsyncSession) -> list[Event]:
    """Give seats back to the waiting lists, and answer each request."""
    scopes, trying = await _scopes(session, Kind.PENDAFTARAN, events)
    now = clock.now()
    on = _day(now)
    kept, tried = _apart(events, trying)
    asks = [(_ask(event, scopes[event.envelope.publisher], now, on), event.reason) for event in kept]
    decisions, facts = await withdraw(session, asks)
    tries = [try_withdrawal(_ask(e, scopes[e.envelope.publisher], now, on), e.reason) for e in tried]
    pairs = zip([*kept, *tried], [*decisions, *tries], strict=True)
    answers = [_answered(event, decision) for event, decision in pairs]
    await count_told(session, answers)
    return [*facts, *answers]


@handlers.on(TrainingResultReported)
async def on_training_result_reported(
    events: list[TrainingResultReported], session: AsyncSession
) -> list[Event]:
    """Record results, and answer each report."""
    scopes, trying = await _scopes(session, Kind.KELULUSAN, events)
    kept, tried = _apart(events, trying)
    judgements, facts = await report(session, [_report(e, scopes[e.envelope.publisher]) for e in kept])
    tries = [try_report(_report(e, scopes[e.envelope.publisher])) for e in tried]
    pairs = zip([*kept, *tried], [*judgements, *tries], strict=True)
    answers = [_result_answered(event, judgement) for event, judgement in pairs]
    await count_told(session, answers)
    return [*facts, *answers]


@handlers.on(AssessmentScored)
async def on_assessment_scored(events: list[AssessmentScored], session: AsyncSession) -> list[Event]:
    """Complete those who attended and passed; a score may come before anything else is known of it."""
    tests = [
        (PostTest(event.enrollment_id, event.score, event.passed, event.scored_on), event)
        for event in events
        if event.kind == "post"
    ]
    return await take_scores(session, tests) if tests else []


@handlers.on_unreadable
async def on_unreadable(messages: list[Broken], session: AsyncSession) -> list[Event]:
    """Tell an agency which of its messages could not be read, and why."""
    answers = [_unread(broken) for broken in messages]
    await count_told(session, answers)
    return [*answers]


async def _scopes(
    session: AsyncSession, kind: Kind, events: Iterable[Inbound]
) -> tuple[dict[str, Scope], set[str]]:
    """Whom each publisher may report for, and which of them only try: for themselves, whatever was granted."""
    found = await register.load_publishers(session, kind, {event.envelope.publisher for event in events})
    trying = {code for code, one in found.items() if one.sandbox}
    scopes = {code: Scope(code, {code} if one.sandbox else one.employers) for code, one in found.items()}
    return scopes, trying


def _apart(events: list[E], trying: set[str]) -> tuple[list[E], list[E]]:
    """What has its effects, and what is only tried."""
    if not trying:
        return events, []
    return (
        [event for event in events if event.envelope.publisher not in trying],
        [event for event in events if event.envelope.publisher in trying],
    )


def _request(event: EnrollmentRequested, scopes: Mapping[str, Scope], now: datetime, on: date) -> Ask:
    scope = scopes[event.envelope.publisher]
    return _ask(event, scope, now, on, note=event.note, checked=event.once(checked))


def _ask(
    event: EnrollmentRequested | WithdrawalRequested,
    scope: Scope,
    now: datetime,
    on: date,
    *,
    note: str = "",
    checked: tuple[date, Checked] | None = None,
) -> Ask:
    return Ask(
        nip=event.nip,
        run_code=event.run_code,
        scope=scope,
        at=min(event.time, now),
        on=on,
        note=note,
        cause=event,
        checked=checked[1] if checked and checked[0] == on else None,
    )


def _report(event: TrainingResultReported, scope: Scope) -> Report:
    at = _said_at(event)
    return Report(
        nip=event.nip,
        run_code=event.run_code,
        result=event.result,
        completed_on=event.completed_on,
        jp=event.jp,
        scope=scope,
        at=at,
        on=_day(at),
        pre_score=event.pre_score,
        post_score=event.post_score,
        certificate_number=event.certificate_number,
        cause=event,
    )


def _said_at(event: Inbound) -> datetime:
    """When the agency says it sent this, never later than now: its clock is its own."""
    return min(event.time, clock.now())


def _day(moment: datetime) -> date:
    return moment.astimezone(clock.ZONE).date()


def _answered(event: EnrollmentRequested | WithdrawalRequested, decision: Decision) -> RequestAnswered:
    assert decision.outcome != "awaiting"  # an agency's word is an approval
    return RequestAnswered(
        agency_code=event.envelope.publisher,
        request_id=event.event_id,
        nip=event.nip,
        run_code=event.run_code,
        outcome=decision.outcome,
        position=decision.position,
        enrollment_id=str(decision.enrolment.enrollment_id) if decision.enrolment else None,
        problems=decision.problems,
    ).because(event)


def _result_answered(event: TrainingResultReported, judgement: Judgement) -> ResultAnswered:
    return ResultAnswered(
        agency_code=event.envelope.publisher,
        request_id=event.event_id,
        nip=event.nip,
        run_code=event.run_code,
        outcome=judgement.outcome,
        enrollment_id=str(judgement.enrolment.enrollment_id) if judgement.enrolment else None,
        problems=judgement.problems,
    ).because(event)


def _unread(broken: Broken) -> RequestAnswered:
    message = broken.message
    place = f"{message.topic}/{message.partition}/{message.offset}"
    return RequestAnswered(
        agency_code=message.publisher[:64],
        request_id=(message.header("ce_id") or place)[:300],
        nip=message.key[:64],
        outcome="refused",
        problems=(unreadable(broken.code, broken.error),),
    )
