"""Machine interface of the register."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import ApiCommand
from bina.web.language import gettext as _
from bina.web.masking import nip_for
from bina.web.permissions import Place, check_places, may, out_of_scope, reach_of
from bina.web.problems import Fault, Problem, not_found
from enrollment.paging import PageQuery, page
from enrollment.register import recording, store
from enrollment.register.bodies import (
    AgencyRows,
    AsnRow,
    AsnRows,
    GrantedRole,
    RoleRows,
    UnitRow,
    UnitRows,
)
from enrollment.register.domain import Asn

router = APIRouter(tags=["register"])


class AsnQuery(PageQuery):
    """Which people."""

    agency: str | None = None
    nip: str | None = None


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
        await _check_units(session, person, body.items)
        return await recording.record_units(session, body.items)

    return await command.answer(effect, status=201)


@router.post("/asn", status_code=201)
async def record_asn(
    body: AsnRows, person: Annotated[Person, may("people.record")], command: ApiCommand
) -> Response:
    """Record up to 1,000 people with their contacts; all of them or none."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        await _check_places(session, person, body.items)
        known = await store.find_people(session, [row.nip for row in body.items])
        await _check_owned(
            session, person, "people.record", [*known.values(), *(row.id for row in body.items if row.id)]
        )
        await _check_numbers(session, person, body.items)
        return await recording.record_asn(session, body.items)

    return await command.answer(effect, status=201)


@router.delete("/asn/{asn_id}")
async def erase_asn(
    asn_id: UUID, person: Annotated[Person, may("people.erase")], command: ApiCommand
) -> Response:
    """Erase a person (UU 27/2022): record, contact, roles; every service follows."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        if not await store.load_people(session, [asn_id]):
            raise not_found()
        await _check_owned(session, person, "people.erase", [asn_id])
        return await recording.erase_asn(session, asn_id)

    return await command.answer(effect)


@router.post("/roles", status_code=201)
async def grant_roles(
    body: RoleRows, _person: Annotated[Person, may("role.grant")], command: ApiCommand
) -> Response:
    """Grant up to 1,000 roles."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return await recording.record_roles(session, body.items)

    return await command.answer(effect, status=201)


@router.delete("/roles/{asn_id}/{role}")
async def revoke_role(
    asn_id: UUID, role: GrantedRole, _person: Annotated[Person, may("role.grant")], command: ApiCommand
) -> Response:
    """Take a role away; the person's sessions end."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return await recording.revoke_role(session, asn_id, role)

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
    more = ("grade", "gender", "supervisor_id", "started_on")
    return {"id": person.asn_id, "nip": nip} | {name: getattr(person, name) for name in names + more}


async def _check_owned(session: AsyncSession, person: Person, action: str, ids: list[UUID]) -> None:
    """A record now at another agency is not this clerk's to change: a move is no upload."""
    known = await store.load_people(session, ids)
    check_places(person, action, [(found.agency_code, found.unit_path) for found in known])


async def _check_numbers(session: AsyncSession, person: Person, rows: Sequence[AsnRow]) -> None:
    """By the NIP an account finds its person: of who holds a role only the platform changes it."""
    given = {row.id: row.nip for row in rows if row.id}
    changed = [p.asn_id for p in await store.load_people(session, given) if p.nip != given[p.asn_id]]
    holders = await store.with_roles(session, changed)
    if holders and not reach_of(person, "people.record").everything:
        raise Problem(
            "nip-of-role-holder",
            403,
            _("NIP pemegang peran hanya dapat diubah oleh pengelola platform."),
            mend=_("Kirim baris lain tanpa baris ini, dan minta pengelola platform mengubah NIP-nya."),
            errors=[
                Fault(f"items.{n}.nip", _("Orang ini memegang peran."))
                for n, row in enumerate(rows)
                if row.id in holders
            ],
        )


async def _check_places(session: AsyncSession, person: Person, rows: Sequence[AsnRow]) -> None:
    """Refuse people who would be recorded outside the clerk's scope."""
    units = await store.find_units(session, [row.unit_id for row in rows if row.unit_id])
    paths = {unit.unit_id: unit.path for unit in units.values()}
    check_places(
        person,
        "people.record",
        [(row.agency_code, paths.get(row.unit_id or UUID(int=0), ())) for row in rows],
    )


async def _check_units(session: AsyncSession, person: Person, rows: Sequence[UnitRow]) -> None:
    """Refuse units outside the clerk's scope; a unit's operator places units below it, and leaves it where it is."""
    given = {row.id for row in rows}
    parents = {row.parent_id for row in rows if row.parent_id}
    known = await store.find_units(session, given | parents)
    own = () if person.unit_id is None else (person.unit_id,)
    places: list[Place] = [
        (u.agency_code, u.path[:-1] if u.unit_id in given else u.path) for u in known.values()
    ]
    places += [(row.agency_code, own if row.parent_id in known.keys() | given else ()) for row in rows]
    check_places(person, "unit.record", places)
