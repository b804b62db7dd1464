"""Asking for somebody of another agency, that agency's answer, and taking it back."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import DueItem, clock, due, new_id
from bina.web import audit
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import out_of_scope, reach_of
from enrollment.placements import store as placements
from enrollment.placements.commands import transfer
from enrollment.register import store as register
from enrollment.settings import TransferSettings
from enrollment.transfers import problems, store
from enrollment.transfers.domain import EXPIRED, REASON, Transfer

ASK, DECIDE = "transfer.ask", "transfer.decide"


async def ask(session: AsyncSession, clerk: Person, nip: str, reason: str, since: date) -> UUID:
    """Ask for whoever has a NIP. The answer is the same whether or not anybody has it: nobody finds out by asking who
    serves elsewhere. Raises `Problem`: 409 for one's own people and for a second request, 422, 429."""
    agency = reach_of(clerk, ASK).agency_code
    if agency is None:
        raise out_of_scope()
    now, settings = clock.now(), TransferSettings()
    _check(nip, reason, since, clock.today() + timedelta(days=settings.transfer_days))
    await register.hold_agencies(session, [agency])
    if await store.count_made(session, agency, now - timedelta(days=1)) >= settings.transfer_asks:
        raise problems.too_many(settings.transfer_asks)
    key = (await register.load_keys(session, [nip])).get(nip)
    if key and key.agency_code == agency:
        raise problems.own_person()
    due_at = now + timedelta(days=settings.transfer_days)
    asn_id = key.asn_id if key else None
    one = Transfer(new_id(), asn_id, nip, agency, since, reason, now, due_at)
    if not await store.add(session, one, clerk.person_id):
        raise problems.asked_already()
    await due.add(session, [DueItem(EXPIRED, str(one.transfer_id), due_at)])
    asked = {"agency_code": agency, "since": since, "state": "open"}
    audit.changed(session, "transfer", one.transfer_id, None, asked, person=asn_id, why=reason)
    return one.transfer_id


async def accept(session: AsyncSession, clerk: Person, transfer_id: UUID) -> None:
    """The person moves to the agency that asked, from the day it named on, as they would by this agency's own hand; from
    the first day of their last placement on where that came later, for the agency that asks does not know it."""
    one = await _held(session, clerk, transfer_id)
    assert one.asn_id is not None
    if one.since > clock.today():
        raise problems.not_yet(one.since)
    history = (await placements.load(session, [one.asn_id])).get(one.asn_id, [])
    since = max([one.since, *(placed.from_on for placed in history)])
    await store.put_since(session, transfer_id, since)
    await _close(session, clerk, one, "accepted")
    await transfer(session, clerk, one.asn_id, one.agency_code, since.isoformat())


async def refuse(session: AsyncSession, clerk: Person, transfer_id: UUID, answer: str) -> None:
    """The person stays; the agency that asked reads why."""
    one = await _held(session, clerk, transfer_id)
    if not answer or len(answer) > REASON:
        raise problems.invalid("answer", _("Tulis alasannya, paling panjang 500 karakter."))
    await _close(session, clerk, one, "refused", answer)


async def withdraw(session: AsyncSession, clerk: Person, transfer_id: UUID) -> None:
    """The agency that asked takes it back."""
    one = await store.lock(session, transfer_id)
    if one is None or one.agency_code != reach_of(clerk, ASK).agency_code:
        raise problems.unknown()
    _check_open(one)
    await _close(session, clerk, one, "withdrawn")


async def _held(session: AsyncSession, clerk: Person, transfer_id: UUID) -> Transfer:
    """A request for somebody whom the clerk's agency has, its person locked; any other looks as if it were none."""
    one = await store.lock(session, transfer_id)
    if one is None or one.asn_id is None:
        raise problems.unknown()
    await register.lock_people(session, [one.asn_id])
    found = await register.load_people(session, [one.asn_id])
    if not found or not reach_of(clerk, DECIDE).covers_place(found[0].agency_code):
        raise problems.unknown()
    _check_open(one)
    return one


def _check_open(one: Transfer) -> None:
    if one.state != "open" or one.due_at <= clock.now():
        raise problems.answered()


async def _close(session: AsyncSession, clerk: Person, one: Transfer, state: str, answer: str = "") -> None:
    await store.close(session, one.transfer_id, state, clerk.person_id, answer)
    before, after = {"state": "open"}, {"state": state}
    audit.changed(session, "transfer", one.transfer_id, before, after, person=one.asn_id, why=answer)


def _check(nip: str, reason: str, since: date, latest: date) -> None:
    if len(nip) != 18 or not (nip.isascii() and nip.isdigit()):
        raise problems.invalid("nip", _("NIP berisi 18 angka."))
    if not reason or len(reason) > REASON:
        raise problems.invalid("reason", _("Tulis alasannya, paling panjang 500 karakter."))
    if since > latest:
        raise problems.invalid("since", _("Hari itu sesudah batas waktu jawabannya."))
