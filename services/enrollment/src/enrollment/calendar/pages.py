"""Calendars for people and their calendar programmes."""

from datetime import date, timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from bina.web.access import Person, TokenRefused, Visitor, read_signed, secret_of, settings_of, sign
from bina.web.commands import PageCommand
from bina.web.formats import clock_time, number, short_day
from bina.web.formats import month as month_name
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.permissions import can, may
from bina.web.problems import Problem, not_found
from bina.web.text import PlainText
from enrollment.calendar import store
from enrollment.calendar.making import calendar_of
from enrollment.calendar.month import Day, after, before, sheet_of, span_of
from enrollment.calendar.store import Appointment, Entry, Which
from enrollment.catalogue.finding import run_of
from enrollment.register import store as register
from enrollment.shell import pages

router = APIRouter()
PATH = "/enrollment/kalender"
KEPT = timedelta(days=730)
"""So long a subscription goes on; the page shows a fresh link whenever it is opened."""
BACK = timedelta(days=90)
"""So far back a person's calendar goes."""
Own = Annotated[Person, may("calendar.own")]
Reader = Annotated[Person, may("catalogue.read")]


class Asked(BaseModel):
    """Which month, and what of it."""

    bulan: Annotated[str, Field(pattern=r"^(20\d\d-(0[1-9]|1[0-2]))?$")] = ""
    milik: Literal["", "saya"] = ""
    penyelenggara: Annotated[PlainText, Field(max_length=64)] = ""
    cara: Annotated[PlainText, Field(max_length=64)] = ""


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
async def show(request: Request, person: Reader, asked: Annotated[Asked, Query()]) -> Response:
    """What is when, and when is my next session?"""
    today = clock.today()
    month = date.fromisoformat(f"{asked.bulan}-01") if asked.bulan else today.replace(day=1)
    asn = person.person_id if can(person, "calendar.own") else None
    which = Which(
        asn, person.agency_code, asked.penyelenggara, asked.cara, bool(asked.milik) and asn is not None
    )
    async with request.app.state.runtime.sessions() as session:
        weeks = sheet_of(month, await store.between(session, which, *span_of(month)))
        agencies = await register.load_agencies(session)
        modes = await store.load_modes(session)
        coming = await store.of_person(session, asn, today) if asn else []
        generation = await store.load_generation(session, asn) if asn else None
    return pages.render(
        request,
        "calendar/month.html",
        month=month,
        weeks=weeks,
        today=today,
        lead=_lead(coming, asn, month, weeks),
        is_asn=asn is not None,
        asked=asked,
        agencies=agencies,
        modes=modes,
        earlier=_href(asked, before(month)),
        later=_href(asked, after(month)),
        now=_href(asked, None) if month != today.replace(day=1) else "",
        filtered=bool(asked.milik or asked.penyelenggara or asked.cara),
        link=_link(request, asn, generation) if asn and generation else "",
        clock_of=_clock_of,
        path=PATH,
    )


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


def _lead(coming: list[Appointment], asn: UUID | None, month: date, weeks: list[list[Day]]) -> str:
    rows = [one for one in coming if not one.cancelled]
    if rows:
        return _("Jadwal berikutnya: %(when)s.") % {"when": _when(rows[0])}
    if asn:
        return _("Belum ada jadwal pelatihan untuk Anda.")
    found = {one.run_id for week in weeks for day in week if day.inside for one in day.entries}
    words = {"n": number(len(found)), "month": month_name(month)}
    return counted("%(n)s angkatan pada %(month)s.", len(found)) % words


def _href(asked: Asked, month: date | None) -> str:
    """The same filters in another month; in today's for none."""
    kept = {name: value for name, value in asked.model_dump(exclude={"bulan"}).items() if value}
    query = urlencode(({"bulan": f"{month:%Y-%m}"} if month else {}) | kept)
    return f"{PATH}?{query}" if query else PATH


def _clock_of(one: Entry) -> str:
    return clock_time(one.starts_at.astimezone(clock.ZONE), clock.ZONE) if one.starts_at else ""


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
