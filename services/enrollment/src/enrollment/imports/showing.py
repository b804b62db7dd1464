"""What the page of an import is made of: its facts, and the rows that its state lets one look at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import Person
from bina.web.audit import Reading
from bina.web.formats import number
from bina.web.language import gettext as _
from bina.web.masking import masked_in
from bina.web.navigation import Link
from bina.web.permissions import reach_of
from bina.web.tables import Column, Key, Table
from enrollment.imports import commands, row_view, store
from enrollment.imports.files import advice
from enrollment.imports.row_view import Text
from enrollment.imports.store import Import, Listed, Planned, Told, Which
from enrollment.register import store as register

PATH = "/enrollment/impor"
PAGE = 10
"""Rows at once: two lists share a page, and phones show each row as a card."""
NAMED = 10
"""Rows that a page names one by one where they stand in the way."""
ROW = Key("row", "bigint")
Term = Annotated[str, Field(max_length=40, pattern=r"^[^\x00]*$")]


class Asked(BaseModel):
    """What to show of an import: the columns again, problems of one cause, planned rows of one fate."""

    langkah: Literal["", "kolom"] = ""
    masalah: Term = ""
    kolom: Term = ""
    baris: Literal["", "added", "changed", "removed", "unchanged", "conflicts", "moved", "kept"] = ""


@dataclass(frozen=True)
class Rows:
    """Rows of an import as its page shows them, and whose they are."""

    context: Mapping[str, Any] = field(default_factory=dict)
    people: Sequence[UUID | None] = ()


def href(import_id: UUID) -> str:
    """Where an import is."""
    return f"{PATH}/{import_id}"


def reads_whole(person: Person, one: Import) -> bool:
    """Whether somebody works with the file's own values; others see no NIP in full."""
    return reach_of(person, commands.ACTION).covers_place(one.agency_code)


def text_for(person: Person, one: Import) -> Text:
    """Makes of a text of the file what the reader may see of it."""
    return str if reads_whole(person, one) else masked_in


def imports() -> Table[Listed]:
    """Imports, the newest first."""
    columns: list[Column[Listed]] = [
        Column("berkas", _("Berkas")),
        Column("siapa", _("Pengunggah")),
        Column("kapan", _("Diunggah"), sort=[Key("uploaded_at", "timestamptz")], descending=True),
        Column("isi", _("Baris"), number=True),
        Column("diterapkan", _("Diterapkan"), number=True),
        Column("ditolak", _("Ditolak"), number=True),
        Column("keadaan", _("Keadaan")),
    ]
    return Table("impor", columns, id=Key("import_id", "uuid"), default="kapan")


def problems(told: Text) -> Table[Told]:
    """What is wrong with rows, one line each, in the order of the file."""
    columns: list[Column[Told]] = [
        Column("baris", _("Baris"), lambda one: one.problem.row, [ROW], number=True),
        Column("kolom", _("Kolom"), lambda one: one.problem.column),
        Column("nilai", _("Nilai"), lambda one: told(one.problem.value or "")),
        Column("masalah", _("Masalah"), lambda one: row_view.cause_name(one.problem.code, one.problem.severity)),
        Column("perbaikan", _("Perbaikan"), lambda one: told(advice(one.problem))),
        Column("kode", _("Kode"), lambda one: one.problem.code, on_page=False),
    ]  # fmt: skip
    return Table("masalah", columns, id=Key("place", "bigint"), default="baris", place="masalah")


def planned() -> Table[Planned]:
    """Rows of a plan in the order of the file."""
    columns: list[Column[Planned]] = [
        Column("baris", _("Baris"), sort=[ROW], number=True),
        Column("pegawai", _("Pegawai")),
        Column("perubahan", _("Perubahan")),
    ]
    return Table("rencana", columns, id=ROW, default="baris", place="rencana")


