"""Machine interface of the register."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import ApiCommand
from bina.web.masking import nip_for
from bina.web.permissions import may, out_of_scope, reach_of
from bina.web.problems import not_found
from enrollment.paging import PageQuery, page
from enrollment.register import erasing, granting, recording, store
from enrollment.register.allowing import check_owned, check_rows, check_units
from enrollment.register.bodies import (
    AgencyRows,
    AsnRows,
    GrantedRole,
    RoleRows,
    UnitRows,
)
from enrollment.register.domain import Asn

router = APIRouter(tags=["register"])


class AsnQuery(PageQuery):
    """Which people."""

    agency: str | None = None
    nip: str | None = None


Order = Annotated[
    str | None,
    Query(min_length=20, max_length=500, pattern=r"^[^\x00]*$", description="number and date, no name"),
]
Anyone = Annotated[Person, may("register.structure")]


@router.post("/agencies", status_code=201)
async def record_agencies(
    body: AgencyRows, _person: Annotated[Person, may("agency.record")], command: ApiCommand
) -> Response:
    """Record up to 1,000 agencies, with whom each may report for."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return await recording.record_agencies(session, body.items)

    return await command.answer(effect, status=201)


@router.post("/units", status_code=201)
async def record_units(
    body: UnitRows, person: Annotated[Person, may("unit.record")], command: ApiCommand
) -> Response:
    """Record up to 1,000 units; parents before or within the same call."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        await check_units(session, person, body.items)
        return await recording.record_units(session, body.items)

    return await command.answer(effect, status=201)


@router.post("/asn", status_code=201)
async def record_asn(
    body: AsnRows, person: Annotated[Person, may("people.record")], command: ApiCommand
) -> Response:
    """Record up to 1,000 people with their contacts; all of them or none. What a person, not a machine, changes is
    not overwritten silently by a file."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        await check_rows(session, person, body.items)
        return await recording.record_asn(session, body.items, by_hand=person.person_id is not None)

    return await command.answer(effect, status=201)


@router.delete("/asn/{asn_id}")
async def erase_asn(
    request: Request,
    asn_id: UUID,
    person: Annotated[Person, may("people.erase")],
    command: ApiCommand,
    order: Order = None,
) -> Response:
    """Erase a person (UU 27/2022): record, contact, roles; every service follows.

    409 `erasure-not-yet` while a law demands the record, with `law` and `possible_from`. The platform erases all the
    same by a court's `order` or another legal ground, told by number and date; it stays in the audit.
    """

    async def effect(session: AsyncSession) -> dict[str, Any]:
        if not await store.load_people(session, [asn_id]):
            raise not_found()
        await check_owned(session, person, "people.erase", [asn_id])
        return await erasing.erase(session, person, asn_id, request.app.state.periods, order=order or "")

    return await command.answer(effect)


@router.post("/roles", status_code=201)
async def grant_roles(
    body: RoleRows, _person: Annotated[Person, may("role.grant")], command: ApiCommand
) -> Response:
    """Grant up to 1,000 roles."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return await granting.record_roles(session, body.items)

    return await command.answer(effect, status=201)


@router.delete("/roles/{asn_id}/{role}")
async def revoke_role(
    asn_id: UUID, role: GrantedRole, _person: Annotated[Person, may("role.grant")], command: ApiCommand
) -> Response:
    """Take a role away; the person's sessions end."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return await granting.revoke_role(session, asn_id, role)

    return await command.answer(effect)


@router.get("/agencies")
async def list_agencies(request: Request, _person: Anyone) -> dict[str, Any]:
    """All agencies, and whom each may report for."""
    async with request.app.state.runtime.sessions() as session:
        names = await store.load_agencies(session)
        rights = await store.load_rights(session)
    items = [{"code": code, "name": name, "uploads": rights.get(code, {})} for code, name in names.items()]
    return {"items": items, "next": None}


@router.get("/units")
async def list_units(request: Request, _person: Anyone, agency: Annotated[str, Query()]) -> dict[str, Any]:
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
            "closed_on": u.closed_on,
        }
        for u in units.values()
    ]
    return {"items": items, "next": None}


@router.get("/asn")
async def list_asn(
    request: Request,
    person: Annotated[Person, may("people.list")],
    asked: Annotated[AsnQuery, Query()],
    reads: OthersRecords,
) -> dict[str, Any]:
    """People within the reader's reach, by id; `agency` and `nip` narrow it. 403 for an agency outside it."""
    reach = reach_of(person, "people.list")
    if asked.agency not in (None, reach.agency_code) and not reach.everything:
        raise out_of_scope()
    async with request.app.state.runtime.sessions() as session:
        people = await store.page_of_people(
            session, reach, employer=asked.agency, nip=asked.nip, after=asked.cursor, limit=asked.limit
        )
    await reads.of([p.asn_id for p in people], asked.model_dump(exclude={"nip"}))
    return page([_shown(p, person) for p in people], asked.limit)


def _shown(person: Asn, reader: Person) -> dict[str, Any]:
    nip = nip_for(reader, person.nip, person.asn_id, person.agency_code, person.unit_path)
    names = ("name", "employment", "agency_code", "unit_id", "unit_name", "position", "job_level")
    more = (
        "grade", "gender", "supervisor_id", "started_on", "left_on", "left_reason", "contract_ends_on", "appointment",
    )  # fmt: skip
    return {"id": person.asn_id, "nip": nip} | {name: getattr(person, name) for name in names + more}
