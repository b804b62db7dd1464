"""An agency replaces one of its participants by another of its people: one leaves, one takes that seat, at once."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock, emit
from bina.web import audit
from bina.web.access import Person
from bina.web.formats import day
from bina.web.language import gettext as _
from bina.web.problems import Problem, not_found
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.domain import Run
from enrollment.enrolments import store
from enrollment.enrolments.applying import apply
from enrollment.enrolments.asking import clerks_ask, refused
from enrollment.enrolments.awaiting import follow
from enrollment.enrolments.domain import Decision, Enrolment, Withdrawal, decide_withdrawals, examine
from enrollment.enrolments.domain.substitutes import SUBSTITUTED, decide_substitute, until
from enrollment.enrolments.requesting import load_known
from enrollment.register import store as register


async def substitute(session: AsyncSession, person: Person, enrollment_id: UUID, nip: str) -> Decision:
    """Let somebody of the same agency have a participant's seat; gives the substitute's decision. A refusal is a
    `Problem`: 404, 409. Whoever calls this has checked that both are in the clerk's unit."""
    leaving, run = await _held(session, enrollment_id)
    people = await register.load_people(session, [leaving.asn_id])
    if not people:
        raise not_found()
    ask = await clerks_ask(session, person, run.code, people[0].nip)
    coming = examine(await clerks_ask(session, person, run.code, nip))
    known = await load_known(session, [(people[0].nip, run.code), (coming.claim.nip, run.code)])
    (left,) = decide_withdrawals([Withdrawal(examine(ask), SUBSTITUTED)], known)
    if left.outcome == "refused":
        raise refused(left)
    _check(leaving, run)
    decision = decide_substitute(coming, known, leaving)
    if decision.outcome == "refused":
        raise refused(decision)
    told = await apply(session, [one.change for one in (left, decision) if one.change])
    await store.say_why(session, [enrollment_id], SUBSTITUTED)
    settled = await follow(session, [decision])
    audit.on_behalf(session, [one.enrolment.asn_id for one in (left, decision) if one.enrolment])
    await emit(session, [*(fact for facts in told for fact in facts), *settled])
    return decision


async def _held(session: AsyncSession, enrollment_id: UUID) -> tuple[Enrolment, Run]:
    """The enrolment and its run as they stand once the run's seats are held."""
    await store.lock_runs_of(session, [enrollment_id])
    found = (await store.load_enrolments(session, [enrollment_id])).get(enrollment_id)
    if found is None:
        raise not_found()
    return found, (await catalogue.load_runs(session, [found.run_id]))[found.run_id]


def _check(leaving: Enrolment, run: Run) -> None:
    if run.status == "cancelled":
        raise Problem("run-cancelled", 409, _("Angkatan ini sudah dibatalkan."), run.reason)
    if leaving.state != "accepted" or not leaving.is_only_seat:
        raise Problem(
            "substitute-without-seat", 409, _("Hanya peserta yang mempunyai kursi yang dapat digantikan.")
        )
    if run.concluded_on or clock.today() > until(run):
        raise Problem(
            "substitute-too-late",
            409,
            _("Peserta ini tidak dapat digantikan lagi."),
            _("Penggantian dilayani sampai %(day)s.") % {"day": day(until(run))},
        )
