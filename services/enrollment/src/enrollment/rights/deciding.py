"""Somebody of the person's agency answers a request about their data."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.enrollment import DataRequestAnswered
from bina.messaging import clock, emit
from bina.web import audit
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem, not_found
from bina.web.retention import Periods
from enrollment.refusals import invalid_rows
from enrollment.register import erasing, recording
from enrollment.register.allowing import check_rows, hold_asker
from enrollment.register.domain import Asn
from enrollment.rights import store
from enrollment.rights.asking import faults_of, mended_row
from enrollment.rights.domain import ERASURE, OTHER, REASON_LENGTH, DataRequest

ACTION = "data_request.decide"


async def accept(
    session: AsyncSession, clerk: Person, request_id: UUID, answer: str, periods: Periods
) -> None:
    """Do what was asked by the register's own commands, whose refusals (`Problem`) leave the request open."""
    asked, asn = await _asked(session, clerk, request_id)
    _check_answer(answer, needed=asked.field == OTHER)
    if asked.field == ERASURE:
        await erasing.erase(session, clerk, asked.asn_id, periods)
        audit.changed(session, "data_request", request_id, {"state": "open"}, {"state": "accepted"})
        return
    if asked.field != OTHER:
        await _mend(session, clerk, asked, asn)
    await _close(session, clerk, asked, "accepted", answer)


async def refuse(session: AsyncSession, clerk: Person, request_id: UUID, answer: str) -> None:
    """Let things stay as they are, and say why."""
    asked, _asn = await _asked(session, clerk, request_id)
    _check_answer(answer, needed=True)
    await _close(session, clerk, asked, "refused", answer)


async def _asked(session: AsyncSession, clerk: Person, request_id: UUID) -> tuple[DataRequest, Asn]:
    """The open request and its person, both locked, the person first; raises `Problem` where it is not the clerk's."""
    asked = await store.load_request(session, request_id)
    if asked is None:
        raise not_found(_("Permintaan ini tidak ada."))
    asn = await hold_asker(session, clerk, ACTION, asked.asn_id, own=_own())
    locked = await store.lock_request(session, request_id)
    if locked is None:
        raise not_found(_("Permintaan ini tidak ada."))
    if locked.state != "open":
        raise Problem("data-request-answered", 409, _("Permintaan ini sudah dijawab."))
    return locked, asn


def _own() -> Problem:
    return Problem(
        "own-request",
        409,
        _("Permintaan sendiri dijawab orang lain."),
        mend=_("Minta pengelola lain di instansi Anda menjawabnya."),
    )


async def _mend(session: AsyncSession, clerk: Person, asked: DataRequest, asn: Asn) -> None:
    if faults := await faults_of(session, asn, asked.field, asked.wanted):
        raise invalid_rows(faults)
    row = await mended_row(session, asn, asked.field, asked.wanted)
    await check_rows(session, clerk, [row])
    await recording.record_asn(session, [row], by_hand=True, cause="page")


def _check_answer(answer: str, *, needed: bool) -> None:
    if (needed and not answer) or len(answer) > REASON_LENGTH:
        raise invalid_rows([Fault("answer", _("Tulis jawabannya, paling panjang 1.000 karakter."))])


async def _close(session: AsyncSession, clerk: Person, asked: DataRequest, state: str, answer: str) -> None:
    await store.decide(session, asked.request_id, state, answer, by=clerk.person_id, at=clock.now())
    before, after = {"state": "open", "field": asked.field}, {"state": state, "field": asked.field}
    audit.changed(session, "data_request", asked.request_id, before, after, person=asked.asn_id, why=answer)
    outcome = "accepted" if state == "accepted" else "refused"
    await emit(
        session,
        [
            DataRequestAnswered(
                request_id=asked.request_id, asn_id=asked.asn_id, field=asked.field, outcome=outcome
            )
        ],
    )
