"""Submitting answers: the command that a form and a machine share."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from assessment.assessments import domain, store
from assessment.assessments.store import Assessment
from assessment.assessments.taking import Submission, submit
from assessment.assessments.views import card, questions, unanswered
from bina.messaging import emit
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem, not_found


async def answer(session: AsyncSession, test: Assessment, letters: Mapping[str, str], on: date) -> Assessment:
    """Take the answers (item id to the letter shown) in this transaction; returns the scored test.

    Raises 409 for a test that was taken or may no longer be, 422 where a question lacks an answer.
    """
    held = await store.lock(session, test.asn_id, test.assessment_id)
    if held is None:
        raise not_found()
    check_takeable(held, on)
    asked = questions(held)
    if missing := unanswered(asked, letters):
        raise _incomplete(missing)
    chosen = domain.chosen_of(held.assessment_id, [q.item for q in asked], letters)
    await emit(session, await submit(session, [Submission(held, chosen, on)]))
    return await _scored(session, held.assessment_id)


def check_takeable(test: Assessment, on: date) -> None:
    """Raise 409 unless answers still count on a day."""
    standing = card(test, on).standing
    if standing == "scored":
        raise Problem(
            "assessment-already-scored",
            409,
            _("Tes ini sudah dikerjakan."),
            mend=_("Jawaban pertama yang dihitung. Lihat hasilnya di daftar tes."),
        )
    if standing in {"closed", "missed"}:
        raise Problem(
            "assessment-closed",
            409,
            _("Tes ini sudah ditutup."),
            _("Pre-test hanya berlaku sampai hari pertama pelatihan.") if standing == "missed" else "",
            mend=_("Kembali ke daftar tes."),
        )


async def _scored(session: AsyncSession, assessment_id: UUID) -> Assessment:
    found = await store.find(session, assessment_id)
    assert found is not None
    return found


def _incomplete(missing: Mapping[str, str]) -> Problem:
    return Problem(
        "answers-incomplete",
        422,
        counted("%(n)s soal belum dijawab.", len(missing)) % {"n": len(missing)},
        mend=_("Pilih satu jawaban untuk setiap soal, lalu kirim lagi."),
        errors=[Fault(item_id, words) for item_id, words in missing.items()],
    )
