"""Machine interface of certificates: anyone asks whether one is valid; organisers issue and revoke."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person, Visitor, settings_of
from bina.web.audit import OthersRecords
from bina.web.commands import ApiCommand
from bina.web.permissions import may, out_of_scope, reach_of
from bina.web.text import Code, PlainText
from enrollment.certificates import files, issuing, opening, store
from enrollment.certificates.domain import LONGEST_NUMBER, Certificate, Facts, address_of, written
from enrollment.certificates.store import Progress
from enrollment.paging import PageQuery, page

router = APIRouter(tags=["certificates"])


class Body(BaseModel):
    """Nothing unknown is taken silently."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Revocation(Body):
    """Why a certificate is taken back; its person is told, the public page does not say it."""

    reason: Annotated[PlainText, Field(min_length=5, max_length=1000)]


class SeriesBody(Body):
    """How an agency numbers: `{seq}` (or `{seq:04d}`) once and `{year}`, besides `{agency}`, `{programme}`, `{run}`."""

    agency_code: Code
    pattern: Annotated[PlainText, Field(min_length=1, max_length=2 * LONGEST_NUMBER)]


class CertificateQuery(PageQuery):
    """Of which run: its id or code."""

    run: str


@router.get("/certificates")
async def list_certificates(
    request: Request,
    person: Annotated[Person, may("certificate.list")],
    asked: Annotated[CertificateQuery, Query()],
    reads: OthersRecords,
) -> dict[str, Any]:
    """A run's certificates, revoked ones too, for its organiser's systems: codes open pages and documents."""
    async with request.app.state.runtime.sessions() as session:
        run = await opening.find_run(session, person, asked.run, "certificate.list")
        found = await store.page_of_run(session, run.run_id, asked.cursor, asked.limit)
    await reads.of([asn_id for _one, asn_id in found], asked.model_dump())
    return page([_listed(one, asn_id) for one, asn_id in found], asked.limit)


@router.get("/certificates/{code}")
async def verify(request: Request, response: Response, code: str, _visitor: Visitor) -> dict[str, Any]:
    """Whether a certificate is valid, for anyone who has its code; of an erased person no more than that."""
    async with request.app.state.runtime.sessions() as session:
        found = await opening.find(session, code)
    response.headers.update(opening.PUBLIC)
    return _told(found, settings_of(request).public_url)


@router.get(
    "/certificates/{code}/pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def download(
    request: Request, code: str, person: Annotated[Person, may("certificate.read")], reads: OthersRecords
) -> Response:
    """A valid certificate as PDF/A-2b; 410 once it was revoked."""
    async with request.app.state.runtime.sessions() as session:
        found = await opening.find_document(session, person, code)
    await reads.of([found.asn_id])
    return await files.document(request, found)


@router.get("/runs/{reference}/certificates")
async def progress(
    request: Request, reference: str, person: Annotated[Person, may("certificate.list")]
) -> dict[str, Any]:
    """How far a run's certificates have got."""
    async with request.app.state.runtime.sessions() as session:
        run = await opening.find_run(session, person, reference, "certificate.list")
        return _progress(await store.load_progress(session, run.run_id))


@router.post("/runs/{reference}/certificates", status_code=202)
async def issue(
    reference: str, person: Annotated[Person, may("certificate.issue")], command: ApiCommand
) -> Response:
    """Issue certificates to all who passed a run and have none; they come beside this answer, 200 at a time."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        run = await opening.find_run(session, person, reference, "certificate.issue")
        return _progress(await issuing.begin(session, run))

    return await command.answer(effect, status=202)


@router.post("/certificates/{code}/revoke")
async def revoke(
    code: str, body: Revocation, person: Annotated[Person, may("certificate.revoke")], command: ApiCommand
) -> Response:
    """Take a certificate back; its number is never given again, the result stays."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        await issuing.revoke(session, await opening.find_revocable(session, person, code), body.reason)
        found = await opening.find(session, code)
        return {"code": written(found.certificate.code), "state": found.state}

    return await command.answer(effect)


@router.post("/certificate-series")
async def number_by(
    body: SeriesBody, person: Annotated[Person, may("certificate.number")], command: ApiCommand
) -> Response:
    """Number an agency's certificates by another pattern from now on."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        if not reach_of(person, "certificate.number").covers_place(body.agency_code):
            raise out_of_scope()
        pattern = await issuing.set_pattern(session, body.agency_code, body.pattern)
        return {"agency_code": body.agency_code, "pattern": pattern}

    return await command.answer(effect)


def _told(facts: Facts, site: str) -> dict[str, Any]:
    certificate = facts.certificate
    told = {
        "code": written(certificate.code),
        "state": facts.state,
        "number": certificate.number,
        "page": address_of(site, certificate.code),
    }
    if facts.state == "erased":
        return told
    holds = facts.state == "valid"
    return told | {
        "name": facts.name,
        "programme": facts.programme,
        "organiser": facts.organiser_name,
        "starts_on": facts.starts_on,
        "ends_on": facts.ends_on,
        "completed_on": facts.completed_on if holds else None,
        "jp": facts.jp if holds else None,
        "issued_on": certificate.issued_on,
        "revoked_at": certificate.revoked_at,
        "corrected": facts.is_corrected,
        "signature": certificate.signature,
    }


def _listed(one: Certificate, asn_id: UUID) -> dict[str, Any]:
    return {
        "id": one.certificate_id,
        "code": written(one.code),
        "enrollment_id": one.enrollment_id,
        "asn_id": asn_id,
        "number": one.number,
        "issued_on": one.issued_on,
        "revoked_at": one.revoked_at,
        "reason": one.reason,
        "signature": one.signature,
    }


def _progress(progress: Progress) -> dict[str, Any]:
    return {"passed": progress.passed, "issued": progress.issued, "under_way": progress.under_way}
