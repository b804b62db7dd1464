"""The respondent's pages: what is due, the form, the review, the receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData

from bina.messaging import clock
from bina.web import offline
from bina.web.access import Person, Visitor
from bina.web.audit import OthersRecords
from bina.web.audit.renewing import follow
from bina.web.commands import FormCommand, PageCommand
from bina.web.forms import GuardedForm
from bina.web.language import gettext as _
from bina.web.live import watch
from bina.web.permissions import may
from bina.web.problems import not_found
from bina.web.tables import Column, Format, Key, Page, Rows, Table, export
from evaluation.links import OpenLink
from evaluation.site import pages

from . import domain, drafts, store, submission, view
from .store import Assignment, Form
from .subjects import OPEN_TASKS

router = APIRouter()
Respondent = Annotated[Person, may("task.own")]
Filler = Annotated[Person, may("task.fill")]
ANSWERED = 5


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one respondent answers one task: under their session or under a personal link."""

    task_id: UUID
    brief: str
    form: str
    api: str
    home: str = ""


def _own(task_id: UUID) -> Desk:
    brief, form = f"/evaluation/tugas/{task_id}", f"/evaluation/isi/{task_id}"
    return Desk(task_id, brief, form, f"/evaluation/api/v1/tasks/{task_id}", "/evaluation/tugas")


def _linked(task_id: UUID, token: str) -> Desk:
    brief = f"/evaluation/tautan/{token}"
    return Desk(task_id, brief, f"{brief}/isi", f"/evaluation/api/v1/links/{token}")


@router.get("/evaluation/survei.js")
async def worker(_visitor: Visitor) -> Response:
    """The service worker of forms, each of which registers it for its own path alone."""
    return offline.worker("/evaluation/")


