"""Telling two people apart, and merging two records of one."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.enrollment import AsnMerged, ContactErased
from bina.messaging import clock, emit, lock_alone, merged
from bina.web import audit
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import check_places
from bina.web.problems import not_found
from bina.web.sessions import kept_forms
from enrollment.accounts import store as accounts
from enrollment.duplicates import store
from enrollment.duplicates.domain import COMPARED, Dependent, in_order
from enrollment.duplicates.moving import load_clashes, move
from enrollment.duplicates.problems import clashing, not_alike, same_person
from enrollment.register import store as register
from enrollment.register.domain import Asn

ACTION = "duplicate.decide"


async def tell_apart(session: AsyncSession, clerk: Person, one: UUID, other: UUID) -> None:
    """They are two people; nobody is asked about them again."""
    await _held(session, clerk, one, other)
    first, second = in_order(one, other)
    await store.tell_apart(session, first, second, clerk.person_id, clock.now())
    for mine, theirs in ((first, second), (second, first)):
        audit.changed(session, "different_people", mine, None, {"from": str(theirs)}, person=mine)


async def merge(session: AsyncSession, clerk: Person, kept_id: UUID, gone_id: UUID) -> None:
    """One record stays under its id and has what hung on the other, here and in every service that hears of it.

    Only where both look like one person. Raises `Problem` (409) where both have what one person cannot have twice: which
    of the two is right is for whoever decides on a seat or a certificate to say first. What the same work earned under
    both is not guessed at: every line of the ledger stays and is seen.
    """
    await lock_alone(session)
    kept, gone = await _held(session, clerk, kept_id, gone_id)
    if not await store.is_pair(session, kept_id, gone_id):
        raise not_alike()
    if clash := (await load_clashes(session, [(kept_id, gone_id)])).get((kept_id, gone_id)):
        raise clashing(clash)
    moved = (await store.load_dependent(session, [gone_id]))[gone_id]
    told, stays = ({name: getattr(one, name) for name in COMPARED} for one in (gone, kept))
    audit.changed(session, "merge", kept_id, {"asn_id": gone_id, **told}, {"asn_id": kept_id, **stays}, person=kept_id)  # fmt: skip
    audit.changed(session, "merged", gone_id, moved, Dependent(), person=kept_id)
    ended = await accounts.end_sessions_of(session, [gone_id])
    await kept_forms.forget_of(session, [gone_id])
    under = await store.take_over(session, kept_id, gone_id)
    await move(session, kept_id, gone_id)
    await register.keep_earlier(session, [(kept_id, gone.nip)])
    merging = AsnMerged(asn_id=gone_id, into_id=kept_id)
    await merged.remember(session, [merging])
    people = [one.recorded() for one in await register.load_people(session, {kept_id, *under})]
    contacts = [one.recorded() for one in await register.load_contacts(session, [kept_id])]
    await emit(session, [merging, ContactErased(asn_id=gone_id), *people, *contacts, *ended])


async def _held(session: AsyncSession, clerk: Person, one: UUID, other: UUID) -> tuple[Asn, Asn]:
    """Both records in the order asked for, in the clerk's reach and locked; absent and foreign look the same."""
    if one == other:
        raise same_person()
    await register.lock_people(session, [one, other])
    found = {asn.asn_id: asn for asn in await register.load_people(session, [one, other])}
    if len(found) < 2:
        raise not_found(_("Pegawai ini tidak ada."))
    check_places(clerk, ACTION, [(asn.agency_code, asn.unit_path) for asn in found.values()])
    return found[one], found[other]
