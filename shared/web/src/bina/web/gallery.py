"""Every component in every state, with plausible data, in a demonstration: what pages are made of and judged by."""

from dataclasses import replace
from datetime import date
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from bina.web import charts
from bina.web.access import Visitor, settings_of
from bina.web.formats import percent
from bina.web.problems import not_found
from bina.web.tables import Column, Format, Key, Rows, Table, Term, export


class Unit(NamedTuple):
    """A unit as the gallery's tables show it."""

    name: str
    people: int
    share: float | None
    jp: float | None


UNITS = [
    Unit("Sekretariat DPRD", 41, 0.244, 8),
    Unit("Dinas Pekerjaan Umum dan Penataan Ruang", 212, 0.481, 18),
    Unit("Badan Kepegawaian dan Pengembangan Sumber Daya Manusia", 58, 0.983, 31),
    Unit("Dinas Kesehatan", 903, 0.774, 24),
    Unit("Dinas Pendidikan", 1604, 0.721, 21.5),
    Unit("Kecamatan Argomulyo", 4, None, None),
]
PAGE = 4


def router() -> APIRouter:
    """`GET /gallery` and a fragment that it asks for, in a demonstration only."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/gallery")
    async def gallery(request: Request, _visitor: Visitor, cari: Term = "") -> Response:
        if not settings_of(request).demo:
            raise not_found()
        from bina.web.pages import shell_pages  # the page needs texts that need this module

        table = _table()
        asked = table.asked(request)
        async with request.app.state.runtime.sessions() as session:
            page = await asked.page(session, _found(cari), PAGE)
        shown = table.shown(request, asked, page, filters=["cari"], files="/gallery/unit")
        nothing = replace(shown, rows=(), clear="/gallery#tabel", place="", first="", next="")
        return shell_pages(request).render(
            request, "gallery.html", units=UNITS, list=shown, nothing=nothing, cari=cari, charts=figures()
        )

    @routes.get("/gallery/unit.{form}")
    async def file(request: Request, _visitor: Visitor, form: Format, cari: Term = "") -> Response:
        """The gallery's list as a file."""
        if not settings_of(request).demo:
            raise not_found()
        return await export(request, _table(), _found(cari), form)

    @routes.get("/gallery/potongan")
    async def fragment(request: Request, _visitor: Visitor) -> Response:
        """What a sibling service would contribute to a page."""
        if not settings_of(request).demo:
            raise not_found()
        return HTMLResponse('<p class="hint">Isi ini datang dari alamat lain.</p>')

    return routes


def _found(words: str) -> Rows[Unit]:
    return Rows([unit for unit in UNITS if words.lower() in unit.name.lower()])


def _table() -> Table[Unit]:
    columns: list[Column[Unit]] = [
        Column("unit", "Unit", lambda unit: unit.name, [Key("name", "text")]),
        Column("asn", "ASN", lambda unit: unit.people, [Key("people", "bigint")], number=True, descending=True),
        Column("tercapai", "Tercapai", lambda unit: unit.share, [Key("share", "float8", nullable=True)], number=True),
        Column("median", "Median JP", lambda unit: unit.jp, [Key("jp", "float8", nullable=True)], number=True),
        Column("keadaan", "Keadaan"),
    ]  # fmt: skip
    return Table("unit", columns, id=Key("name", "text"), default="unit", place="tabel")


def figures() -> dict[str, charts.Figure]:
    """One of each kind of chart."""
    return {
        "jp": charts.jp_floor(14, 4, target=20, until=date(2026, 12, 31)),
        "ranked": charts.ranked_bar(
            "Sekretariat DPRD tertinggal: satu dari empat orang mencapai 20 JP",
            [charts.Bar(name, share, emphasis=name == "Sekretariat DPRD") for name, _n, share, _jp in UNITS],
            measure="Mencapai 20 JP",
            show=percent,
            target=0.8,
            top=1,
            note="Bagian ASN yang mencapai 20 JP, unit dengan sedikitnya 5 orang",
        ),
        "trend": charts.line(
            "Median JP naik di kedua jenis jabatan, pelaksana menyusul",
            ["2022", "2023", "2024", "2025", "2026"],
            [
                charts.Series("Pengawas", [14, 16, 17, 20.5, 24]),
                charts.Series("Pelaksana", [6, None, 9, 15, 20]),
            ],
            band=charts.Band("separuh tengah pelaksana", [3, None, 5, 10, 14], [9, None, 13, 19, 23]),
            target=20,
            note="Median JP per orang dan tahun, dibatasi 20 JP per orang untuk angka pemerataan",
        ),
        "gaps": charts.dumbbell(
            "Mengelola perubahan paling jauh dari standar",
            [
                charts.Pair("Komunikasi", 3, 2),
                charts.Pair("Mengelola Perubahan", 4, 2),
                charts.Pair("Pengembangan Diri dan Orang Lain", 3, 3),
                charts.Pair("Pelayanan Publik", 3, 4),
                charts.Pair("Perekat Bangsa", 3, None),
            ],
            low=1,
            high=5,
            ticks=(1, 2, 3, 4, 5),
            reference="standar",
            found="hasil",
            note="Asesmen 14 September 2026, berlaku sampai 13 September 2029",
        ),
        "response": charts.funnel(
            "Separuh alumni menjawab; pesan sampai ke hampir semua",
            [
                charts.Stage("Diminta menjawab", 412),
                charts.Stage("Pesan sampai", 398),
                charts.Stage("Mulai mengisi", 251),
                charts.Stage("Terkirim", 207),
            ],
        ),
    }
