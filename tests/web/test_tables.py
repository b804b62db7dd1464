"""Lists: every row once, in order, whatever comes meanwhile; files that hold the same; addresses that are no addresses."""

import base64
import contextlib
import csv
import io
import json
import tempfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from starlette.requests import Request

from bina.web.problems import Problem
from bina.web.tables import Column, Key, Page, Query, Rows, Table, csv_text
from bina.web.tables.asking import read
from bina.web.tables.exporting import _workbook
from bina.web.tables.workbook import Sheet

JAKARTA = ZoneInfo("Asia/Jakarta")
NIP = "198703032010011003"


class Row(NamedTuple):
    id: UUID
    name: str
    score: int | None
    at: datetime
    grade: Decimal | None
    late: bool


KEYS = {
    "nama": [Key("name", "text")],
    "nilai": [Key("score", "bigint", nullable=True)],
    "kapan": [Key("at", "timestamptz")],
    "tingkat": [Key("late", "boolean"), Key("grade", "numeric", nullable=True), Key("name", "text")],
}
TABLE: Table[Row] = Table(
    "contoh",
    [Column(key, key.title(), lambda row: row.name, sort=keys) for key, keys in KEYS.items()],
    id=Key("id", "uuid"),
    default="nama",
)
SQL = """SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:names AS text[]), CAST(:scores AS bigint[]),
    CAST(:times AS timestamptz[]), CAST(:grades AS numeric[]), CAST(:late AS boolean[]))
    AS n (id, name, score, at, grade, late)"""
# Few values, so that most rows are alike in what they are sorted by.
ROWS = st.lists(
    st.builds(
        Row,
        id=st.uuids(),
        name=st.sampled_from(["", "Ani", "ani", "Budi", "Çelik", "Zul"]),
        score=st.one_of(st.none(), st.integers(-1, 1)),
        at=st.sampled_from([datetime(2026, 11, 22, 1, tzinfo=UTC), datetime(2026, 11, 22, 1, 0, 0, 1, UTC)]),
        grade=st.one_of(st.none(), st.sampled_from([Decimal("1.5"), Decimal("2")])),
        late=st.booleans(),
    ),
    max_size=14,
    unique_by=lambda row: row.id,
)
ASKED = st.tuples(st.sampled_from(sorted(KEYS)), st.sampled_from(["naik", "turun"]))


def query_of(rows: list[Row]) -> Query:
    names = ("ids", "names", "scores", "times", "grades", "late")
    return Query(
        SQL, {name: [row[place] for row in rows] for place, name in enumerate(names)}, lambda r: Row(*r)
    )


def asked_for(sort: str = "", way: str = "", cursor: str = ""):
    return read(TABLE, {"urut": sort, "arah": way, "sesudah": cursor})


async def paged(session, source_of, sort: str, way: str, size: int) -> list[list[Row]]:
    """All pages, each asked for by its address, of what is there when its turn comes."""
    found, cursor = [], ""
    for turn in range(40):
        page: Page[Row] = await asked_for(sort, way, cursor).page(session, source_of(turn), size)
        found.append(list(page.rows))
        cursor = page.following
        if not cursor:
            return found
    raise AssertionError("pages without end")


def places(rows: list[Row], sort: str, way: str) -> list[tuple[bool, ...]]:
    """Missing values come last in either direction, the others in the order asked for, whatever orders texts."""
    names = [key.name for key in KEYS[sort] if key.kind != "text"]
    return [tuple(getattr(row, name) for name in names) for row in rows]


def is_sorted(found: list[tuple], way: str) -> bool:
    def rank(values):
        flip = -1 if way == "turun" else 1
        return [(value is None, 0 if value is None else flip * (value.timestamp() if isinstance(value, datetime) else value)) for value in values]  # fmt: skip

    return [rank(one) for one in found] == sorted(rank(one) for one in found)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, asked=ASKED, size=st.integers(1, 5), source=st.sampled_from([query_of, Rows]))
async def test_pages_hold_each_row_once_in_order(service, rows, asked, size, source):
    async with service.sessions() as session:
        pages = await paged(session, lambda _turn: source(rows), *asked, size)
        whole = await asked_for(*asked).page(session, source(rows), 99)
        assert await source(rows).count(session, 7) == min(len(rows), 7)
    found = [row for page in pages for row in page]
    assert found == list(whole.rows)
    assert sorted(found, key=lambda row: row.id) == sorted(rows, key=lambda row: row.id)
    assert is_sorted(places(found, *asked), asked[1])
    assert {len(page) for page in pages[:-1]} <= {size}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, coming=ROWS, asked=ASKED, size=st.integers(1, 4), source=st.sampled_from([query_of, Rows]))
