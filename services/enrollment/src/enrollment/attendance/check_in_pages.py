"""Checking in to a session, for those who take part."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import offline
from bina.web.access import Person, Visitor, secret_of
from bina.web.commands import PageCommand
from bina.web.permissions import may
from enrollment.attendance import codes, commands, store, view
from enrollment.attendance.device import device_of, name_device
from enrollment.attendance.domain import OPENS_BEFORE, SENT_WITHIN
from enrollment.attendance.problems import not_taking_part
from enrollment.attendance.store import Open
from enrollment.shell import pages

router = APIRouter()
PATH = "/enrollment/hadir"
WORKER = PATH + ".js"
Own = Annotated[Person, may("attendance.own")]


@router.get(PATH)
async def sessions(request: Request, person: Own) -> Response:
    """Where can I check in?"""
    async with request.app.state.runtime.sessions() as session:
        found = await _open(session, person)
    page = pages.render(request, "attendance/open.html", rows=[_row(one) for one in found])
    name_device(request, page)
    return page


@router.get(WORKER)
async def worker(_visitor: Visitor) -> Response:
    """What gives the page of a session out again without a network."""
    return offline.worker(PATH + "/")


@router.get(PATH + "/{session_id}")
async def show(
    request: Request,
    session_id: UUID,
    person: Own,
    kode: Annotated[str, Query(max_length=20)] = "",
    hasil: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Am I recorded? Else one button."""
    async with request.app.state.runtime.sessions() as session:
        found = await _open(session, person, session_id)
    if not found:
        raise not_taking_part(404)
    page = pages.render(
        request,
        "attendance/check_in.html",
        one=found[0],
        session_name=found[0].held.title,
        when=view.times_of(found[0].held),
        href=f"{PATH}/{session_id}",
        worker=WORKER,
        code=codes.normal(kode),
        shared=hasil == "perangkat" and found[0].state != "present",
    )
    name_device(request, page)
    return page


@router.post(PATH + "/{session_id}")
async def check_in(
    request: Request,
    session_id: UUID,
    person: Annotated[Person, may("attendance.check_in")],
    command: PageCommand,
) -> Response:
    """Record that I am here."""
    claim = commands.Claim(command.text("kode"), _moment(command.text("dilihat")), device_of(request))

    async def effect(session: AsyncSession) -> str:
        outcome = await commands.check_in(session, person, session_id, claim, secret_of(request))
        return f"{PATH}/{session_id}" + ("?hasil=perangkat" if outcome == "device" else "")

    return await command.redirect(effect)


async def _open(session: AsyncSession, person: Person, session_id: UUID | None = None) -> list[Open]:
    if person.person_id is None:
        return []
    now = clock.now()
    return await store.load_open_sessions(
        session, person.person_id, now + OPENS_BEFORE, now - SENT_WITHIN, session_id
    )


def _row(one: Open) -> dict[str, str]:
    word, kind = view.word_of(one.state)
    return {
        "label": one.programme_name,
        "href": f"{PATH}/{one.held.session_id}",
        "meta": " · ".join(
            part for part in (one.held.title, view.times_of(one.held), one.held.place) if part
        ),
        "tag": word if one.state else "",
        "kind": kind,
    }


def _moment(text: str) -> datetime | None:
    """When a phone saw the code, by its own clock; nothing where it does not say, or says nonsense."""
    try:
        found = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if abs(datetime.now(UTC) - found) < 2 * SENT_WITHIN else None
