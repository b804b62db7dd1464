"""The operator's page: interviews that wait for an evaluator."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from bina.web.access import Person, issue_task_link, settings_of
from bina.web.audit import OthersRecords, Reading
from bina.web.commands import FormCommand, PageCommand
from bina.web.language import gettext as _
from bina.web.permissions import may, reach_of
from bina.web.problems import Problem, not_found
from bina.web.tables import Column, Format, Key, Rows, Table, export
from evaluation.links import revoke_links
from evaluation.site import pages

from . import interviews, windows
from .api import MOST, Appointment, appoint
from .interviews import UnderWay, Waiting

router = APIRouter()
PATH = "/evaluation/penilai"
PAGE = 20


@router.get(PATH)
async def evaluators(
    request: Request, person: Annotated[Person, may("interview.list")], reads: OthersRecords
) -> Response:
    """Which interviews have nobody to hold them?"""
    return await _page(request, person, reads)


@router.get(PATH + ".{form}")
async def waiting_file(
    request: Request, person: Annotated[Person, may("interview.list")], form: Format
) -> Response:
    """Runs with interviews that wait for an evaluator, as a file."""
    async with request.app.state.runtime.sessions() as session:
        waiting = await interviews.load_waiting(session, reach_of(person, "interview.list"))
    return await export(request, _waiting_table(), Rows(waiting), form)


@router.get(PATH + "/berjalan.{form}")
async def under_way_file(
    request: Request, person: Annotated[Person, may("interview.list")], reads: OthersRecords, form: Format
) -> Response:
    """Open interviews as a file: those that the page shows, so nobody to those who only look."""
    found = interviews.under_way(reach_of(person, "interview.link"))
    return await export(request, _under_way_table(), found, form, partial(_note, reads))


@router.post(PATH)
async def post_evaluators(
    request: Request,
    person: Annotated[Person, may("evaluator.appoint")],
    reads: OthersRecords,
    command: PageCommand,
) -> Response:
    """Appoint evaluators by NIP."""
    nips, where = re.findall(r"\d{18}", command.text("evaluators")), command.text("where")
    if not nips or not where or len(nips) > MOST:
        errors = {} if where else {"where": _("Pilih untuk siapa evaluator ditunjuk.")}
        errors |= {} if nips else {"evaluators": _("Isi sedikitnya satu NIP, 18 angka.")}
        return await _page(
            request, person, reads, command, errors or {"evaluators": _("Terlalu banyak NIP.")}
        )

    async def effect(session: AsyncSession) -> str:
        await appoint(session, _wanted(where, nips), person)
        return PATH

    try:
        return await command.redirect(effect, done=_("Evaluator ditunjuk; tugasnya segera terbuka."))
    except Problem as problem:
        if problem.type != "evaluator-unknown":
            raise
        missing = ", ".join(fault.what for fault in problem.errors)
        return await _page(
            request,
            person,
            reads,
            command,
            {"evaluators": _("NIP tidak dikenal: %(nips)s") % {"nips": missing}},
        )


@router.post(PATH + "/cabut")
async def revoke(person: Annotated[Person, may("interview.link")], command: PageCommand) -> Response:
    """Close the personal links to an interview that were given out so far."""
    task_id = _task(command.text("task"))

    async def effect(session: AsyncSession) -> str:
        if not await interviews.is_under_way(session, reach_of(person, "interview.link"), task_id):
            raise not_found()
        await revoke_links(session, task_id)
        audit.changed(session, "links", task_id, {"revoked": False}, {"revoked": True})
        return PATH

    return await command.redirect(effect, done=_("Tautan lama dicabut. Kirim tautan baru bila perlu."))


def _task(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise not_found() from None


def _wanted(where: str, nips: list[str]) -> Appointment:
    """The audience that the form's choice names; 404 for one that the form never offered."""
    scope, _colon, key = where.partition(":")
    try:
        if scope == "agency":
            return Appointment(agency_code=key, evaluators=nips)
        return Appointment(run_id=UUID(key), evaluators=nips)
    except ValueError:
        raise not_found() from None


