"""Certificates for people: is one valid, who of a run gets one, and one's own as a document."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person, Visitor
from bina.web.audit import OthersRecords, Reading
from bina.web.commands import PageCommand
from bina.web.formats import day, number
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.live import Stream, at_one_moment, watch
from bina.web.masking import nip_for
from bina.web.permissions import Reach, may, reach_of
from bina.web.problems import Fault, Problem
from bina.web.tables import Column, Format, Key, Table, export
from enrollment.catalogue.domain import Run
from enrollment.certificates import files, issuing, opening, store
from enrollment.certificates.domain import Facts, read_code, written
from enrollment.certificates.store import Listed, Progress
from enrollment.certificates.subjects import CERTIFICATE, CERTIFICATES
from enrollment.enrolments.view import long_span
from enrollment.shell import pages

router = APIRouter()
_RUN = "/enrollment/angkatan/{reference}/sertifikat"
PAGE = 100
PERSON = Key("person_name", "text", nullable=True)


@router.get("/enrollment/verifikasi/{kode}")
async def verify(request: Request, kode: str, _visitor: Visitor) -> Response:
    """Is it genuine, and still valid? For anyone who holds the certificate."""
    async with request.app.state.runtime.sessions() as session:
        await at_one_moment(session)
        facts = await opening.find(session, kode)
        stream = await watch(request, session, {CERTIFICATE: [facts.certificate.code]})
    page = pages.render(
        request,
        "certificates/verification.html",
        facts=facts,
        certificate=facts.certificate,
        code=written(facts.certificate.code),
        answer=_answer(facts),
        when=long_span(facts.starts_on, facts.ends_on),
        now=clock.now(),
        stream=stream or Stream.asked(),
    )
    page.headers.update(opening.PUBLIC)
    return page


@router.get("/enrollment/sertifikat/{kode}")
async def download(
    request: Request, kode: str, person: Annotated[Person, may("certificate.read")], reads: OthersRecords
) -> Response:
    """A certificate as PDF."""
    async with request.app.state.runtime.sessions() as session:
        found = await opening.find_document(session, person, kode)
    await reads.of([found.asn_id])
    return await files.document(request, found)


@router.get(_RUN)
async def of_run(
    request: Request, reference: str, person: Annotated[Person, may("certificate.list")], reads: OthersRecords
) -> Response:
    """Who may get one? Issue them, and see how far it has got."""
    asked = _table(person).asked(request)
    async with request.app.state.runtime.sessions() as session:
        await at_one_moment(session)
        run = await opening.find_run(session, person, reference, "certificate.list")
        stream = await watch(request, session, {CERTIFICATES: [run.run_id]})
        progress = await store.load_progress(session, run.run_id)
        people = await asked.page(session, store.listed_of(run.run_id, _reach(person)), PAGE)
        next_number = await issuing.next_number(session, run)
    await _note(reads, people.rows)
    return pages.render(
        request,
        "certificates/run.html",
        stream=stream,
        run=run,
        progress=progress,
        lead=_lead(progress),
        reached=_reached(progress),
        people=_table(person).shown(request, asked, people, files=f"{_href(run)}/daftar"),
        next_number=next_number,
        downloads=reach_of(person, "certificate.read").covers_run(run.organiser),
        nip_of=partial(_nip, person),
        tag_of=_tag,
        written=written,
    )


@router.get(_RUN + "/daftar.{form}")
async def list_file(
    request: Request,
    reference: str,
    form: Format,
    person: Annotated[Person, may("certificate.list")],
    reads: OthersRecords,
) -> Response:
    """The same list as a file."""
    async with request.app.state.runtime.sessions() as session:
        run = await opening.find_run(session, person, reference, "certificate.list")
    found = store.listed_of(run.run_id, _reach(person))
    return await export(request, _table(person, run), found, form, partial(_note, reads))


@router.get(_RUN + "/semua.zip")
async def archive(
    request: Request, reference: str, person: Annotated[Person, may("certificate.read")], reads: OthersRecords
) -> Response:
    """All valid certificates of a run as PDFs in one file, for its organiser."""
    async with request.app.state.runtime.sessions() as session:
        run = await opening.find_run(session, person, reference, "certificate.read")
    return await files.archive(request, run, reads)


@router.post(_RUN)
async def issue(
    reference: str, person: Annotated[Person, may("certificate.issue")], command: PageCommand
) -> Response:
    """Issue certificates to all who passed and have none."""

    async def effect(session: AsyncSession) -> str:
        run = await opening.find_run(session, person, reference, "certificate.issue")
        await issuing.begin(session, run)
        return _href(run)

    return await command.redirect(
        effect, done=_("Penerbitan dimulai. Halaman ini boleh ditutup; penerbitan berjalan terus.")
    )


@router.post(_RUN + "/cabut")
async def revoke(
    reference: str, person: Annotated[Person, may("certificate.revoke")], command: PageCommand
) -> Response:
    """Revoke a certificate by its number, for a reason."""
    named, reason = command.text("number"), command.text("reason")
    faults = [
        *([] if named else [Fault("number", _("Isi nomor sertifikat."))]),
        *([] if 5 <= len(reason) <= 1000 else [Fault("reason", _("Isi alasan, 5 sampai 1.000 karakter."))]),
    ]

    async def effect(session: AsyncSession) -> str:
        run = await opening.find_run(session, person, reference, "certificate.revoke")
        found = await store.find_valid(session, run.run_id, named, read_code(named)) if not faults else []
        if len(found) != 1:
            raise Problem(
                "invalid-input", 422, _("Sertifikat belum dicabut."), errors=faults or [_not_one(len(found))]
            )
        await issuing.revoke(session, found[0].enrollment_id, reason)
        return _href(run)

    return await command.redirect(
        effect, done=_("Sertifikat dicabut. Halaman verifikasinya sudah mengatakannya.")
    )


def _not_one(found: int) -> Fault:
    if found:
        return Fault("number", _("Nomor ini milik lebih dari satu orang. Isi kode verifikasinya."))
    return Fault("number", _("Tidak ada sertifikat berlaku dengan nomor ini di angkatan ini."))


async def _note(reads: Reading, people: Sequence[Listed]) -> None:
    await reads.of([one.asn_id for one in people])


def _reach(person: Person) -> Reach:
    return reach_of(person, "certificate.list")


def _table(reader: Person, run: Run | None = None) -> Table[Listed]:
    """Who passed, by name."""
    columns: list[Column[Listed]] = [
        Column("nama", _("Nama"), lambda one: one.person_name, [PERSON]),
        Column("nip", "NIP", partial(_nip, reader)),
        Column("unit", _("Unit"), lambda one: one.unit_name, [Key("unit_name", "text"), PERSON]),
        Column("keadaan", _("Sertifikat"), lambda one: _tag(one)[0], [Key("state", "text"), PERSON]),
        Column("nomor", _("Nomor"), lambda one: one.number, [Key("number", "text", nullable=True), PERSON]),
        Column("terbit", _("Terbit"), lambda one: one.issued_on, [Key("issued_on", "date", nullable=True)], descending=True),
    ]  # fmt: skip
    name = f"sertifikat-{run.code}" if run else "sertifikat"
    return Table(name, columns, id=Key("enrollment_id", "uuid"), order=[PERSON])


def _nip(reader: Person, one: Listed) -> str:
    return nip_for(reader, one.nip, one.asn_id, one.agency_code, one.unit_path)


def _tag(one: Listed) -> tuple[str, str]:
    return {
        "valid": (_("Berlaku"), "success"),
        "revoked": (_("Dicabut"), "danger"),
        "none": (_("Belum terbit"), "warning"),
    }[one.state]


def _answer(facts: Facts) -> tuple[str, str, str]:
    """(the answer, its kind, what it means)."""
    revoked_at = facts.certificate.revoked_at
    if facts.state == "erased":
        return (
            _("Data sertifikat ini sudah dihapus."),
            "info",
            _("Sertifikatnya pernah terbit; isinya tidak disimpan lagi."),
        )
    if revoked_at:
        words = _("Telah dicabut pada %(day)s.") % {"day": day(revoked_at)}
        return (
            words,
            "danger",
            _("Sertifikat ini tidak berlaku lagi. Alasannya dapat ditanyakan kepada penyelenggara."),
        )
    return _("Asli dan berlaku"), "success", _("Cocokkan nama dan nomor di bawah ini dengan yang tercetak.")


def _lead(progress: Progress) -> str:
    values = {"passed": number(progress.passed), "missing": number(progress.missing)}
    if not progress.passed:
        return _("Belum ada yang lulus. Sertifikat dapat terbit setelah hasil tercatat.")
    if not progress.missing:
        return counted("%(passed)s orang layak dan sudah bersertifikat.", progress.passed) % values
    return counted("%(passed)s orang layak; %(missing)s belum bersertifikat.", progress.passed) % values


def _reached(progress: Progress) -> str:
    values = {"issued": number(progress.issued), "passed": number(progress.passed)}
    return counted("%(issued)s dari %(passed)s sertifikat terbit", progress.passed) % values


def _href(run: Run) -> str:
    return f"/enrollment/angkatan/{run.code}/sertifikat"
