"""`/data-saya`: what is kept of me, who looked at it, what is wrong? `/enrollment/perbaikan`: who waits for an answer?"""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import PageCommand
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.masking import nip_for, reads_nip
from bina.web.own_data.routes import Owner, id_of
from bina.web.own_data.view import service_name
from bina.web.permissions import may, reach_of
from bina.web.problems import Problem
from bina.web.retention import name_of, source_of, words_of
from enrollment.own_data import own
from enrollment.register import store as register
from enrollment.register.domain import Asn
from enrollment.register.erasing import barrier
from enrollment.rights import asking, deciding, store, view
from enrollment.shell import pages

router = APIRouter()
HOME, LIST = "/data-saya", "/enrollment/perbaikan"
SIBLINGS = ("assessment", "evaluation", "notification")
PAGE = 20
Asker = Annotated[Person, may("data_request.ask")]
Clerk = Annotated[Person, may("data_request.decide")]


@router.get(HOME)
async def show(request: Request, person: Owner) -> Response:
    """This service's part, a place for each sibling's, and what I asked for."""
    return await _page(request, person, {}, {})


@router.post(HOME + "/perbaikan")
async def ask_to_mend(request: Request, person: Asker, command: PageCommand) -> Response:
    """Something is wrong: what it is, what it should be, why."""
    given = {name: command.text(name) for name in ("field", "wanted", "reason")}

    async def effect(session: AsyncSession) -> str:
        await asking.ask_to_mend(session, id_of(person), **given)
        return f"{HOME}#permintaan"

    try:
        return await command.redirect(
            effect, done=_("Permintaan tercatat. Jawabannya datang dalam 3×24 jam.")
        )
    except Problem as problem:
        if problem.type != "invalid-input":
            raise
        return await _page(request, person, given, {fault.where: fault.what for fault in problem.errors})


@router.post(HOME + "/hapus")
async def ask_to_erase(request: Request, person: Asker, command: PageCommand) -> Response:
    """Everything of mine should go."""

    async def effect(session: AsyncSession) -> str:
        await asking.ask_to_erase(session, id_of(person), command.text("reason"), request.app.state.periods)
        return f"{HOME}#permintaan"

    return await command.redirect(effect, done=_("Permintaan penghapusan tercatat."))


@router.get(LIST)
async def waiting(
    request: Request,
    person: Annotated[Person, may("data_request.list")],
    reads: OthersRecords,
    *,
    setelah: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Requests that wait for an answer, oldest first."""
    reach, now = reach_of(person, "data_request.list"), clock.now()
    async with request.app.state.runtime.sessions() as session:
        found = await store.page_of_open(session, reach, after=setelah, limit=PAGE + 1)
        shown = found[:PAGE]
        ids = {one.asn_id for one in shown}
        people = {asn.asn_id: asn for asn in await register.load_people(session, ids)}
        contacts = {one.asn_id: one for one in await register.load_contacts(session, ids)}
        opened, late = await store.count_open(session, reach, now)
    await reads.of(ids)
    lines = [
        _as_read(
            person, view.line(one, now, people[one.asn_id], contacts.get(one.asn_id)), people[one.asn_id]
        )
        for one in shown
        if one.asn_id in people  # not erased since
    ]
    return pages.render(
        request,
        "rights/waiting.html",
        lines=lines,
        lead=_lead(opened, late),
        next=f"{LIST}?setelah={shown[-1].request_id}" if len(found) > PAGE else "",
        first=LIST if setelah else "",
        nip_of=lambda asn: nip_for(person, asn.nip, asn.asn_id, asn.agency_code, asn.unit_path),
        base=LIST,
    )


@router.post(LIST + "/{request_id}/terima")
async def accept(request: Request, request_id: UUID, person: Clerk, command: PageCommand) -> Response:
    """Do what was asked."""

    async def effect(session: AsyncSession) -> str:
        await deciding.accept(session, person, request_id, command.text("answer"), request.app.state.periods)
        return LIST

    return await command.redirect(effect, done=_("Permintaan diterima dan dikerjakan."))


@router.post(LIST + "/{request_id}/tolak")
async def refuse(request_id: UUID, person: Clerk, command: PageCommand) -> Response:
    """Say why not."""

    async def effect(session: AsyncSession) -> str:
        await deciding.refuse(session, person, request_id, command.text("answer"))
        return LIST

    return await command.redirect(effect, done=_("Permintaan ditolak; alasannya terlihat oleh pemohon."))


async def _page(
    request: Request, person: Person, given: Mapping[str, str], errors: Mapping[str, str]
) -> Response:
    part, periods = await own.part(request, person), request.app.state.periods
    async with request.app.state.runtime.sessions() as session:
        asked = await store.load_own(session, id_of(person))
        people = await register.load_people(session, [id_of(person)])
        stays = await barrier(session, people[0], periods) if people else None
    kept = [(name_of(p.keeps), f"{words_of(p)} ({source_of(p)})") for p in periods.on(clock.today())]
    return pages.render(
        request,
        "rights/own.html",
        status_code=422 if errors else 200,
        siblings=[(one, service_name(one)) for one in SIBLINGS],
        kept=kept,
        registered=bool(people),
        stays=stays,
        asked=[view.line(one, clock.now()) for one in asked],
        options=view.options(),
        given=given,
        errors=errors,
        **part,
    )


def _as_read(reader: Person, line: view.Line, asn: Asn) -> view.Line:
    """A request without the numbers and addresses that its reader may not see."""
    whole = reads_nip(reader, asn.asn_id, asn.agency_code, asn.unit_path)
    return line if whole else view.masked(line)


def _lead(opened: int, late: int) -> str:
    if not opened:
        return _("Semua permintaan sudah dijawab.")
    words = counted("%(n)s permintaan menunggu jawaban", opened) % {"n": opened}
    return f"{words}, {counted('%(n)s lewat tenggat', late) % {'n': late}}." if late else f"{words}."
