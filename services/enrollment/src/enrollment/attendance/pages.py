"""Attendance of a run's sessions, for those who take it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import segno
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person, secret_of, settings_of
from bina.web.audit import OthersRecords
from bina.web.commands import PageCommand
from bina.web.formats import number
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.live import at_one_moment, watch
from bina.web.masking import nip_for
from bina.web.permissions import may, out_of_scope, reach_of
from bina.web.problems import not_found
from bina.web.tables import Column, Key, Table
from enrollment.attendance import codes, commands, store, view
from enrollment.attendance.domain import Roll, Tally, has_opened, is_open, may_change, meets, newest
from enrollment.attendance.forms import BEFORE, CHOICE, FACE, read_faces, read_list
from enrollment.attendance.problems import nothing_said
from enrollment.attendance.store import Attender
from enrollment.attendance.subjects import ATTENDANCE, CODES
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.domain import Run, RunSession
from enrollment.catalogue.finding import run_of
from enrollment.enrolments.subjects import PARTICIPANTS
from enrollment.register import store as register
from enrollment.shell import pages

router = APIRouter()
RUN = "/enrollment/angkatan/{reference}"
ROLL = RUN + "/presensi/{session_id}"
PAGE = 200
"""Participants at once, as on the run's page."""
Taker = Annotated[Person, may("attendance.record")]
Reader = Annotated[Person, may("attendance.read")]
_PERSON = Key("person_name", "text", nullable=True)
_ID = Key("enrollment_id", "uuid")


@router.get(RUN + "/presensi")
async def current(request: Request, reference: str, person: Reader) -> Response:
    """On to the session whose attendance is taken now; to the run where it has none."""
    async with request.app.state.runtime.sessions() as session:
        run = await run_of(session, reference)
        sessions = (await catalogue.load_sessions(session, [run.run_id]))[run.run_id]
    reach = reach_of(person, "attendance.read")
    mine = [held for held in sessions if reach.covers_session(run.organiser, held.trainer_id)]
    if sessions and not mine:
        raise out_of_scope()
    place = f"{view.base_of(run)}/{newest(mine, clock.now()).session_id}" if mine else view.href_of(run)
    return RedirectResponse(place, 303)


@router.get(ROLL)
async def show(
    request: Request, reference: str, session_id: UUID, person: Reader, reads: OthersRecords
) -> Response:
    """Who is here?"""
    table = _attenders()
    asked = table.asked(request)
    secret = secret_of(request)
    async with request.app.state.runtime.sessions() as session:
        await at_one_moment(session)
        roll, sessions = await _roll(session, reference, session_id, person, "attendance.read")
        run = roll.run
        about = {PARTICIPANTS: [run.run_id], ATTENDANCE: [one.session_id for one in sessions]}
        stream = await watch(request, session, about)
        people = await asked.page(session, store.attenders_of(run.run_id, session_id), PAGE)
        context = await _context(session, roll, sessions, person, secret)
    await reads.of([roll.held.trainer_id, *(one.enrolment.asn_id for one in people.rows)])
    listed = table.shown(request, asked, people)
    taking = context["takes"] and any(may_change(one.enrolment) for one in people.rows)
    return pages.render(
        request,
        "attendance/roll.html",
        people=listed,
        taking=taking,
        stream=stream,
        nip_of=lambda one: _nip(one, person),
        **context,
    )


@router.post(ROLL)
async def record(reference: str, session_id: UUID, person: Taker, command: PageCommand) -> Response:
    """Record who came to a session."""
    said = read_list(command.form)
    rest = command.text("rest") == "present"

    async def effect(session: AsyncSession) -> str:
        roll, _sessions = await _roll(session, reference, session_id, person, "attendance.record")
        recorded = await commands.record(session, person, roll, said, rest_present=rest)
        if not recorded.changed and not recorded.meanwhile:
            raise nothing_said()
        note = f"?sementara={recorded.meanwhile}" if recorded.meanwhile else ""
        return f"{view.base_of(roll.run)}/{session_id}{note}"

    return await command.redirect(effect, done=_("Presensi tersimpan."))