async def note(reads: Reading, import_id: UUID, found: Sequence[Told]) -> None:
    """Note whose rows go out with a file of problems."""
    await reads.of([one.asn_id for one in found], things=[import_id])


async def names_of(session: AsyncSession, one: Import) -> dict[str, str]:
    """Who uploaded and who confirmed, by name; an agency's system by its own."""
    actor = one.actor or {}
    ids = {
        "uploaded": one.uploaded_by,
        "confirmed": UUID(actor["person_id"]) if actor.get("person_id") else None,
    }
    people = {
        asn.asn_id: asn.name for asn in await register.load_people(session, {i for i in ids.values() if i})
    }
    system = _("sistem instansi")
    found = {what: people.get(id_, "–") if id_ else system for what, id_ in ids.items()}
    return found | {"confirmed": actor.get("name") or found["confirmed"]}


async def rows_of(session: AsyncSession, request: Request, person: Person, one: Import, asked: Asked) -> Rows:
    """What the state of an import lets its reader look at; nothing while it changes."""
    if one.state not in ("checked", "applied", "undone"):
        return Rows({"kept": await store.is_kept(session, one.import_id)})
    told = text_for(person, one)
    conflicts = await store.count_conflicts(session, one.import_id)
    fates = _fates(one, conflicts)
    first = next((which for which, count in fates if count), fates[0][0])
    fate = asked.baris or first
    wrong, plan = problems(told), planned()
    asked_wrong, asked_plan = wrong.asked(request), plan.asked(request)
    found_wrong = store.problems_found(one.import_id, asked.masalah, asked.kolom)
    wrong_page = await asked_wrong.page(session, found_wrong, PAGE)
    plan_page = await asked_plan.page(session, store.rows_planned(one.import_id, fate), PAGE)
    context = {
        "kept": await store.is_kept(session, one.import_id),
        "conflicts": conflicts,
        "causes": await store.load_causes(session, one.import_id),
        "problems": wrong.shown(
            request,
            asked_wrong,
            wrong_page,
            filters=["masalah", "kolom"],
            files=f"{href(one.import_id)}/masalah",
        ),
        "fate": fate,
        "tabs": _tabs(one, fates, fate),
        "plan": plan.shown(request, asked_plan, plan_page),
        "blocked": await _blocked(session, person, one),
        "told": told,
        "diffs_of": partial(row_view.conflicts if fate == "conflicts" else row_view.diffs, told=told),
        "advice": advice,
        "reason": commands.reason_words,
    }
    people = [one.asn_id for one in wrong_page.rows] + [one.asn_id for one in plan_page.rows]
    return Rows(context, people)


async def _blocked(session: AsyncSession, person: Person, one: Import) -> Sequence[tuple[str, str]]:
    if one.state != "applied" or not one.applied or not reads_whole(person, one):
        return ()
    found = await store.blocked_rows(session, one.import_id, one.kind, NAMED + 1)
    nips = await store.nips_of(session, one.import_id, [row for row, _why in found])
    return [(row_view.place(nips.get(row, str(row))), commands.reason_words(why)) for row, why in found]


def _fates(one: Import, conflicts: int) -> list[tuple[Which, int]]:
    """Rows by what becomes or became of them, first those that one looks for."""
    planned: list[tuple[Which, int]] = [
        ("removed", one.removed),
        ("changed", one.changed),
        ("added", one.added),
        ("unchanged", one.unchanged),
    ]
    by_hand: list[tuple[Which, int]] = [("conflicts", conflicts)]
    if one.state == "checked":
        return [*planned, *by_hand]
    return [("kept", one.kept), ("moved", one.moved), *planned, *by_hand]


def _tabs(one: Import, fates: Iterable[tuple[Which, int]], fate: str) -> list[Link]:
    return [
        Link(
            f"{row_view.which_name(which, one.kind)} {number(count)}",
            f"{href(one.import_id)}?baris={which}#rencana",
            which == fate,
        )
        for which, count in fates
        if count
    ]
