"""`/enrollment/unit`: who serves where? The tree of an agency's units, each with its people and its past."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.audit import OthersRecords, Reading
from bina.web.commands import FormCommand, PageCommand
from bina.web.formats import number
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.masking import nip_for
from bina.web.permissions import Reach, may, reach_of
from bina.web.problems import not_found
from bina.web.tables import Column, Format, Key, Page, Table, Term, export
from enrollment.register import store as register
from enrollment.register.domain import Unit
from enrollment.register.words import status_name
from enrollment.shell import pages
from enrollment.units import commands, store
from enrollment.units.domain import grow, name_of, narrowed, places_for, walked, without_closed
from enrollment.units.problems import invalid
from enrollment.units.store import Member
from enrollment.units.view import timeline

router = APIRouter()
PATH = "/enrollment/unit"
PAGE = 50
OPEN_UP_TO = 40
"""Units that a tree shows unfolded at once; of more only the top ones."""
Reader = Annotated[Person, may("people.list")]
Keeper = Annotated[Person, may("unit.record")]


@dataclass(frozen=True)
class View:
    """A unit, the agency's name and other units, and what of the agency is in reach."""

    unit: Unit
    agency: str
    units: dict[UUID, Unit]
    reach: Reach

    @property
    def trail(self) -> list[Unit]:
        """The units above that are in reach."""
        top = self.reach.unit_id
        above = [self.units[one] for one in self.unit.path[:-1]]
        return [one for one in above if top is None or top in one.path]


@router.get(PATH)
async def tree(
    request: Request, person: Reader, *, instansi: str | None = None, cari: Term = "", tutup: str = ""
) -> Response:
    """Where is a unit, and how many serve there?"""
    reach, today = reach_of(person, "people.list"), clock.today()
    code = instansi or reach.agency_code
    async with request.app.state.runtime.sessions() as session:
        if code is None:
            agencies = await store.load_agencies(session, today)
            return pages.render(request, "units/agencies.html", agencies=agencies, base=PATH)
        name = await _agency(session, reach, code)
        nodes = await store.load_nodes(session, code, reach.unit_id, today)
        above = 0 if reach.unit_id else await store.count_without(session, code, today)
    whole = grow(nodes)
    shown = whole if tutup else without_closed(whole)
    shown = narrowed(shown, cari) if cari else shown
    closed = sum(one.closed_on is not None for one in nodes)
    return pages.render(
        request,
        "units/tree.html",
        agency=name,
        code=code,
        chosen=instansi or "",
        tops=shown,
        unfolded=bool(cari) or sum(1 for _one in walked(shown)) <= OPEN_UP_TO,
        hits=sum(one.found for one in walked(shown)),
        lead=_lead(len(nodes) - closed, sum(one.whole for one in whole) + above),
        above=above,
        closed=closed,
        cari=cari,
        tutup=tutup,
        base=PATH,
        adds=reach_of(person, "unit.record").covers_place(code),
    )


@router.get(PATH + "/{unit_id}")
async def show(request: Request, unit_id: UUID, person: Reader, reads: OthersRecords) -> Response:
    """Who serves in a unit, what was it before, and what can be done with it?"""
    today, table = clock.today(), _people(person)
    asked = table.asked(request)
    async with request.app.state.runtime.sessions() as session:
        view = await _view(session, person, unit_id)
        unit = view.unit
        nodes = grow(await store.load_nodes(session, unit.agency_code, unit_id, today))
        people = await asked.page(session, _members(view, today), PAGE)
        states = await store.load_states(session, unit_id)
    await _note(reads, view, people)
    node = nodes[0]
    return pages.render(
        request,
        "units/unit.html",
        view=view,
        unit=unit,
        node=node,
        below=[one for one in node.below if one.closed_on is None],
        closed=[one for one in node.below if one.closed_on],
        lead=_unit_lead(node.people, node.whole),
        people=table.shown(request, asked, people, files=f"{PATH}/{unit_id}/pegawai"),
        past=timeline(states, view.units),
        nip_of=partial(_nip, person),
        base=PATH,
        here=f"{PATH}/{unit_id}",
        back=_home(view),
        **_keeping(view, person),
    )


@router.get(PATH + "/{unit_id}/pegawai.{form}")
async def people_file(
    request: Request, unit_id: UUID, form: Format, person: Reader, reads: OthersRecords
) -> Response:
    """The same people as a file."""
    async with request.app.state.runtime.sessions() as session:
        view = await _view(session, person, unit_id)
    found = _members(view, clock.today())
    return await export(request, _people(person, view), found, form, partial(_note_rows, reads, view))


@router.post(PATH)
async def add(person: Keeper, command: PageCommand) -> Response:
    """A new unit, at the top or below another."""
    name, agency, parent = command.text("nama"), command.text("instansi"), _id(command, "induk")

    async def effect(session: AsyncSession) -> str:
        made = await commands.add(session, person, agency, name, parent, remote=_far(command))
        return f"{PATH}/{made}"

    return await command.redirect(effect, done=_("Unit ditambahkan."))


@router.post(PATH + "/{unit_id}/nama")
async def rename(unit_id: UUID, person: Keeper, command: PageCommand) -> Response:
    """Another name; whoever serves there is told of it with it."""

    async def effect(session: AsyncSession) -> str:
        await commands.rename(session, person, unit_id, command.text("nama"), remote=_far(command))
        return f"{PATH}/{unit_id}"

    return await command.redirect(effect, done=_("Unit tersimpan."))


