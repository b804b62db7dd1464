"""From a draft of a programme to its next version: written, handed in, approved by somebody else or sent back."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import out_of_scope, reach_of
from bina.web.problems import Fault, Problem, not_found
from enrollment.catalogue import store
from enrollment.catalogue.bodies import ProgrammeRow
from enrollment.catalogue.domain import Draft, Mix, Programme
from enrollment.refusals import invalid_rows
from enrollment.register import store as register

READ, WRITE, APPROVE = "programme.draft", "programme.record", "programme.approve"
REASON = 1000
"""The longest reason, in characters."""


async def check(session: AsyncSession, rows: Sequence[ProgrammeRow]) -> None:
    """Raise `Problem` (422) for methods that do not come to the JP, and agencies that there are not."""
    named = any(row.agencies for row in rows)
    known = await register.load_agencies(session) if named else {}
    faults = []
    for number, row in enumerate(rows):
        if row.mix and not (mix := row.mix.mix()).fits(row.jp):
            faults.append(Fault(f"items.{number}.mix", _words_of_mix(mix, row.jp)))
        if unknown := {*(row.agencies or [])} - known.keys():
            words = _("Instansi belum terdaftar: %(codes)s.") % {"codes": ", ".join(sorted(unknown))}
            faults.append(Fault(f"items.{number}.agencies", words))
    if faults:
        raise invalid_rows(faults)


def programme_of(row: ProgrammeRow, known: Programme | None) -> Programme:
    """What a row says, and of what it leaves out what is known."""
    before = known or Programme(row.code, row.name, row.jp)
    mix = row.mix.mix() if row.mix else before.mix
    return Programme(
        code=row.code,
        name=row.name,
        jp=row.jp,
        kind=row.kind,
        kind_id=row.kind_id,
        mode=row.mode,
        competencies=tuple(c.target() for c in row.competencies),
        job_levels=tuple(row.job_levels),
        quota=row.quota,
        mix=mix if mix.fits(row.jp) else Mix(),  # what was said of other JP
        positions=before.positions if row.positions is None else tuple(row.positions),
        agencies=before.agencies if row.agencies is None else tuple(row.agencies),
        audience_binds=before.audience_binds if row.audience_binds is None else row.audience_binds,
        version=before.version,
    )


async def save_all(session: AsyncSession, programmes: Sequence[Programme], agency: str | None) -> None:
    """Write drafts as an agency, or as the platform (None).

    Raises `Problem`: 403 for a programme or a draft of somebody else, 409 for one that waits for its answer.
    """
    if programmes:
        await store.hold_catalogue(session)
    owners = await store.load_owners(session, {programme.code for programme in programmes})
    for programme in sorted(programmes, key=lambda one: one.code):
        before = await store.load_draft(session, programme.code, lock=True)
        owner = before.agency if before else owners.get(programme.code, agency)
        if agency is not None and {owner, owners.get(programme.code, agency)} != {agency}:
            raise out_of_scope()
        if before and before.state == "submitted":
            raise _waits()
        after = Draft(programme, owner, reason=before.reason if before else "")
        await store.save_draft(session, after)
        audit.changed(session, "programme_draft", programme.code, before and before.programme, programme)


async def submit(session: AsyncSession, person: Person, code: str) -> None:
    """Hand a draft in."""
    draft = await _held(session, person, WRITE, code)
    if draft.state == "submitted":
        raise _waits()
    if person.person_id is None:
        raise out_of_scope()
    after = replace(draft, state="submitted", submitted_by=person.person_id, submitted_at=clock.now())
    await store.save_draft(session, after)
    _note(session, code, "draft", "submitted")


async def discard(session: AsyncSession, person: Person, code: str) -> None:
    """Give up a draft that nobody has to answer."""
    draft = await _held(session, person, WRITE, code)
    if draft.state == "submitted":
        raise _waits()
    await store.remove_draft(session, code)
    audit.changed(session, "programme_draft", code, draft.programme, None)


async def approve(session: AsyncSession, person: Person, code: str) -> Programme:
    """Make what was handed in the version in force; somebody else than who handed it in."""
    draft = await _submitted(session, person, code)
    known = (await store.load_programmes(session, [code])).get(code)
    if not await store.add_programmes(session, [draft.programme], draft.agency):
        raise Problem(
            "out-of-scope", 403, _("Program ini dicatat oleh instansi lain atau pengelola platform.")
        )
    await store.remove_draft(session, code)
    after = (await store.load_programmes(session, [code]))[code]
    _note(session, code, "submitted", "approved")
    audit.changed(session, "programme", code, known, after)
    return after


async def send_back(session: AsyncSession, person: Person, code: str, reason: str) -> None:
    """Say what is to be mended; it is a draft again."""
    draft = await _submitted(session, person, code)
    if not 0 < len(reason) <= REASON:
        raise invalid_rows([Fault("reason", _("Tulis alasannya, paling panjang 1.000 karakter."))])
    await store.save_draft(
        session, replace(draft, state="draft", submitted_by=None, submitted_at=None, reason=reason)
    )
    _note(session, code, "submitted", "draft", why=reason)


def covers(person: Person, action: str, agency: str | None) -> bool:
    """Whether a draft of an agency, or of the platform (None), is somebody's to write or to approve."""
    reach = reach_of(person, action)
    return reach.everything or (agency is not None and reach.agency_code == agency)


async def _submitted(session: AsyncSession, person: Person, code: str) -> Draft:
    draft = await _held(session, person, APPROVE, code)
    if draft.state != "submitted":
        raise Problem("draft-not-submitted", 409, _("Draf ini belum diajukan, atau sudah dijawab."))
    if person.person_id is None or person.person_id == draft.submitted_by:
        raise Problem(
            "own-request",
            409,
            _("Program disetujui oleh orang lain, bukan oleh yang mengajukan."),
            mend=_("Minta pengelola kepegawaian lain di instansi Anda memeriksanya."),
        )
    return draft


async def _held(session: AsyncSession, person: Person, action: str, code: str) -> Draft:
    """A draft, which nobody else answers meanwhile; absent and foreign look the same."""
    draft = await store.load_draft(session, code, lock=True)
    if draft is None or not covers(person, action, draft.agency):
        raise not_found(_("Draf program ini tidak ada."))
    return draft


def _note(session: AsyncSession, code: str, before: str, after: str, *, why: str = "") -> None:
    audit.changed(session, "programme_draft", code, {"state": before}, {"state": after}, why=why)


def _waits() -> Problem:
    return Problem(
        "draft-submitted",
        409,
        _("Draf ini menunggu persetujuan, jadi tidak dapat diubah."),
        mend=_("Tunggu sampai disetujui atau dikembalikan."),
    )


def _words_of_mix(mix: Mix, jp: int) -> str:
    return _("Jumlah JP semua metode %(sum)s, padahal JP program %(jp)s. Samakan keduanya.") % {
        "sum": mix.jp,
        "jp": jp,
    }
