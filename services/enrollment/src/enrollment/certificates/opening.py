"""Who opens a certificate, and the answers about one that cannot be opened."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import check_runs, out_of_scope, reach_of
from bina.web.problems import Problem
from enrollment.catalogue.domain import Run
from enrollment.catalogue.finding import run_of
from enrollment.certificates import store
from enrollment.certificates.domain import Facts, read_code

PUBLIC = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
"""The address is the key: it is told to no other site and stands in no index."""


async def find(session: AsyncSession, code: str) -> Facts:
    """What the certificate with a code says, whoever asks; 404 where there is none."""
    read = read_code(code)
    found = await store.find(session, read) if read else None
    if found is None:
        raise _unknown()
    return found


async def find_document(session: AsyncSession, person: Person, code: str) -> Facts:
    """The same for whoever may have the document: its person, their agency's clerks, the organiser's; 410 once revoked."""
    found = await find(session, code)
    reach, own = reach_of(person, "certificate.read"), found.certificate
    if not reach.covers_person(found.asn_id, found.agency_code, found.unit_path) and not reach.covers_run(
        own.organiser
    ):
        raise out_of_scope()
    if found.state != "valid":
        raise _void()
    return found


async def find_run(session: AsyncSession, person: Person, reference: str, action: str) -> Run:
    """A run whose certificates are in reach of an action."""
    run = await run_of(session, reference)
    check_runs(person, action, {run.organiser})
    return run


async def find_revocable(session: AsyncSession, person: Person, code: str) -> UUID:
    """The enrolment whose certificate is to be revoked; only its organiser may."""
    found = await find(session, code)
    check_runs(person, "certificate.revoke", {found.certificate.organiser})
    if found.certificate.revoked_at:
        raise Problem(
            "certificate-revoked",
            409,
            _("Sertifikat ini sudah dicabut."),
            mend=_("Tidak ada yang perlu dilakukan."),
        )
    return found.certificate.enrollment_id


def _unknown() -> Problem:
    return Problem(
        "certificate-unknown",
        404,
        _("Tidak ada sertifikat dengan kode ini."),
        _("Bina tidak pernah menerbitkan sertifikat dengan kode ini, atau kodenya salah ketik."),
        mend=_("Pindai lagi kode QR, atau ketik 16 tanda kode verifikasi persis seperti yang tercetak."),
        headers=PUBLIC,
    )


def _void() -> Problem:
    return Problem(
        "certificate-void",
        410,
        _("Sertifikat ini tidak berlaku lagi."),
        mend=_("Halaman verifikasinya tetap ada. Bila pencabutan keliru, hubungi penyelenggara."),
    )
