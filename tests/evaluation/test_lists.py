"""Lists of evaluation, sorted and as files: what the page shows, and no personal link."""

import csv
import io
import re
from uuid import uuid4

import pytest

from bina.web.audit.searching import Sought, find
from workbooks import rows_of

from .conftest import ClientOf
from .story import person
from .test_evaluators_page import HERE, town  # noqa: F401 - a fixture

OPEN, WAITING, IMPACT = "/evaluation/penilai/berjalan", "/evaluation/penilai", "/evaluation/dampak"


def column(text: str, place: int) -> list[str]:
    return [row[place].split(",")[0] for row in csv.reader(io.StringIO(text[1:]), delimiter=";")][1:]


async def test_open_interviews_are_sorted_and_given_out_without_their_links(town, client_of: ClientOf):  # noqa: F811
    async with client_of(uuid4(), "operator") as client:
        for way, names in (
            ("naik", ["Bayu Bagas", "Rahma Yulita"]),
            ("turun", ["Rahma Yulita", "Bayu Bagas"]),
        ):
            order = f"berjalan_urut=alumni&berjalan_arah={way}"
            page = (await client.get(f"{WAITING}?{order}")).text
            assert re.findall(r"mewawancarai ([A-Z][^,]+),", page) == names
            text = (await client.get(f"{OPEN}.csv?{order}")).text
            assert column(text, 1) == names
            assert "tautan" not in text
        waiting = rows_of(await client.get(f"{WAITING}.xlsx"))
    assert [row[1:3] for row in waiting[1:]] == [("BTK-2026-05", 2)]


async def test_open_interviews_go_out_within_reach_and_are_noted(town, client_of: ClientOf):  # noqa: F811
    async def given(*roles: str, **who) -> list[str]:
        async with client_of(uuid4(), *roles, **who) as client:
            return column((await client.get(f"{OPEN}.csv")).text, 1)

    assert await given("operator", unit=HERE) == ["Rahma Yulita"]
    assert await given("operator", agency="9999") == []
    assert await given("auditor", agency=None) == []
    async with town.sessions() as session:
        entries = await find(session, Sought(kind="reading"))
    assert [set(entry.about) for entry in entries] == [{"csv", str(person("erna")), str(person("rahma"))}]


async def test_tasks_and_trainings_go_out_as_their_pages_show_them(town, client_of: ClientOf):  # noqa: F811
    async with client_of(person("erna"), "evaluator") as client:
        tasks = rows_of(await client.get("/evaluation/tugas.xlsx"))
    assert sorted(row[1].split(",")[0] for row in tasks[1:]) == ["Bayu Bagas", "Rahma Yulita"]
    async with client_of(uuid4(), "head") as client:
        for key, way in (
            ("dilatih", "naik"),
            ("sebelum", "turun"),
            ("pelatihan", "naik"),
            ("hasil", "turun"),
        ):
            page = (await client.get(f"{IMPACT}?urut={key}&arah={way}")).text
            codes = re.findall(r'</a> <span class="hint">([^<]+)</span></th>', page)
            assert column((await client.get(f"{IMPACT}.csv?urut={key}&arah={way}")).text, 1) == codes
            assert len(codes) == 2


@pytest.mark.parametrize(
    "path", [f"{IMPACT}?urut=x", f"{IMPACT}.csv?arah=x", f"{WAITING}?menunggu_sesudah=x", f"{OPEN}.pdf"]
)
async def test_what_a_list_does_not_offer_is_refused(town, client_of: ClientOf, path: str):  # noqa: F811
    async with client_of(uuid4(), "operator") as client:
        assert (await client.get(path)).status_code == 422
