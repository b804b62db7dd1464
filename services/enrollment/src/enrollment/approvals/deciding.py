"""A supervisor's and then an agency's word on somebody's request, its withdrawal, and what time makes of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import DueItem, clock, due, emit
from bina.web import audit
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import out_of_scope, reach_of
from bina.web.problems import Fault
from enrollment.approvals import problems
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.domain import Run
from enrollment.enrolments import awaiting as requests
from enrollment.enrolments import store as enrolments
from enrollment.enrolments.awaiting import UNANSWERED
from enrollment.enrolments.domain import Ask, Awaiting, Decision
from enrollment.enrolments.domain.awaiting import WAITING
from enrollment.enrolments.requesting import request
from enrollment.enrolments.store import awaiting as store
from enrollment.imports import Scope
from enrollment.refusals import invalid_rows
from enrollment.register import store as register
from enrollment.register.domain import Asn

ACTION = "approval.decide"
REASON = 1000
REFUSED = "{who} tidak menyetujui permintaan ini: {reason}"
LEFT = "Pegawai ini sudah tidak bertugas."


class Answer(NamedTuple):
    """What becomes of a request: `awaiting` while the agency's word lacks still; `position` on the waiting list."""

    outcome: str
    position: int | None = None
    why: str = ""


async def approve(session: AsyncSession, person: Person, approval_id: UUID) -> Answer:
    """Say yes; with the last word it is decided as if it were made now, but in its old place. Raises `Problem`: 403,
    404, 409."""
    one, asn, run = await _held(session, person, approval_id)
    if one.stage == "supervisor" and one.then_agency:
        await _pass_on(session, person, one, run)
        return Answer("awaiting")
    if asn.left_on and asn.left_on <= clock.today():
        await emit(session, await requests.refuse(session, [one], "asn.left", LEFT, by=person.person_id))
        return Answer("refused", why=LEFT)
    scope = Scope(asn.agency_code, frozenset({asn.agency_code}))
    ask = Ask(asn.nip, run.code, scope, one.requested_at, clock.today(), one.note, by=person.person_id)
    (decision,), facts = await request(session, [ask])
    code, why = _why(decision)
    if not decision.change:
        facts = await requests.refuse(session, [one], code, why, by=person.person_id)
    await emit(session, facts)
    return Answer(decision.outcome, decision.position, why)


async def refuse(session: AsyncSession, person: Person, approval_id: UUID, reason: str) -> None:
    """Say no, and why: the person is told in these words."""
    one, _asn, _run = await _held(session, person, approval_id)
    if not reason or len(reason) > REASON:
        raise invalid_rows([Fault("answer", _("Tulis alasannya, paling panjang 1.000 karakter."))])
    who = "Atasan" if one.stage == "supervisor" else "Instansi"
    words = REFUSED.format(who=who, reason=reason)
    by = person.person_id
    told = await requests.refuse(session, [one], "approval.refused", words, by=by, state="refused")
    await emit(session, told)


async def take_back(session: AsyncSession, asn_id: UUID, approval_id: UUID) -> Run:
    """Somebody withdraws what they asked for; gives its run."""
    one, run = await _locked(session, approval_id)
    if one.asn_id != asn_id:
        raise out_of_scope()
    if one.state != "open":
        raise problems.answered()
    now = clock.now()
    taken_back = replace(one, state="withdrawn", decided_by=asn_id, decided_at=now)
    await emit(session, await requests.settle(session, [taken_back]))
    return run


async def time_passed(session: AsyncSession, items: Sequence[DueItem]) -> list[Event]:
    """Requests that their supervisors left unanswered pass to the agency; those whose run is over are let go."""
    ids = [UUID(item.key) for item in items]
    await enrolments.lock_runs(
        session, {one.run_id for one in (await store.load_awaiting(session, ids)).values()}
    )
    found = [one for one in (await store.load_awaiting(session, ids)).values() if one.state == "open"]
    runs = await catalogue.load_runs(session, {one.run_id for one in found})
    late = [one for one in found if runs[one.run_id].ends_on < clock.today()]
    staying = [one for one in found if one not in late]
    passed = [replace(one, stage="agency", then_agency=False, until=None) for one in staying if _overdue(one)]
    await store.change_awaiting(session, passed)
    await requests.plan(session, [*passed, *(one for one in staying if not _overdue(one))], runs)
    told = await requests.tell_approvers(session, passed)
    return [*told, *(await requests.refuse(session, late, "run.concluded", UNANSWERED))]


def _overdue(one: Awaiting) -> bool:
    return one.stage == "supervisor" and one.until is not None and one.until <= clock.now()


async def _held(session: AsyncSession, person: Person, approval_id: UUID) -> tuple[Awaiting, Asn, Run]:
    """The request, its person and run, whose seats are held; raises `Problem` where this is not theirs to answer."""
    one, run = await _locked(session, approval_id)
    await register.hold_people(session, [one.asn_id])
    people = await register.load_people(session, [one.asn_id])
    if not people:
        raise problems.unknown()
    _check(person, one, people[0])
    audit.on_behalf(session, [one.asn_id])
    return one, people[0], run


async def _locked(session: AsyncSession, approval_id: UUID) -> tuple[Awaiting, Run]:
    """The request and its run, held in the order in which due work holds them: what is due of it, then the run's seats."""
    found = (await store.load_awaiting(session, [approval_id])).get(approval_id)
    if found is None:
        raise problems.unknown()
    await due.planned(session, WAITING, [approval_id])
    await enrolments.lock_runs(session, [found.run_id])
    run = (await catalogue.load_runs(session, [found.run_id]))[found.run_id]
    held = (await store.load_awaiting(session, [approval_id])).get(approval_id)
    if held is None:  # its person was erased meanwhile
        raise problems.unknown()
    return held, run


def _check(person: Person, one: Awaiting, asn: Asn) -> None:
    """In reach first, so that nobody learns from the answer what is not theirs to know."""
    reach = reach_of(person, ACTION)
    if not reach.covers_person(asn.asn_id, asn.agency_code, asn.unit_path, asn.supervisor_id):
        raise out_of_scope()
    if one.state != "open":
        raise problems.answered()
    if person.person_id == asn.asn_id:
        raise problems.own()
    leads = person.person_id is not None and person.person_id == asn.supervisor_id
    if one.stage == "supervisor" and not leads:
        raise problems.not_yet()
    if one.stage == "agency" and not reach.covers_place(asn.agency_code, asn.unit_path):
        raise problems.agencys()


async def _pass_on(session: AsyncSession, person: Person, one: Awaiting, run: Run) -> None:
    after = replace(
        one,
        stage="agency",
        then_agency=False,
        until=None,
        supervisor_id=person.person_id,
        supervisor_at=clock.now(),
    )
    await store.change_awaiting(session, [after])
    await requests.plan(session, [after], {run.run_id: run})
    await emit(session, await requests.tell_approvers(session, [after]))
    said = [{"stage": each.stage} for each in (one, after)]
    audit.changed(session, "approval", one.approval_id, *said, person=one.asn_id)


def _why(decision: Decision) -> tuple[str, str]:
    """(code, words) of what stands against a request that was approved; nothing is told to who has a seat already."""
    for problem in decision.problems:
        if problem.severity == "error":
            return problem.code, problem.advice
    return "duplicate.existing", ""
