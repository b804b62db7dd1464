"""Machine interface of the register."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person, SignedIn, require
from bina.web.commands import ApiCommand
from bina.web.problems import not_found
from enrollment.paging import PageQuery, page
from enrollment.register import recording, store
from enrollment.register.bodies import AgencyRows, AsnRows, RoleRows, UnitRows
from enrollment.register.domain import Asn
from enrollment.scope import Reach, check_writes, reach_of

router = APIRouter(tags=["register"])


class AsnQuery(PageQuery):
    """Which people."""

    agency: str | None = None
    nip: str | None = None


Platform = Annotated[Person, require("platform")]
Clerk = Annotated[Person, require("operator", "bkd", "platform")]
Staff = Annotated[Person, require("operator", "bkd", "head", "platform")]


@router.post("/agencies", status_code=201)
async def record_agencies(body: AgencyRows, _person: Platform, command: ApiCommand) -> Response:
    """Record up to 1,000 agencies, with whom each may report for."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return await recording.record_agencies(session, body.items)

    return await command.answer(effect, status=201)


@router.post("/units", status_code=201)
async def record_units(body: UnitRows, person: Clerk, command: ApiCommand) -> Response:
    """Record up to 1,000 units; parents before or within the same call."""
    check_writes(person, {row.agency_code for row in body.items})

    async def effect(session: AsyncSession) -> dict[str, Any]:
        known = await store.find_units(session, [row.id for row in body.items])
        check_writes(person, {unit.agency_code for unit in known.values()})
        return await recording.record_units(session, body.items)

    return await command.answer(effect, status=201)


@router.post("/asn", status_code=201)
async def record_asn(body: AsnRows, person: Clerk, command: ApiCommand) -> Response:
    """Record up to 1,000 people with their contacts; all of them or none."""
    check_writes(person, {row.agency_code for row in body.items})

    async def effect(session: AsyncSession) -> dict[str, Any]:
        known = await store.find_people(session, [row.nip for row in body.items])
        await _check_owned(session, person, [*known.values(), *(row.id for row in body.items if row.id)])
        return await recording.record_asn(session, body.items)

    return await command.answer(effect, status=201)


@router.delete("/asn/{asn_id}")
async def erase_asn(asn_id: UUID, person: Clerk, command: ApiCommand) -> Response:
    """Erase a person (UU 27/2022): record, contact, roles; every service follows."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        if not await store.load_people(session, [asn_id]):
            raise not_found()
        await _check_owned(session, person, [asn_id])
        return await recording.erase_asn(session, asn_id)

    return await command.answer(effect)


@router.post("/roles", status_code=201)
async def grant_roles(body: RoleRows, _person: Platform, command: ApiCommand) -> Response:
    """Grant up to 1,000 roles."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return await recording.record_roles(session, body.items)

    return await command.answer(effect, status=201)


@router.get("/agencies")
async def list_agencies(request: Request, _person: SignedIn) -> dict[str, Any]:
    """All agencies, and whom each may report for."""
    async with request.app.state.runtime.sessions() as session:
        names = await store.load_agencies(session)
        rights = await store.load_rights(session)
    items = [{"code": code, "name": name, "uploads": rights.get(code, {})} for code, name in names.items()]
    return {"items": items, "next": None}


@router.get("/units")
async def list_units(request: Request, _person: SignedIn, agency: Annotated[str, Query()]) -> dict[str, Any]:
    """An agency's units."""
    async with request.app.state.runtime.sessions() as session:
        units = await store.load_units(session, [agency])
    items = [
        {
            "id": u.unit_id,
            "agency_code": u.agency_code,
            "name": u.name,
            "parent_id": u.parent_id,
            "remote": u.remote,
        }
        for u in units.values()
    ]
    return {"items": items, "next": None}


@router.get("/asn")
async def list_asn(
    request: Request,
    person: Staff,
    asked: Annotated[AsnQuery, Query()],
) -> dict[str, Any]:
    """People within the reader's reach, by id; `agency` and `nip` narrow it."""
    reach = reach_of(person)
    if reach.agency_code is None:
        reach = Reach(asked.agency)
    async with request.app.state.runtime.sessions() as session:
        people = await store.page_of_people(
            session, reach, nip=asked.nip, after=asked.cursor, limit=asked.limit
        )
    return page([_shown(p) for p in people if asked.agency in (None, p.agency_code)], asked.limit)


def _shown(person: Asn) -> dict[str, Any]:
    names = ("nip", "name", "employment", "agency_code", "unit_id", "unit_name", "position", "job_level")
    more = ("grade", "gender", "supervisor_id", "started_on")
    return {"id": person.asn_id} | {name: getattr(person, name) for name in names + more}


async def _check_owned(session: AsyncSession, person: Person, ids: list[UUID]) -> None:
    """A record now at another agency is not this clerk's to change: a move is no upload."""
    known = await store.load_people(session, ids)
    check_writes(person, {found.agency_code for found in known})
