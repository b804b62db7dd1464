"""`/enrollment/persetujuan`: whose request for a seat waits for my word?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import PageCommand
from bina.web.formats import number
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.permissions import may, out_of_scope, reach_of
from enrollment.approvals import deciding, store
from enrollment.approvals.view import line
from enrollment.shell import pages

router = APIRouter()
LIST = "/enrollment/persetujuan"
PAGE = 50
Decider = Annotated[Person, may("approval.decide")]


@router.get(LIST)
async def waiting(
    request: Request,
    person: Annotated[Person, may("approval.list")],
    reads: OthersRecords,
    *,
    setelah: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Requests that wait, the oldest first; to answer are those that wait for the reader."""
    reach = reach_of(person, "approval.list")
    async with request.app.state.runtime.sessions() as session:
        found = await store.page_of_open(session, reach, after=setelah, limit=PAGE + 1)
        mine = await store.count_open(session, reach, person.person_id)
    shown = found[:PAGE]
    await reads.of([row.awaiting.asn_id for row in shown])
    return pages.render(
        request,
        "approvals/waiting.html",
        lines=[line(row, person) for row in shown],
        lead=_lead(mine),
        next=f"{LIST}?setelah={shown[-1].awaiting.approval_id}" if len(found) > PAGE else "",
        first=LIST if setelah else "",
        base=LIST,
    )


@router.post(LIST + "/{approval_id}/setujui")
async def approve(approval_id: UUID, person: Decider, command: PageCommand) -> Response:
    """Say yes."""

    async def effect(session: AsyncSession) -> str:
        await deciding.approve(session, person, approval_id)
        return LIST

    return await command.redirect(effect, done=_("Persetujuan tercatat. Hasilnya dikabarkan kepada pegawai."))


@router.post(LIST + "/{approval_id}/tolak")
async def refuse(approval_id: UUID, person: Decider, command: PageCommand) -> Response:
    """Say no, and why."""

    async def effect(session: AsyncSession) -> str:
        await deciding.refuse(session, person, approval_id, command.text("answer"))
        return LIST

    return await command.redirect(effect, done=_("Permintaan ditolak; alasannya dikabarkan kepada pegawai."))


@router.post(LIST + "/{approval_id}/cabut")
async def take_back(
    approval_id: UUID, person: Annotated[Person, may("approval.take_back")], command: PageCommand
) -> Response:
    """Withdraw one's own request."""

    async def effect(session: AsyncSession) -> str:
        if person.person_id is None:
            raise out_of_scope()
        run = await deciding.take_back(session, person.person_id, approval_id)
        return f"/enrollment/angkatan/{run.code}"

    return await command.redirect(effect, done=_("Permintaan ditarik."))


def _lead(mine: int) -> str:
    if not mine:
        return _("Tidak ada permintaan yang menunggu jawaban Anda.")
    return counted("%(n)s permintaan menunggu jawaban Anda.", mine) % {"n": number(mine)}