async def test_rows_that_come_meanwhile_move_nobody(service, rows, coming, asked, size, source):
    known = {row.id for row in rows}
    coming = [row for row in coming if row.id not in known]
    async with service.sessions() as session:
        pages = await paged(session, lambda turn: source([*rows, *coming[: turn * 2]]), *asked, size)
        still = await asked_for(*asked).page(session, source(rows), 99)
    found = [row for page in pages for row in page]
    assert len(found) == len(set(found))
    assert [row for row in found if row.id in known] == list(still.rows)


async def test_database_and_memory_sort_alike_what_is_no_text(service):
    rows = [
        Row(uuid4(), "", score, datetime(2026, 1, 1, tzinfo=UTC), None, False) for score in (3, None, 1, 2)
    ]
    async with service.sessions() as session:
        for way in ("naik", "turun"):
            pages = [await asked_for("nilai", way).page(session, s(rows), 9) for s in (query_of, Rows)]
            assert pages[0] == pages[1]
            assert pages[0].rows[-1].score is None


def cursor_of(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


SOME = "0190b5a0-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("sort", "way", "cursor"),
    [
        ("umur", "", ""),
        ("name", "", ""),
        ("nama; DROP TABLE", "", ""),
        ("nama", "acak", ""),
        ("nama", "", "x"),
        ("nama", "", "é"),
        ("nama", "", "A" * 5000),
        ("nama", "", cursor_of()),
        ("nama", "", cursor_of("nama", False, "Ani")),
        ("nama", "", cursor_of("nama", False, ["Ani"])),
        ("nama", "", cursor_of("nama", False, ["Ani", "tak ada"])),
        ("nama", "", cursor_of("nama", False, [None, SOME])),
        ("nama", "", cursor_of("nama", False, ["\0", SOME])),
        ("nama", "", cursor_of("nama", False, ["\ud800", SOME])),
        ("nama", "", cursor_of("nama", True, ["Ani", SOME])),
        ("nama", "turun", cursor_of("nama", False, ["Ani", SOME])),
        ("nilai", "", cursor_of("nama", False, ["Ani", SOME])),
        ("nilai", "", cursor_of("nilai", False, [2**63, SOME])),
        ("nilai", "", cursor_of("nilai", False, [True, SOME])),
        ("nilai", "", cursor_of("nilai", False, [1.5, SOME])),
        ("kapan", "", cursor_of("kapan", False, ["2026-01-01T00:00:00", SOME])),
        ("kapan", "", cursor_of("kapan", False, ["0001-01-01T00:00:00+14:00", SOME])),
        ("tingkat", "", cursor_of("tingkat", False, [False, "NaN", "", SOME])),
        ("tingkat", "", cursor_of("tingkat", False, [0, "1", "", SOME])),
        ("tingkat", "", cursor_of("tingkat", False, [False, "1e999999", "", SOME])),
        ("tingkat", "", base64.urlsafe_b64encode(b"[" * 3000).decode()),
    ],
)
def test_what_an_address_does_not_offer_is_refused_by_name(sort, way, cursor):
    with pytest.raises(Problem) as refused:
        asked_for(sort, way, cursor)
    assert (refused.value.status, refused.value.type) == (422, "invalid-input")
    (fault,) = refused.value.errors
    assert fault.where == ("sesudah" if cursor else "arah" if way else "urut")
    assert refused.value.mend


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_no_cursor_is_worse_than_refused(cursor):
    for sort in KEYS:
        with contextlib.suppress(Problem):
            asked_for(sort, "", cursor)


def request_for(address: str) -> Request:
    path, _mark, query = address.partition("?")
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": []}
    return Request(scope | {"server": ("bina.test", 80), "scheme": "http"})


def shown_at(address: str, table=TABLE, rows: tuple = (), following: str = "lanjut"):
    request = request_for(address)
    page = Page(rows, following)
    return table.shown(request, table.asked(request), page, filters=["cari"], files="/daftar")


def test_heads_say_how_it_is_sorted_and_turn_it_round():
    heads = {head.label: head for head in shown_at("/daftar?cari=Ani&unit=7").columns}
    assert (heads["Nama"].sorted, heads["Nilai"].sorted) == ("ascending", "")
    assert heads["Nama"].sort == "/daftar?cari=Ani&unit=7&urut=nama&arah=turun"
    assert heads["Nilai"].sort == "/daftar?cari=Ani&unit=7&urut=nilai&arah=naik"
    turned = {head.label: head for head in shown_at("/daftar?urut=nilai&arah=turun").columns}
    assert (turned["Nilai"].sorted, turned["Nama"].sorted) == ("descending", "")
    assert turned["Nilai"].sort == "/daftar?urut=nilai&arah=naik"


