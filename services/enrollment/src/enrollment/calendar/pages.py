"""Calendars for people and their calendar programmes."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from bina.web.access import Person, TokenRefused, Visitor, read_signed, secret_of, settings_of, sign
from bina.web.commands import PageCommand
from bina.web.formats import clock_time, short_day
from bina.web.language import gettext as _
from bina.web.permissions import may
from bina.web.problems import Problem, not_found
from enrollment.calendar import store
from enrollment.calendar.making import calendar_of
from enrollment.calendar.store import Appointment
from enrollment.catalogue.finding import run_of
from enrollment.shell import pages

router = APIRouter()
PATH = "/enrollment/kalender"
KEPT = timedelta(days=730)
"""So long a subscription goes on; the page shows a fresh link whenever it is opened."""
BACK = timedelta(days=90)
"""So far back a person's calendar goes."""
Own = Annotated[Person, may("calendar.own")]


@router.get("/enrollment/angkatan/{reference}/jadwal.ics")
async def of_run(
    request: Request, reference: str, _person: Annotated[Person, may("catalogue.read")]
) -> Response:
    """A run's sessions."""
    async with request.app.state.runtime.sessions() as session:
        run = await run_of(session, reference)
        found = await store.of_run(session, run.run_id)
    return _file(request, run.programme_name, found)


@router.get(PATH)
async def show(request: Request, person: Own) -> Response:
    """When is my next session?"""
    today = clock.today()
    async with request.app.state.runtime.sessions() as session:
        found = await store.of_person(session, person.person_id, today) if person.person_id else []
        generation = await store.load_generation(session, person.person_id) if person.person_id else None
    link = _link(request, person.person_id, generation) if person.person_id and generation else ""
    rows = [(one, _when(one)) for one in found if not one.cancelled]
    return pages.render(request, "calendar/own.html", rows=rows, link=link)


@router.get(PATH + ".ics")
async def own_file(request: Request, person: Own) -> Response:
    """One's own sessions."""
    async with request.app.state.runtime.sessions() as session:
        since = clock.today() - BACK
        found = await store.of_person(session, person.person_id, since) if person.person_id else []
    return _file(request, _("Jadwal pelatihan saya"), found)


@router.get(PATH + "/{token}")
async def subscribed(request: Request, token: str, _visitor: Visitor) -> Response:
    """The same for a calendar programme, which shows a personal link; 404 once that was renewed or revoked."""
    try:
        claims = read_signed("calendar", token, secret_of(request))
    except TokenRefused as refused:
        raise _unknown() from refused
    asn_id = UUID(claims["asn"])
    async with request.app.state.runtime.sessions() as session:
        if await store.load_generation(session, asn_id) != claims["generation"]:
            raise _unknown()
        found = await store.of_person(session, asn_id, clock.today() - BACK)
    return _file(request, _("Jadwal pelatihan saya"), found)


@router.post(PATH)
async def change_link(person: Annotated[Person, may("calendar.link")], command: PageCommand) -> Response:
    """Make the link anew, or let none hold."""
    revokes = command.text("tautan") == "matikan"

    async def effect(session: AsyncSession) -> str:
        if person.person_id is None:
            raise not_found()
        await (store.revoke_link if revokes else store.renew_link)(session, person.person_id)
        audit.changed(
            session, "calendar_link", person.person_id, None, {"active": not revokes}, person=person.person_id
        )
        return PATH

    return await command.redirect(
        effect, done=_("Tautan dimatikan.") if revokes else _("Tautan baru berlaku.")
    )


def _file(request: Request, name: str, found: list[Appointment]) -> Response:
    body = calendar_of(name, found, settings_of(request).public_url)
    headers = {
        "Content-Disposition": 'attachment; filename="jadwal.ics"',
        "Cache-Control": "private, no-store",
    }
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)


def _link(request: Request, asn_id: UUID, generation: int) -> str:
    token = sign("calendar", {"asn": str(asn_id), "generation": generation}, secret_of(request), KEPT)
    return f"{settings_of(request).public_url.rstrip('/')}{PATH}/{token}"


def _when(one: Appointment) -> str:
    if one.starts_at is None:
        return short_day(one.starts_on)
    local = one.starts_at.astimezone(clock.ZONE)
    return f"{short_day(local.date())}, {clock_time(local, clock.ZONE)}"


def _unknown() -> Problem:
    return Problem(
        "link-unknown",
        404,
        _("Tautan kalender ini tidak berlaku lagi."),
        mend=_("Masuk ke Bina, buka Kalender saya, lalu pakai tautan yang ada di sana."),
    )