@router.get("/evaluation/tugas")
async def inbox(
    request: Request,
    person: Respondent,
    reads: OthersRecords,
    angkatan: UUID | None = None,
    formulir: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """What am I to answer, by when?"""
    async with request.app.state.runtime.sessions() as session:
        stream = await watch(request, session, {OPEN_TASKS: [_me(person)]})
        found = await store.load_open(session, _me(person), clock.today())
        answered = await store.load_answered(session, _me(person), ANSWERED)
    await reads.of([a.about_id for a in (*found, *answered)])
    group = [a for a in found if (a.run_id, a.instrument_code) == (angkatan, formulir)]
    if group:
        rows = [view.row_of(a, clock.today()) for a in group]
        head = view.rows_of(group, clock.today())[0]
        return pages.render(
            request, "responses/group.html", rows=rows, head=head, programme=group[0].programme_name
        )
    rows, table = view.rows_of(found, clock.today()), _table()
    return pages.render(
        request,
        "responses/inbox.html",
        stream=stream,
        rows=rows,
        answered=answered,
        titles=view.titles(),
        count=len(found),
        list=table.shown(request, table.asked(request), Page(found), files="/evaluation/tugas"),
    )


@router.get("/evaluation/tugas.{form}")
async def inbox_file(request: Request, person: Respondent, reads: OthersRecords, form: Format) -> Response:
    """One's open tasks as a file, those that the page sums up one by one."""
    async with request.app.state.runtime.sessions() as session:
        found = await store.load_open(session, _me(person), clock.today())

    async def note(rows: Sequence[Assignment]) -> None:
        await reads.of([a.about_id for a in rows])

    return await export(request, _table(), Rows(found), form, note)


def _table() -> Table[Assignment]:
    """One person's tasks, alike ones on one line of the page: short by nature, so it is not sorted otherwise."""
    titles, closes = view.titles(), Key("closes_on", "date")
    columns: list[Column[Assignment]] = [
        Column("tugas", _("Tugas"), lambda task: titles[task.instrument_code]),
        Column("tentang", _("Tentang"), view.about),
        Column("pelatihan", _("Pelatihan"), lambda task: task.programme_name),
        Column("kode", _("Kode angkatan"), lambda task: task.run_code),
        Column("tenggat", _("Tenggat"), lambda task: task.closes_on),
    ]
    order = [closes, Key("programme_name", "text"), Key("instrument_code", "text"), Key("about_name", "text")]
    return Table("tugas-menilai", columns, id=Key("task_id", "uuid"), order=order)


@router.get("/evaluation/potongan/beranda")
async def fragment(request: Request, person: Respondent, reads: OthersRecords) -> Response:
    """Three tasks by deadline for the page Beranda; opened on its own it leads to the whole list."""
    if "x-fragment" not in request.headers:
        return RedirectResponse("/evaluation/tugas", 303)
    follow(request)
    async with request.app.state.runtime.sessions() as session:
        found = await store.load_open(session, _me(person), clock.today())
    await reads.of([a.about_id for a in found[:3]])
    rows = view.rows_of(found, clock.today())
    return pages.render(request, "responses/fragment.html", rows=rows[:3], count=len(found))


@router.get("/evaluation/tugas/{task_id}")
async def brief(request: Request, task_id: UUID, person: Respondent, reads: OthersRecords) -> Response:
    """Whom do I assess, until when? Once answered: the receipt."""
    async with request.app.state.runtime.sessions() as session:
        form = await _form(session, task_id, _me(person))
        mine = await store.load_open(session, _me(person), clock.today())
    await reads.of([form.assignment.about_id])
    same = [a for a in mine if (a.run_id, a.instrument_code) == _group(form.assignment)]
    return _brief(request, _own(task_id), form, same)


@router.get("/evaluation/isi/{task_id}")
async def fill(request: Request, task_id: UUID, person: Respondent, reads: OthersRecords) -> Response:
    """The questions."""
    async with request.app.state.runtime.sessions() as session:
        form = await _form(session, task_id, _me(person))
        draft = await drafts.load(session, form.assignment)
    await reads.of([form.assignment.about_id])
    return _questions(request, _own(task_id), form, draft)


@router.post("/evaluation/isi/{task_id}")
async def review(
    request: Request, task_id: UUID, person: Filler, reads: OthersRecords, posted: GuardedForm
) -> Response:
    """Look over the answers before they are sent, or go back to them."""
    async with request.app.state.runtime.sessions() as session:
        form = await _form(session, task_id, _me(person))
    await reads.of([form.assignment.about_id])
    return _review(request, _own(task_id), form, posted)


@router.post("/evaluation/isi/{task_id}/kirim")
async def send(task_id: UUID, person: Filler, command: PageCommand) -> Response:
    """Hand the answers in."""
    return await _send(_own(task_id), _me(person), command)


@router.get("/evaluation/tautan/{token}")
async def linked_brief(request: Request, token: str, task_id: OpenLink, reads: OthersRecords) -> Response:
    """The same for whoever holds a personal link."""
    async with request.app.state.runtime.sessions() as session:
        form = await _form(session, task_id)
    await reads.of([form.assignment.about_id])
    return _brief(request, _linked(task_id, token), form, [])


@router.get("/evaluation/tautan/{token}/isi")
async def linked_fill(request: Request, token: str, task_id: OpenLink, reads: OthersRecords) -> Response:
    """The questions, under a personal link."""
    async with request.app.state.runtime.sessions() as session:
        form = await _form(session, task_id)
        draft = await drafts.load(session, form.assignment)
    await reads.of([form.assignment.about_id])
    return _questions(request, _linked(task_id, token), form, draft)


@router.post("/evaluation/tautan/{token}/isi")
async def linked_review(
    request: Request, token: str, task_id: OpenLink, posted: GuardedForm, reads: OthersRecords
) -> Response:
    """The review, under a personal link."""
    async with request.app.state.runtime.sessions() as session:
        form = await _form(session, task_id)
    await reads.of([form.assignment.about_id])
    return _review(request, _linked(task_id, token), form, posted)


@router.post("/evaluation/tautan/{token}/isi/kirim")
async def linked_send(token: str, task_id: OpenLink, command: PageCommand) -> Response:
    """Hand the answers in, under a personal link."""
    return await _send(_linked(task_id, token), None, command)


def _me(person: Person) -> UUID:
    """Whoever answers is a person; a machine has no tasks of its own."""
    if person.person_id is None:
        raise not_found()
    return person.person_id


async def _form(session: AsyncSession, task_id: UUID, person: UUID | None = None) -> Form:
    """The form of a task; under a session only of one's own, under a link of the one it names."""
    return await store.find_form(session, await _assignment(session, task_id, person))


async def _assignment(session: AsyncSession, task_id: UUID, person: UUID | None) -> Assignment:
    assignment = await store.find_assignment(session, task_id)
    if assignment is None or (person is not None and assignment.respondent_id != person):
        raise not_found()
    return assignment


def _group(assignment: Assignment) -> tuple[UUID, str]:
    return assignment.run_id, assignment.instrument_code


def _is_open(assignment: Assignment) -> bool:
    return assignment.state == "open" and assignment.closes_on >= clock.today()


def _brief(request: Request, desk: Desk, form: Form, same: list[Assignment]) -> Response:
    assignment = form.assignment
    name = "responses/brief.html" if _is_open(assignment) else "responses/receipt.html"
    following = next((a for a in same if a.task_id != assignment.task_id), None)
    return pages.render(
        request,
        name,
        desk=desk,
        task=assignment,
        brief=view.brief(form),
        following=following,
        remaining=len(same),
    )


def _questions(
    request: Request,
    desk: Desk,
    form: Form,
    given: Mapping[str, Any],
    errors: dict[str, str] | None = None,
) -> Response:
    if not _is_open(form.assignment):
        return RedirectResponse(desk.brief, 303)
    questions = view.asked(form, given, errors)
    numbers = {question.id: number for number, question in enumerate(questions, 1)}
    return pages.render(
        request,
        "responses/form.html",
        status_code=422 if errors else 200,
        desk=desk,
        task=form.assignment,
        brief=view.brief(form),
        questions=questions,
        faults={name: f"{numbers[name]}. {words}" for name, words in (errors or {}).items()},
    )


def _review(request: Request, desk: Desk, form: Form, posted: FormData) -> Response:
    if posted.get("langkah") == "ubah":
        return _questions(request, desk, form, posted)
    checked = domain.check(form.questions, _given(form, posted))
    if checked.faults:
        errors = {fault.question: submission.words_of(fault) for fault in checked.faults}
        ordered = {q.id: errors[q.id] for q in form.questions if q.id in errors}
        return _questions(request, desk, form, posted, ordered)
    return pages.render(
        request,
        "responses/review.html",
        desk=desk,
        task=form.assignment,
        brief=view.brief(form),
        questions=view.asked(form, posted),
    )


async def _send(desk: Desk, person: UUID | None, command: FormCommand) -> Response:
    async def effect(session: AsyncSession) -> str:
        assignment = await _assignment(session, desk.task_id, person)
        form = await store.find_form(session, assignment)
        await submission.submit(session, assignment, _given(form, command.form))
        return desk.brief

    return await command.redirect(effect)


def _given(form: Form, posted: FormData) -> dict[str, str]:
    """The form's own fields; whatever else was posted is the shell's."""
    values = {question.id: posted.get(question.id) for question in form.questions}
    return {name: value for name, value in values.items() if isinstance(value, str)}
