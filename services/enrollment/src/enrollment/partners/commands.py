"""Recording partners and speakers; only who recorded one, or the platform, changes it."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import new_id
from bina.web import audit
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import out_of_scope, reach_of
from bina.web.problems import Fault, not_found
from enrollment.partners import store
from enrollment.partners.domain import ACTION, TEXT, Partner, Speaker, keeps
from enrollment.refusals import invalid_rows
from enrollment.register import store as register

Form = Mapping[str, str]


async def record_partner(
    session: AsyncSession, person: Person, form: Form, partner_id: UUID | None = None
) -> UUID:
    """Keep a partner as a form says; returns its id."""
    before = (await store.load_partners(session, [partner_id])).get(partner_id) if partner_id else None
    _check_mine(
        person,
        before.recorded_by if before else _agency(person),
        known=partner_id is None or before is not None,
    )
    _check_texts(form, "name", "kind", "region", "accreditation", "contact")
    after = Partner(
        partner_id or new_id(), form["name"], form["kind"], form["region"], form["accreditation"], form["contact"],
        before.recorded_by if before else _agency(person),
    )  # fmt: skip
    await store.save_partner(session, after)
    audit.changed(session, "partner", after.partner_id, before, after)
    return after.partner_id


async def record_speaker(
    session: AsyncSession, person: Person, form: Form, speaker_id: UUID | None = None
) -> UUID:
    """Keep a speaker as a form says; returns their id. `nip` names one who is in the register."""
    before = (await store.load_speakers(session, [speaker_id])).get(speaker_id) if speaker_id else None
    _check_mine(
        person,
        before.recorded_by if before else _agency(person),
        known=speaker_id is None or before is not None,
    )
    _check_texts(form, "name", "expertise", "region", "contact")
    asn_id = before.asn_id if before else None
    if form["nip"]:
        asn_id = (await register.find_people(session, [form["nip"]])).get(form["nip"])
        if asn_id is None:
            raise invalid_rows([Fault("nip", _("NIP ini tidak terdaftar."))])
    after = Speaker(
        speaker_id or new_id(), form["name"], form["expertise"], form["region"], form["contact"],
        await _institution(session, form["partner_id"]), asn_id, before.recorded_by if before else _agency(person),
    )  # fmt: skip
    await store.save_speaker(session, after)
    _note(session, before, after)
    return after.speaker_id


async def forget_speaker(session: AsyncSession, person: Person, speaker_id: UUID) -> None:
    """Take a speaker out; their sessions stay without them."""
    before = (await store.load_speakers(session, [speaker_id])).get(speaker_id)
    _check_mine(person, before.recorded_by if before else None, known=before is not None)
    await store.remove_speaker(session, speaker_id)
    _note(session, before, None)


def _note(session: AsyncSession, before: Speaker | None, after: Speaker | None) -> None:
    """That it changed, and whose it is; a speaker's name and contact go with their record alone."""
    found = after or before
    assert found is not None
    shown = [
        one and {"region": one.region, "partner_id": one.partner_id, "recorded": True}
        for one in (before, after)
    ]
    audit.changed(session, "speaker", found.speaker_id, *shown, person=found.asn_id)


async def _institution(session: AsyncSession, words: str) -> UUID | None:
    if not words:
        return None
    try:
        found = await store.load_partners(session, [UUID(words)])
    except ValueError:
        found = {}
    if not found:
        raise invalid_rows([Fault("partner_id", _("Mitra ini tidak ada."))])
    return next(iter(found))


def _agency(person: Person) -> str | None:
    return reach_of(person, ACTION).agency_code


def _check_mine(person: Person, recorded_by: str | None, *, known: bool) -> None:
    if not known:
        raise not_found(_("Mitra atau narasumber ini tidak ada."))
    if not keeps(person, recorded_by):
        raise out_of_scope()


def _check_texts(form: Form, *names: str) -> None:
    faults = [Fault(name, _("Paling panjang 300 karakter.")) for name in names if len(form[name]) > TEXT]
    if not form["name"]:
        faults.append(Fault("name", _("Isi namanya.")))
    if faults:
        raise invalid_rows(faults)