@router.get(ROLL + "/cetak")
async def paper(
    request: Request, reference: str, session_id: UUID, person: Reader, reads: OthersRecords
) -> Response:
    """The list on A4, to be signed by hand."""
    async with request.app.state.runtime.sessions() as session:
        roll, sessions = await _roll(session, reference, session_id, person, "attendance.read")
        people = await store.load_attenders(session, roll.run.run_id, session_id)
        facts = await _facts(session, roll, sessions)
    await reads.of([roll.held.trainer_id, *(one.enrolment.asn_id for one in people)])
    return pages.render(
        request, "attendance/paper.html", people=people, nip_of=lambda one: _nip(one, person), **facts
    )


@router.get(ROLL + "/kode")
async def code(
    request: Request, reference: str, session_id: UUID, person: Annotated[Person, may("attendance.code")]
) -> Response:
    """The code of this half minute, for the screen of the room."""
    settings, now = settings_of(request), datetime.now(clock.ZONE)
    async with request.app.state.runtime.sessions() as session:
        stream = await watch(request, session, {CODES: [session_id], ATTENDANCE: [session_id]})
        roll, sessions = await _roll(session, reference, session_id, person, "attendance.code")
        facts = await _facts(session, roll, sessions)
        count = await store.count_marks(session, roll.run.run_id, session_id)
    shown = codes.code_at(session_id, codes.step_of(now), settings.secret)
    place = f"{settings.public_url.rstrip('/')}/enrollment/hadir"
    return pages.render(
        request,
        "attendance/code.html",
        stream=stream,
        opened=is_open(roll.held, clock.now()),
        code=f"{shown[:3]} {shown[3:]}",
        picture=_picture(f"{place}/{session_id}?kode={shown}"),
        place=place.partition("://")[2],
        count=count,
        **facts,
    )


@router.get(ROLL + "/periksa")
async def faces(
    request: Request, reference: str, session_id: UUID, person: Reader, reads: OthersRecords
) -> Response:
    """Whose code does not belong to their face?"""
    async with request.app.state.runtime.sessions() as session:
        stream = await watch(request, session, {ATTENDANCE: [session_id]})
        roll, sessions = await _roll(session, reference, session_id, person, "attendance.read")
        ids = await commands.waiting_checks(session, roll.held, secret_of(request))
        people = await store.load_attenders(session, roll.run.run_id, session_id, ids)
        facts = await _facts(session, roll, sessions)
    await reads.of([roll.held.trainer_id, *(one.enrolment.asn_id for one in people)])
    return pages.render(
        request,
        "attendance/faces.html",
        stream=stream,
        people=people,
        face=FACE,
        takes=_takes(person, roll),
        how_of=view.how_of,
        **facts,
    )


@router.post(ROLL + "/periksa")
async def check_faces(reference: str, session_id: UUID, person: Taker, command: PageCommand) -> Response:
    """Keep what was seen."""
    seen = read_faces(command.form)
    if not seen:
        raise nothing_said()

    async def effect(session: AsyncSession) -> str:
        roll, _sessions = await _roll(session, reference, session_id, person, "attendance.record")
        await commands.check_faces(session, person, roll, seen, command.text("reason"))
        return f"{view.base_of(roll.run)}/{session_id}"

    return await command.redirect(effect, done=_("Pemeriksaan tersimpan."))


@router.post(RUN + "/tetapkan")
async def settle(
    request: Request,
    reference: str,
    person: Annotated[Person, may("attendance.settle")],
    command: PageCommand,
) -> Response:
    """Let the run's rule decide who met the attendance."""

    async def effect(session: AsyncSession) -> str:
        run = await run_of(session, reference)
        await commands.settle(session, person, run, secret_of(request))
        return view.href_of(run)

    return await command.redirect(effect, done=_("Kehadiran ditetapkan."))


async def _roll(
    session: AsyncSession, reference: str, session_id: UUID, person: Person, action: str
) -> tuple[Roll, list[RunSession]]:
    """A session and all of its run that are in reach; raises `Problem`: 404, 403."""
    run = await run_of(session, reference)
    sessions = (await catalogue.load_sessions(session, [run.run_id]))[run.run_id]
    held = next((one for one in sessions if one.session_id == session_id), None)
    if held is None:
        raise not_found(_("Sesi ini tidak ada di angkatan ini."))
    commands.check_roll(person, action, Roll(run, held))
    return Roll(run, held), sessions