@router.post(PATH + "/{unit_id}/pindah")
async def move(unit_id: UUID, person: Keeper, command: PageCommand) -> Response:
    """Below another one."""
    parent = _id(command, "induk")

    async def effect(session: AsyncSession) -> str:
        await commands.move(session, person, unit_id, parent)
        return f"{PATH}/{unit_id}"

    return await command.redirect(effect, done=_("Unit dipindahkan bersama yang di bawahnya."))


@router.post(PATH + "/{unit_id}/tutup")
async def close(unit_id: UUID, person: Keeper, command: PageCommand) -> Response:
    """Close it, once nobody is there."""

    async def effect(session: AsyncSession) -> str:
        here = f"{PATH}/{unit_id}"
        await commands.close(session, person, unit_id, (_("Buka unit ini"), here))
        return here

    return await command.redirect(effect, done=_("Unit ditutup; riwayatnya tetap tersimpan."))


@router.post(PATH + "/{unit_id}/buka")
async def reopen(unit_id: UUID, person: Keeper, command: PageCommand) -> Response:
    """Open it again."""

    async def effect(session: AsyncSession) -> str:
        await commands.reopen(session, person, unit_id)
        return f"{PATH}/{unit_id}"

    return await command.redirect(effect, done=_("Unit dibuka lagi."))


async def _agency(session: AsyncSession, reach: Reach, code: str) -> str:
    agencies = await register.load_agencies(session)
    if code not in agencies or not (reach.everything or code == reach.agency_code):
        raise not_found()
    return agencies[code]


async def _view(session: AsyncSession, person: Person, unit_id: UUID) -> View:
    """A unit in reach; absent and foreign look the same."""
    reach = reach_of(person, "people.list")
    found = (await register.find_units(session, [unit_id])).get(unit_id)
    if found is None or not reach.covers_place(found.agency_code, found.path):
        raise not_found(_("Unit ini tidak ada."))
    units = await register.load_units(session, [found.agency_code])
    agencies = await register.load_agencies(session)
    return View(found, agencies[found.agency_code], units, reach)


def _keeping(view: View, person: Person) -> dict[str, Any]:
    """What the reader may do with the unit: a unit's own staff add below it and leave it where it is."""
    reach, unit = reach_of(person, "unit.record"), view.unit
    within = None if reach.everything else reach.unit_id
    places = places_for(unit, view.units, within)
    return {
        "adds": reach.covers_place(unit.agency_code, unit.path) and unit.closed_on is None,
        "keeps": reach.covers_place(unit.agency_code, unit.path[:-1]),
        "topmost": within is None,
        "parents": [(one.unit_id, name_of(one, view.units)) for one in places],
    }


def _home(view: View) -> str:
    return f"{PATH}?instansi={view.unit.agency_code}" if view.reach.everything else PATH


def _members(view: View, today: Any) -> Any:
    return store.people_of(Reach(agency_code=view.unit.agency_code, unit_id=view.unit.unit_id), today)


async def _note(reads: Reading, view: View, people: Page[Member]) -> None:
    await _note_rows(reads, view, people.rows)


async def _note_rows(reads: Reading, view: View, rows: Any) -> None:
    await reads.of([one.asn_id for one in rows], {"unit": view.unit.unit_id})


def _nip(reader: Person, one: Member) -> str:
    return nip_for(reader, one.nip, one.asn_id, one.agency_code, one.unit_path)


def _people(reader: Person, view: View | None = None) -> Table[Member]:
    columns: list[Column[Member]] = [
        Column("nama", _("Nama"), lambda one: one.name, [Key("name", "text")]),
        Column("nip", "NIP", partial(_nip, reader)),
        Column("jabatan", _("Jabatan"), lambda one: one.position, [Key("position", "text"), Key("name", "text")]),
        Column("jenjang", _("Jenjang"), lambda one: one.job_level, [Key("job_level", "text"), Key("name", "text")]),
        Column("unit", _("Unit"), lambda one: one.unit_name, [Key("unit_name", "text"), Key("name", "text")]),
        Column("status", _("Kepegawaian"), lambda one: status_name(one.status), on_page=False),
    ]  # fmt: skip
    name = f"pegawai-{view.unit.agency_code}" if view else "pegawai"
    return Table(name, columns, id=Key("asn_id", "uuid"), default="nama", place="pegawai")


def _lead(units: int, people: int) -> str:
    told = counted("%(n)s unit", units) % {"n": number(units)}
    return f"{told}, {counted('%(n)s orang bertugas.', people) % {'n': number(people)}}"


def _unit_lead(people: int, whole: int) -> str:
    if whole == people:
        return counted("%(n)s orang bertugas di unit ini.", people) % {"n": number(people)}
    values = {"n": number(people), "all": number(whole)}
    return counted("%(n)s orang di unit ini, %(all)s bersama unit di bawahnya.", people) % values


def _far(command: FormCommand) -> bool:
    return bool(command.text("terpencil"))


def _id(command: FormCommand, field: str) -> UUID | None:
    words = command.text(field)
    try:
        return UUID(words) if words else None
    except ValueError as wrong:
        raise invalid(field, _("Pilih unit dari daftar.")) from wrong