async def _page(
    request: Request,
    person: Person,
    reads: OthersRecords,
    command: FormCommand | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    wait, run = _waiting_table(), _under_way_table()
    asked_wait, asked_run = wait.asked(request), run.asked(request)
    async with request.app.state.runtime.sessions() as session:
        waiting = await interviews.load_waiting(session, reach_of(person, "interview.list"))
        part = await asked_wait.page(session, Rows(waiting), PAGE)
        page = await asked_run.page(session, interviews.under_way(reach_of(person, "interview.link")), PAGE)
    await _note(reads, page.rows)
    return pages.render(
        request,
        "tasks/evaluators.html",
        status_code=422 if errors else 200,
        waiting=wait.shown(request, asked_wait, part, files=PATH),
        under_way=run.shown(request, asked_run, page, files=f"{PATH}/berjalan"),
        links=[(row, _link(request, row)) for row in page.rows],
        revocable=[(str(row.task_id), f"{row.evaluator} · {row.alumnus}") for row in page.rows],
        scopes=_scopes(person, waiting),
        total=sum(w.waiting for w in waiting),
        given={name: command.text(name) if command else "" for name in ("where", "evaluators")},
        errors=errors or {},
    )


async def _note(reads: Reading, rows: Sequence[UnderWay]) -> None:
    await reads.of(chain.from_iterable((row.evaluator_id, row.alumnus_id) for row in rows))


def _waiting_table() -> Table[Waiting]:
    """Runs, summed up on the page and so few enough to be sorted there."""
    name, closes = Key("programme_name", "text"), Key("closes_on", "date")
    columns: list[Column[Waiting]] = [
        Column("pelatihan", _("Pelatihan"), lambda row: row.programme_name, [name, closes]),
        Column("kode", _("Kode angkatan"), lambda row: row.run_code, on_page=False),
        Column("wawancara", _("Wawancara"), lambda row: row.waiting, [Key("waiting", "bigint")], number=True, descending=True),
        Column("tenggat", _("Tenggat"), lambda row: row.closes_on, [closes], number=True),
    ]  # fmt: skip
    return Table(
        "menunggu-evaluator", columns, id=Key("run_code", "text"), default="tenggat", place="menunggu"
    )


def _under_way_table() -> Table[UnderWay]:
    """Without the personal links: whoever holds one answers in the evaluator's place."""
    closes = Key("closes_on", "date")
    columns: list[Column[UnderWay]] = [
        Column("evaluator", _("Evaluator"), lambda row: row.evaluator, [Key("evaluator", "text"), closes]),
        Column("alumni", _("Alumni"), lambda row: row.alumnus, [Key("alumnus", "text"), closes]),
        Column("pelatihan", _("Pelatihan"), lambda row: row.programme_name, [Key("programme_name", "text"), closes]),
        Column("tenggat", _("Tenggat"), lambda row: row.closes_on, [closes]),
    ]  # fmt: skip
    return Table("wawancara", columns, id=Key("task_id", "uuid"), default="tenggat", place="berjalan")


def _scopes(person: Person, waiting: Sequence[Waiting]) -> list[tuple[str, str]]:
    """For whom the reader may appoint; a unit's operator for nobody, as appointments are the agency's."""
    reach = reach_of(person, "evaluator.appoint")
    agency = [(f"agency:{reach.agency_code}", _("Semua pegawai instansi kami"))] if reach.agency_code else []
    own = [
        (f"run:{w.run_id}", f"{w.programme_name} ({w.run_code})")
        for w in waiting
        if reach.covers_run(w.organiser)
    ]
    return [*agency, *own]


def _link(request: Request, row: UnderWay) -> str:
    """A personal link that lasts as long as the task: tokens live by wall time, tasks by business time."""
    left = windows.midnight(row.closes_on + timedelta(days=1)) - clock.now()
    settings = settings_of(request)
    token = issue_task_link(row.task_id, settings.secret, datetime.now(UTC) + left)
    return f"{settings.public_url}/evaluation/tautan/{token}"
