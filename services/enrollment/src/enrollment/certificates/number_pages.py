"""`/enrollment/nomor-sertifikat`: how does an agency number its certificates?"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.commands import PageCommand
from bina.web.language import gettext as _
from bina.web.permissions import may, out_of_scope, reach_of
from bina.web.problems import Problem, not_found
from enrollment.certificates import issuing, store
from enrollment.certificates.domain import PATTERN, BrokenPattern, Series, check_pattern
from enrollment.register import store as register
from enrollment.shell import pages

router = APIRouter()
PATH = "/enrollment/nomor-sertifikat"
EXAMPLE = "PBJ", "PBJ-2026-04"
"""A programme and a run, to show what a pattern makes of them."""
READ, CHANGE = "certificate.series", "certificate.number"
Reader = Annotated[Person, may(READ)]
Numberer = Annotated[Person, may(CHANGE)]


@router.get(PATH)
async def show(
    request: Request,
    person: Reader,
    instansi: Annotated[str, Query(max_length=64)] = "",
    pola: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """By which pattern, which number comes next, and what another pattern (`pola`) would make of it."""
    return await _page(request, person, instansi, None if pola is None else "".join(pola.split()))


@router.post(PATH)
async def change(request: Request, person: Numberer, command: PageCommand) -> Response:
    """Number by another pattern from the next number on."""
    agency, pattern = command.text("instansi"), "".join(command.text("pola").split())
    _check_reach(person, CHANGE, agency)

    async def effect(session: AsyncSession) -> str:
        await issuing.set_pattern(session, agency, pattern)
        return f"{PATH}?instansi={agency}"

    try:
        return await command.redirect(effect, done=_("Pola nomor berlaku mulai nomor berikutnya."))
    except Problem as problem:
        if problem.type != "invalid-input":
            raise
        return await _page(request, person, agency, pattern, error=problem.errors[0].what)


async def _page(
    request: Request, person: Person, agency: str, pattern: str | None, error: str = ""
) -> Response:
    reach, year = reach_of(person, READ), clock.today().year
    code = agency or reach.agency_code or ""
    if code:
        _check_reach(person, READ, code)
    async with request.app.state.runtime.sessions() as session:
        agencies = await register.load_agencies(session)
        if code and code not in agencies:
            raise not_found(_("Instansi belum terdaftar."))
        current = (await store.load_pattern(session, code) if code else "") or PATTERN
        last = await store.last_of(session, code, year) if code else 0
    asked = current if pattern is None else pattern
    wrong = error or _words_of(asked)
    return pages.render(
        request,
        "certificates/numbers.html",
        status_code=422 if error else 200,
        code=code,
        agencies=agencies if reach.everything else {},
        agency_name=agencies.get(code, ""),
        current=current,
        asked=asked,
        next_number=_made(current, code, year, last + 1),
        tried=[_made(asked, code, year, last + n) for n in (1, 2)] if asked != current and not wrong else [],
        error=wrong,
        last=last,
        year=year,
        path=PATH,
    )


def _check_reach(person: Person, action: str, agency: str) -> None:
    if not reach_of(person, action).covers_place(agency):
        raise out_of_scope()


def _words_of(pattern: str) -> str:
    """What is wrong with a pattern; empty for one that will do."""
    try:
        check_pattern(pattern)
    except BrokenPattern:
        return issuing.pattern_words()
    return ""


def _made(pattern: str, agency: str, year: int, place: int) -> str:
    """A number of the series, for an example's run; empty for a pattern that makes none."""
    if _words_of(pattern):
        return ""
    programme, run = EXAMPLE
    return Series(pattern, agency, programme, run, year).number(place)
