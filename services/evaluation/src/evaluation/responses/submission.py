"""Handing in answers: judged, stored with a receipt, told, in one transaction."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.evaluation import EvaluationTaskClosed
from bina.messaging import clock, emit
from bina.web import audit
from bina.web.language import gettext as _
from bina.web.permissions import Reach
from bina.web.problems import Fault, Problem, not_found
from evaluation.impact import store as impact

from . import domain, store
from .store import Assignment, Form


async def assignment_in_reach(session: AsyncSession, task_id: UUID, reach: Reach) -> Assignment:
    """A task as its respondent, or as whoever answers on everybody's behalf; 404 for others."""
    assignment = await store.find_assignment(session, task_id)
    own = assignment is not None and reach.own is not None and assignment.respondent_id == reach.own
    if assignment is None or not (own or reach.everything):
        raise not_found()
    return assignment


async def submit(
    session: AsyncSession, assignment: Assignment, given: Mapping[str, Any], *, on_behalf: bool = False
) -> str:
    """Take answers and return the receipt; the same answers again return the same receipt.

    Raises 422 `answers-invalid` (faults by question) and 409 `task-closed` or `task-answered`.
    """
    form = await store.find_form(session, assignment)
    checked = domain.check(form.questions, given)
    if checked.faults:
        raise _invalid(form, checked)
    receipt = await store.add_response(session, form, checked.answers, clock.today(), on_behalf=on_behalf)
    if receipt is None:
        return await _known_receipt(session, assignment, domain.digest_of(checked.answers))
    assert assignment.respondent_id is not None
    note_answered(session, assignment)
    closed = EvaluationTaskClosed(
        task_id=assignment.task_id, respondent_id=assignment.respondent_id, reason="answered"
    )
    await emit(session, [closed])
    await impact.schedule_publication(session, [assignment.run_id], clock.now())
    await impact.schedule_cells(session, [assignment.run_id], clock.now())
    return receipt


def note_answered(session: AsyncSession, task: Assignment) -> None:
    """Note that a task was answered, and for whom; never what."""
    audit.changed(session, "task", task.task_id, {"state": "open"}, {"state": "answered"})
    audit.on_behalf(session, [task.respondent_id])


async def _known_receipt(session: AsyncSession, assignment: Assignment, digest: bytes) -> str:
    known = await store.find_receipt(session, assignment.task_id)
    if known is None:
        raise _closed()
    if known[0] != digest:
        raise _answered(known[1])
    return known[1]


async def must_be_open(session: AsyncSession, assignment: Assignment) -> None:
    """Raise 409 `task-answered` or `task-closed` where a task takes no answers any more."""
    known = await store.find_receipt(session, assignment.task_id)
    if known is not None:
        raise _answered(known[1])
    if assignment.state != "open" or assignment.closes_on < clock.today():
        raise _closed()


def _closed() -> Problem:
    return Problem(
        "task-closed",
        409,
        _("Tugas ini sudah ditutup."),
        _("Jawaban tidak dapat diterima lagi."),
        mend=_("Lihat tugas lain yang masih terbuka."),
    )


def _answered(receipt: str) -> Problem:
    return Problem(
        "task-answered",
        409,
        _("Tugas ini sudah dijawab dengan nomor bukti %(receipt)s.") % {"receipt": receipt},
        mend=_("Jawaban yang sudah terkirim tidak dapat diganti."),
    )


def words_of(fault: domain.Fault) -> str:
    """What is wrong with an answer, for its respondent."""
    return {
        "missing": _("Pertanyaan ini belum dijawab."),
        "unknown": _("Pertanyaan ini tidak ada pada formulir."),
        "ambiguous": _("Tulis bilangannya tanpa tanda titik, misalnya 1234."),
        "number": _("Isi dengan bilangan yang wajar."),
        "long": _("Jawaban terlalu panjang, paling banyak %(n)s karakter.") % {"n": domain.LONGEST_TEXT},
    }.get(fault.code, _("Pilih salah satu jawaban yang tersedia."))


def _invalid(form: Form, checked: domain.Checked) -> Problem:
    order = {question.id: place for place, question in enumerate(form.questions)}
    faults = sorted(checked.faults, key=lambda fault: order.get(fault.question, len(order)))
    return Problem(
        "answers-invalid",
        422,
        _("Ada jawaban yang belum benar."),
        mend=_("Perbaiki jawaban di bawah ini, lalu kirim lagi."),
        errors=[Fault(fault.question, words_of(fault)) for fault in faults],
    )
