"""A sample of every component with plausible data: what the shell's tests and reviewers look at."""

from datetime import date
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request, Response

from bina.web import charts
from bina.web.access import Person, Visitor
from bina.web.formats import percent
from bina.web.forms import GuardedForm
from bina.web.pages import Pages
from bina.web.permissions import may

pages = Pages("toy", Path(__file__).parent)
router = APIRouter()
UNITS = [
    ("Sekretariat DPRD", 41, 0.244, 8),
    ("Dinas Pekerjaan Umum dan Penataan Ruang", 212, 0.481, 18),
    ("Badan Kepegawaian dan Pengembangan Sumber Daya Manusia", 58, 0.983, 31),
    ("Dinas Kesehatan", 903, 0.774, 24),
    ("Dinas Pendidikan", 1604, 0.721, 21.5),
    ("Kecamatan Argomulyo", 4, None, None),
]


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


def figures() -> dict[str, charts.Figure]:
    return {
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
