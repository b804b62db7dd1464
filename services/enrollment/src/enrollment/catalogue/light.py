"""Seminars and workshops in one go: a programme of a day and its one run."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.language import gettext as _
from bina.web.problems import Problem
from enrollment.catalogue import announcing, store
from enrollment.catalogue.bodies import ProgrammeRow, RunRow, SessionRow
from enrollment.catalogue.view import KINDS
from enrollment.entitlement.domain import LESSON
from enrollment.imports import run_code

FORMS = {kind: KINDS[kind] for kind in (9, 4, 7)}
"""SIASN's seminar, workshop and sosialisasi: of a day, without a curriculum that anybody has to approve."""


def jp_of(starts_at: datetime, ends_at: datetime) -> int:
    """Whole JP of so long a meeting, 45 minutes each (Peraturan LAN 5/2018)."""
    return int((ends_at - starts_at).total_seconds() // 60) // LESSON


def rows_of(
    form: dict[str, Any], starts_at: datetime, ends_at: datetime, organiser: str
) -> tuple[ProgrammeRow, RunRow]:
    """The programme and its run; raises pydantic's `ValidationError` for what neither takes."""
    on: date = starts_at.date()
    programme = ProgrammeRow(
        code=form["code"], name=form["name"], jp=jp_of(starts_at, ends_at), kind_id=form["kind_id"],
        kind=FORMS[form["kind_id"]], mode="daring" if form["link"] else "klasikal", quota=form["seats"],
    )  # fmt: skip
    speaker = UUID(form["speaker"]) if form["speaker"] else None
    session = SessionRow(
        starts_at=starts_at, ends_at=ends_at, title=form["name"][:200], place=form["location"], link=form["link"], speaker=speaker
    )  # fmt: skip
    run = RunRow(
        code=form["code"], programme=form["code"], organiser=organiser, starts_on=on, ends_on=on, seats=form["seats"],
        location=form["location"], open_to=form["open_to"] or None, sessions=[session],
    )  # fmt: skip
    return programme, run


async def hold(session: AsyncSession, programme: ProgrammeRow, run: RunRow, agency: str | None) -> str:
    """Record the one and announce the other; returns the run's code. Raises `Problem` (409) for a code that is taken."""
    code = run_code(run.code)
    await store.hold_catalogue(session)
    taken = await store.load_programmes(session, [programme.code]) or await store.load_runs_by_code(
        session, [code]
    )
    if taken or await store.load_draft(session, programme.code):
        raise Problem("run-known", 409, _("Kode angkatan ini sudah dipakai."), mend=_("Pakai kode lain."))
    await announcing.record_programmes(session, [programme], agency)
    await announcing.announce_runs(session, [run])
    return code
