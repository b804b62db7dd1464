"""A sample of every component with plausible data: what the shell's tests and reviewers look at."""

from datetime import date
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request, Response

from bina.web import charts
from bina.web.access import Person, Visitor
from bina.web.forms import GuardedForm
from bina.web.gallery import UNITS, figures
from bina.web.pages import Pages
from bina.web.permissions import may

pages = Pages("toy", Path(__file__).parent)
router = APIRouter()


@router.get("/toy/beranda")
async def home(request: Request, _person: Visitor) -> Response:
    jp = charts.jp_floor(14, 4, target=20, until=date(2026, 12, 31))
    return pages.render(request, "pelatihan/home.html", jp=jp)


@router.get("/toy/isi/1")
async def survey(request: Request, _person: Visitor) -> Response:
    return pages.render(request, "pelatihan/survey.html", errors={})


@router.post("/toy/isi/1")
async def answer(request: Request, form: GuardedForm, _person: Visitor) -> Response:
    errors = {} if form.get("people") else {"people": "Isi jumlah rekan, boleh 0."}
    return pages.render(request, "pelatihan/survey.html", status_code=422, errors=errors)


@router.get("/toy/dampak")
async def impact(request: Request, _person: Annotated[Person, may("impact.read")]) -> Response:
    return pages.render(request, "pelatihan/impact.html", units=UNITS, charts=figures())