async def _facts(session: AsyncSession, roll: Roll, sessions: Sequence[RunSession]) -> dict[str, Any]:
    run, held = roll
    trainers = await register.load_people(session, [held.trainer_id] if held.trainer_id else [])
    return {
        "run": run,
        "held": held,
        "session_name": view.name_of(held, [one.session_id for one in sessions].index(held.session_id) + 1),
        "when": view.times_of(held),
        "trainer": trainers[0].name if trainers else "",
        "base": f"{view.base_of(run)}/{held.session_id}",
    }


async def _context(
    session: AsyncSession, roll: Roll, sessions: Sequence[RunSession], person: Person, secret: str
) -> dict[str, Any]:
    run, held = roll
    reach = reach_of(person, "attendance.read")
    mine = [one for one in sessions if reach.covers_session(run.organiser, one.trainer_id)]
    count = await store.count_marks(session, run.run_id, held.session_id)
    settles = reach_of(person, "attendance.settle").covers_run(run.organiser)
    tallies = await store.load_tallies(session, run.run_id) if settles else []
    takes = _takes(person, roll)
    opened = has_opened(held, clock.now()) and run.status != "cancelled"
    waiting = len(await commands.waiting_checks(session, held, secret))
    return {
        **await _facts(session, roll, sessions),
        "tabs": view.tabs_of(run, mine, held.session_id),
        "count": count,
        "lead": counted("%(n)s orang hadir.", count.present) % {"n": number(count.present)},
        "progress": view.progress(count.marked, count.people),
        "takes": takes and opened,
        "opened": opened,
        "shows_code": reach_of(person, "attendance.code").covers_session(run.organiser, held.trainer_id)
        and is_open(held, clock.now()),
        "looks": counted("%(n)s orang perlu diperiksa wajahnya.", waiting) % {"n": waiting}
        if waiting
        else "",
        "verdict": _verdict(run, tallies, len(sessions)),
        "rule": view.rule_of(run, len(sessions)),
        "back": view.href_of(run),
        "choice": CHOICE,
        "before": BEFORE,
        "choices": view.choices,
        "word_of": view.word_of,
        "how_of": view.how_of,
        "changes": lambda one: may_change(one.enrolment),
    }


def _takes(person: Person, roll: Roll) -> bool:
    return reach_of(person, "attendance.record").covers_session(roll.run.organiser, roll.held.trainer_id)


def _verdict(run: Run, tallies: Sequence[Tally], sessions: int) -> dict[str, int] | None:
    """Who would meet the attendance, once everything is recorded of everybody."""
    if not tallies or any(one.marked < sessions for one in tallies):
        return None
    met = sum(meets(one.present, sessions, run.attendance_percent) for one in tallies)
    return {"met": met, "missed": len(tallies) - met}


def _attenders() -> Table[Attender]:
    name = Column[Attender]("nama", _("Nama"), lambda one: one.person_name, [_PERSON])
    mark = Column[Attender]("kehadiran", _("Kehadiran"), sort=[Key("mark", "text", nullable=True), _PERSON])
    how = Column[Attender]("cara", _("Dicatat lewat"), sort=[Key("at", "timestamptz", nullable=True)])
    nip = Column[Attender]("nip", "NIP")
    unit = Column[Attender]("unit", _("Unit"), sort=[Key("unit_name", "text"), _PERSON])
    return Table("presensi", [name, mark, how, nip, unit], id=_ID, default="nama")


def _picture(address: str) -> Markup:
    """A QR code as SVG without styles of its own."""
    drawn = segno.make(address, error="m").svg_inline(
        omitsize=True, border=3, light="#fff", svgclass="qr", lineclass=None
    )
    name = Markup('<svg role="img" aria-label="{}" ').format(_("Kode QR untuk hadir"))
    return name + Markup(drawn.removeprefix("<svg "))  # noqa: S704 - drawn from our own address


def _nip(one: Attender, reader: Person) -> str:
    return nip_for(reader, one.nip, one.enrolment.asn_id, one.enrolment.agency_code, one.unit_path)
