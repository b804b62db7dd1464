"""Somebody of the person's agency looks at the evidence and answers, and corrects an answer that was wrong."""

from dataclasses import replace
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.enrollment import JpCreditAnswered
from bina.messaging import clock, emit
from bina.web import audit
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem, not_found
from enrollment.credits import store
from enrollment.credits.domain import REASON, Credit, source_of
from enrollment.entitlement import store as ledger
from enrollment.entitlement.domain import LESSON, Statement, jp_in
from enrollment.refusals import invalid_rows
from enrollment.register.allowing import hold_asker

ACTION = "jp_credit.decide"


async def verify(session: AsyncSession, clerk: Person, credit_id: UUID, jp: int | None, answer: str) -> None:
    """Take it into the ledger: as computed, or fewer JP for a reason."""
    credit = await _held(session, clerk, credit_id, "open")
    granted = _granted(credit, jp, answer)
    await _close(session, clerk, credit, replace(credit, state="verified", granted=granted, answer=answer))


async def refuse(session: AsyncSession, clerk: Person, credit_id: UUID, answer: str) -> None:
    """Count nothing of it, and say why."""
    credit = await _held(session, clerk, credit_id, "open")
    _check_answer(answer, needed=True)
    await _close(session, clerk, credit, replace(credit, state="refused", answer=answer))


async def correct(session: AsyncSession, clerk: Person, credit_id: UUID, jp: int | None, answer: str) -> None:
    """Replace what was verified: a reversal and a new line; none for 0 JP."""
    credit = await _held(session, clerk, credit_id, "verified")
    _check_answer(answer, needed=True)
    granted = _granted(credit, jp, answer)
    if granted == credit.granted:
        raise invalid_rows([Fault("jp", _("Isi JP yang seharusnya; ini sama dengan yang tercatat."))])
    await _close(session, clerk, credit, replace(credit, state="verified", granted=granted, answer=answer))


async def _held(session: AsyncSession, clerk: Person, credit_id: UUID, state: str) -> Credit:
    """The credit, locked after its person; raises `Problem` where it is not the clerk's to answer, or not now."""
    found = await store.load_credit(session, credit_id)
    if found is None:
        raise not_found(_("Pengajuan ini tidak ada."))
    await hold_asker(session, clerk, ACTION, found.asn_id, own=_own())
    credit = await store.lock_credit(session, credit_id)
    if credit is None:
        raise not_found(_("Pengajuan ini tidak ada."))
    if credit.state != state:
        raise Problem("credit-answered", 409, _("Pengajuan ini sudah dijawab."))
    return credit


def _own() -> Problem:
    return Problem(
        "own-request",
        409,
        _("Pengajuan sendiri diperiksa orang lain."),
        mend=_("Minta pengelola lain di instansi Anda memeriksanya."),
    )


def _granted(credit: Credit, jp: int | None, answer: str) -> int:
    """Minutes that count: all of them, or the whole JP named, which are not more than were computed."""
    most = jp_in(credit.minutes)
    if jp is None or not 0 <= jp <= most:
        raise invalid_rows([Fault("jp", _("Isi JP dari 0 sampai %(most)s.") % {"most": most})])
    _check_answer(answer, needed=jp < most)
    return credit.minutes if jp == most else jp * LESSON


def _check_answer(answer: str, *, needed: bool) -> None:
    if (needed and not answer) or len(answer) > REASON:
        raise invalid_rows([Fault("answer", _("Tulis alasannya, paling panjang 1.000 karakter."))])


async def _close(session: AsyncSession, clerk: Person, before: Credit, decided: Credit) -> None:
    after = replace(decided, revision=before.revision + 1)
    await store.decide(session, after, by=clerk.person_id, at=clock.now())
    if after.state == "verified":
        await ledger.record(session, [_statement(after)])
    said = [{"state": one.state, "minutes": one.granted} for one in (before, after)]
    audit.changed(session, "jp_credit", after.credit_id, *said, person=after.asn_id, why=after.answer)
    told = JpCreditAnswered(
        credit_id=after.credit_id,
        asn_id=after.asn_id,
        outcome=_outcome(before, after),
        jp=jp_in(after.granted),
    )
    await emit(session, [told])


def _outcome(before: Credit, after: Credit) -> Literal["accepted", "refused", "corrected"]:
    if after.state != "verified":
        return "refused"
    return "corrected" if before.state == "verified" else "accepted"


def _statement(credit: Credit) -> Statement:
    day = credit.ends_on if credit.granted else None
    source = source_of(credit.form)
    return Statement(
        source, credit.credit_id, credit.asn_id, credit.revision, credit.granted, day, credit.answer
    )