def test_links_keep_filters_and_order_and_files_leave_the_page_out():
    cursor = cursor_of("nilai", True, [1, SOME])
    shown = shown_at(f"/daftar?cari=Ani&unit=7&urut=nilai&arah=turun&sesudah={cursor}")
    kept = "cari=Ani&unit=7&urut=nilai&arah=turun"
    assert shown.first == f"/daftar?{kept}"
    assert shown.next == f"/daftar?{kept}&sesudah=lanjut"
    assert shown.files == [("CSV", f"/daftar.csv?{kept}"), ("XLSX", f"/daftar.xlsx?{kept}")]
    assert shown.clear == "/daftar?unit=7"
    assert shown_at("/daftar?unit=7&cari=").clear == ""
    assert shown_at("/daftar", following="").next == ""


def test_two_lists_of_a_page_leave_each_other_alone():
    other = Table("lain", TABLE.columns, id=TABLE.id, order=[Key("name", "text")], place="lain")
    shown = shown_at("/daftar?urut=nama&lain_urut=nilai", other)
    assert {head.label: head.sorted for head in shown.columns}["Nilai"] == "ascending"
    assert shown.next == "/daftar?urut=nama&lain_urut=nilai&lain_sesudah=lanjut#lain"
    assert shown.own_order == "/daftar?urut=nama#lain"
    assert shown_at("/daftar?urut=nama", other).own_order == ""


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("http://a.test";"a")']


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_in_csv(text):
    ((cell,),) = csv.reader(io.StringIO(csv_text([[text]])), delimiter=";")
    assert cell == f"'{text}"


def test_csv_is_as_spreadsheets_in_indonesia_read_it():
    moment = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
    row = [NIP, 1234.5, -3, Decimal("0.25"), None, date(2026, 3, 1), moment, 'a;"b', UUID(int=1)]
    assert csv_text([row], JAKARTA) == (
        f'{NIP};1234,5;-3;0,25;;2026-03-01;2026-11-22T21:05:00+07:00;"a;""b";00000000-0000-0000-0000-000000000001\r\n'
    )


def sheet_of(*rows):
    with tempfile.TemporaryDirectory() as folder:
        sheet = Sheet(Path(folder), "contoh", ["Satu", "Dua"], JAKARTA)
        sheet.add(rows)
        with sheet.close() as file:
            return load_workbook(io.BytesIO(file.read())).active


async def test_a_workbook_that_is_given_up_leaves_nothing_behind(monkeypatch, tmp_path):
    async def batches():
        yield [Row(uuid4(), "Ani", 1, datetime.now(UTC), None, late=False)] * 3
        raise ConnectionResetError

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ConnectionResetError):
        _ = [chunk async for chunk in _workbook(TABLE, batches(), JAKARTA)]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text", [*FORMULAS, "https://a.test", "internal:A1", NIP, "1e3", "a_x0041_b", "\x01x"]
)
def test_no_text_is_anything_else_in_a_workbook(text):
    cell = sheet_of([text]).cell(2, 1)
    assert (cell.data_type, cell.number_format, cell.hyperlink) == ("s", "@", None)
    assert cell.value.replace("_x005F_", "_").replace("_x000D_", "\r").replace("_x0001_", "\x01") in (text, text.replace("\r", "\n"))  # fmt: skip


def test_a_workbook_holds_numbers_days_and_times_as_such():
    moment = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
    sheet = sheet_of(
        [1234.5, Decimal("0.25")], [date(2026, 3, 1), moment], [10**17, None], [date(1887, 1, 2), ""]
    )
    values = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert values[0] == [1234.5, 0.25]
    assert [str(value) for value in values[1]] == ["2026-03-01 00:00:00", "2026-11-22 21:05:00"]
    assert values[2:] == [[str(10**17), None], ["1887-01-02", None]]
    formats = [cell.number_format for cell in sheet[3]]
    assert formats == ["yyyy-mm-dd", 'yyyy-mm-dd hh:mm:ss "WIB"']
    assert sheet.freeze_panes == "A2"
    assert [cell.font.b for cell in sheet[1]] == [True, True]


def test_what_is_too_long_for_a_cell_says_so():
    assert sheet_of(["x" * 40_000]).cell(2, 1).value == "x" * 32_766 + "…"
