"""`/enrollment/seminar-baru`: a seminar, workshop or sosialisasi of one day by one short form."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person
from bina.web.audit import Reading
from bina.web.commands import PageCommand
from bina.web.language import gettext as _
from bina.web.permissions import check_runs, may, reach_of
from bina.web.problems import Problem
from enrollment.catalogue import light, run_form
from enrollment.catalogue.programme_form import codes_in, count_in
from enrollment.partners import store as partners
from enrollment.register import store as register
from enrollment.shell import pages

router = APIRouter()
PATH = "/enrollment/seminar-baru"
FIELDS = (
    "kind_id",
    "code",
    "name",
    "day",
    "from",
    "to",
    "location",
    "link",
    "seats",
    "open_to",
    "speaker",
    "organiser",
)
READ = "run.form"


@router.get(PATH)
async def new(request: Request, person: Annotated[Person, may(READ)]) -> Response:
    """An empty form."""
    return await _form(request, person, {}, {})


@router.post(PATH)
async def hold(
    request: Request, person: Annotated[Person, may("run.announce")], command: PageCommand
) -> Response:
    """Record its programme and announce its run."""
    given = {name: command.text(name) for name in FIELDS}
    organiser = given["organiser"] or person.agency_code or ""
    starts, ends = (run_form.joined(given["day"], given[name]) for name in ("from", "to"))
    wrong = {name: words for name, words in _wrong(given).items() if words}
    if starts is None or ends is None or light.jp_of(starts, ends) < 1:
        wrong["day"] = _("Isi tanggal dan jamnya; sedikitnya 45 menit.")
    if wrong or starts is None or ends is None:
        return await _form(request, person, given, wrong)
    check_runs(person, "run.announce", {organiser})
    values: dict[str, Any] = given | {"kind_id": int(given["kind_id"]), "seats": int(given["seats"])}
    try:
        rows = light.rows_of(values | {"open_to": codes_in(given["open_to"])}, starts, ends, organiser)
    except (ValidationError, ValueError):
        return await _form(
            request, person, given, {"name": _("Isian ini terlalu panjang atau di luar batas.")}
        )

    async def effect(session: AsyncSession) -> str:
        agency = reach_of(person, "programme.record").agency_code
        return f"/enrollment/angkatan/{await light.hold(session, *rows, agency)}"

    try:
        return await command.redirect(effect, done=_("Diumumkan: pendaftaran terbuka."))
    except Problem as problem:
        if problem.type != "invalid-input":
            raise
        places = {fault.where.rpartition(".")[2]: fault.what for fault in problem.errors}
        return await _form(
            request, person, given, {("day" if k == "starts_at" else k): v for k, v in places.items()}
        )


async def _form(request: Request, person: Person, given: dict[str, str], wrong: dict[str, str]) -> Response:
    async with request.app.state.runtime.sessions() as session:
        speakers = await partners.load_choices(session, "speakers")
        noted = await partners.load_speakers_to_note(session)
        agencies = await register.load_agencies(session)
    await Reading(request).of(noted)
    reach = reach_of(person, READ)
    return pages.render(
        request,
        "catalogue/light_form.html",
        status_code=422 if wrong else 200,
        given=given,
        errors=wrong,
        kinds=list(light.FORMS.items()),
        speakers=speakers,
        organisers=[(code, name) for code, name in agencies.items() if reach.covers_run(code)],
        action=PATH,
    )


def _wrong(given: dict[str, str]) -> dict[str, str]:
    return {
        "kind_id": "" if count_in(given["kind_id"]) in light.FORMS else _("Pilih jenis pelatihannya."),
        "code": ""
        if given["code"] and "/" not in given["code"]
        else _("Isi kode tanpa garis miring, paling panjang 64 huruf."),
        "name": "" if given["name"] else _("Isi nama programnya."),
        "seats": "" if count_in(given["seats"]) else _("Isi jumlah kursinya."),
        "link": ""
        if not given["link"] or given["link"].startswith("https://")
        else _("Tautan dimulai dengan https://"),
    }
