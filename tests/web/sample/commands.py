"""A command over the API and one from a form, each with an effect in the database."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy import text

from bina.web.access import LinkedTask, Person, Visitor
from bina.web.commands import ApiCommand, PageCommand
from bina.web.forms import GuardedForm, hidden_fields, takes_files
from bina.web.pages import Pages
from bina.web.permissions import may
from bina.web.problems import Problem
from bina.web.text import PlainText

api = APIRouter()
forms = APIRouter()
pages = Pages("toy")


class Seat(BaseModel):
    name: PlainText = Field(min_length=3)
    jp: int = Field(ge=0)


async def add_person(session, name):
    await session.execute(
        text("INSERT INTO people (asn_id, name) VALUES (gen_random_uuid(), :name)"), {"name": name}
    )
    return await session.scalar(text("SELECT count(*) FROM people WHERE name = :name"), {"name": name})


@api.post("/seats", status_code=201)
async def reserve(
    seat: Seat, _person: Annotated[Person, may("programme.record")], command: ApiCommand
) -> Response:
    async def effect(session):
        seats = await add_person(session, seat.name)
        if seat.jp > 24:
            raise Problem(
                "over-ceiling", 409, "Melebihi batas 24 JP.", mend="Pilih pelatihan yang lebih pendek."
            )
        return {"seats": seats}

    return await command.answer(effect, status=201)


@api.get("/me")
async def me(person: Annotated[Person, may("catalogue.read")]) -> dict[str, str | None]:
    return {"name": person.name, "agency": person.agency_code}


@api.get("/fault")
async def fault(_visitor: Visitor) -> None:
    raise RuntimeError("secret detail of the inside")


@forms.get("/toy/rusak")
async def broken_page(_visitor: Visitor) -> None:
    raise RuntimeError("secret detail of the inside")


@forms.get("/toy/rusak/{token}")
async def broken_link(_visitor: Visitor, request: Request, token: str, nip: str) -> None:
    raise RuntimeError(f"Key (nip)=({nip}) already exists", token, request.headers["authorization"])


@forms.post("/toy/daftar")
async def enrol(_visitor: Visitor, command: PageCommand) -> Response:
    async def effect(session):
        return f"/toy/beranda?n={await add_person(session, command.text('name'))}"

    return await command.redirect(effect, done="Anda terdaftar.")


@forms.get("/toy/saya")
async def myself(person: Annotated[Person, may("home.read")]) -> Response:
    return Response(person.name)


@forms.get("/toy/kursi")
async def seat_form(request: Request, _person: Annotated[Person, may("home.read")]) -> Response:
    return HTMLResponse(f'<form method="post" action="/toy/kursi">{hidden_fields(request)}</form>')


@forms.post("/toy/kursi")
async def take_seat(_person: Annotated[Person, may("preference.set")], command: PageCommand) -> Response:
    async def effect(session):
        return f"/toy/beranda?n={await add_person(session, command.text('name'))}"

    return await command.redirect(effect)


@forms.post("/toy/berkas", dependencies=[takes_files(2, largest=1000)])
async def upload(_visitor: Visitor, command: PageCommand) -> Response:
    files = [value for _name, value in command.form.multi_items() if not isinstance(value, str)]
    return Response(",".join(str(file.size) for file in files))


@forms.get("/toy/tugas/{token}")
async def task(task_id: LinkedTask) -> Response:
    return Response(str(task_id))


@forms.post("/toy/tugas/{token}")
async def linked_form(task_id: LinkedTask, posted: GuardedForm) -> Response:
    return Response(f"{task_id} {posted.get('name')}")


@forms.get("/toy/galat")
async def problem_page(request: Request, _visitor: Visitor) -> Response:
    raise Problem(
        "run-is-full", 409, "Kursi penuh.", "Angkatan IV sudah 40 orang.", mend="Masuk daftar tunggu."
    )
