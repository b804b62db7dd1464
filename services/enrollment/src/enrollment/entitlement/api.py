"""Machine interface of the JP ledger."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import ApiCommand
from bina.web.permissions import Reach, may, out_of_scope, reach_of
from bina.web.problems import not_found
from enrollment.entitlement import opening, store
from enrollment.entitlement.bodies import HistoryWord, OpeningRows
from enrollment.entitlement.domain import rule_for, year_of
from enrollment.entitlement.store import Share
from enrollment.register import store as register

router = APIRouter(tags=["entitlement"])


@router.get("/jp/shares")
async def shares(
    request: Request, person: Annotated[Person, may("jp.shares")], agency: str | None = None
) -> dict[str, Any]:
    """Share of PNS who reached the floor this year, by agency, and by top unit of one agency; 403 outside reach."""
    reach = reach_of(person, "jp.shares")
    if agency and reach.everything:
        reach = Reach(agency_code=agency)
    if agency not in (None, "", reach.agency_code):
        raise out_of_scope()
    today = clock.today()
    async with request.app.state.runtime.sessions() as session:
        agencies = await store.load_shares_of_agencies(session, reach, today)
        units = await store.load_shares(session, reach, today, depth=1) if reach.agency_code else []
    return {
        "floor_jp": rule_for("PNS", today).jp,
        "year": year_of("PNS", None, today).first.year,
        "agencies": [_shown(share) | {"agency_code": share.agency_code} for share in agencies],
        "units": [_shown(share) | {"unit_id": share.unit_id} for share in units],
    }


@router.post("/jp-openings")
async def load_openings(
    body: OpeningRows, person: Annotated[Person, may("opening.load")], command: ApiCommand
) -> Response:
    """Load up to 1,000 balances of years from before; all of them or none, and a row sent again changes nothing."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return await opening.load(session, person, body.items)

    return await command.answer(effect)


@router.post("/jp-histories")
async def declare_history(
    body: HistoryWord, person: Annotated[Person, may("history.declare")], command: ApiCommand
) -> Response:
    """Say that JP of a year are all in the ledger, or that they are not after all."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        return await opening.declare(session, person, body)

    return await command.answer(effect)


@router.get("/jp/{asn_id}")
async def ledger(
    request: Request, asn_id: UUID, person: Annotated[Person, may("jp.read")], reads: OthersRecords
) -> dict[str, Any]:
    """A person's ledger: one's own, or of a person within reach. Lines are never changed: a correction takes back what
    stood (`reverses`, below nothing) and adds what holds."""
    async with request.app.state.runtime.sessions() as session:
        await _check_within(session, reach_of(person, "jp.read"), asn_id)
        lines = await store.load_ledger(session, asn_id)
    await reads.of([asn_id])
    return {"items": [line._asdict() | {"jp": line.jp} for line in lines], "next": None}


async def _check_within(session: AsyncSession, reach: Reach, asn_id: UUID) -> None:
    """Raise 404 for a person outside the reader's reach: absent and foreign look the same."""
    found = await register.load_people(session, [asn_id])
    if not any(reach.covers_person(asn_id, p.agency_code, p.unit_path, p.supervisor_id) for p in found):
        raise not_found()


def _shown(share: Share) -> dict[str, Any]:
    names = ("name", "people", "reached", "planned", "missed", "unknown")
    return {name: getattr(share, name) for name in names} | {"share": round(share.share, 4)}
