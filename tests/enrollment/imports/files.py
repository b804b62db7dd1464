"""Small files of every format, and ways to damage them."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter
from openpyxl import Workbook

from enrollment.imports import Checked, FileRefused, Kind, Sheet, check, read

AS_OF = date(2026, 11, 20)
NIP = "198206022022212767"
OTHER = "199103262023212710"
ENROLMENT = ("NIP", "Kode Angkatan", "Catatan")
RESULT = (
    "NIP",
    "Kode Angkatan",
    "Status",
    "Tanggal Selesai",
    "JP",
    "Nilai Pre",
    "Nilai Post",
    "Nomor Sertifikat",
)
PASSED = (NIP, "PBJ-2026-03", "Lulus", "7-8-2026", "40", "55", "82,5", "893/1")


def csv_of(*rows: Sequence[str], delimiter: str = ",") -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


def joined(*rows: Sequence[str], delimiter: str = ",") -> bytes:
    """Rows joined without any quoting."""
    return "".join(delimiter.join(row) + "\n" for row in rows).encode()


def xlsx_of(*rows: Iterable[Any], prepare: Callable[[Workbook], None] | None = None) -> bytes:
    book = Workbook()
    for row in rows:
        book["Sheet"].append(list(row))
    if prepare:
        prepare(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def shared_xlsx_of(*rows: Iterable[Any]) -> bytes:
    """As Excel writes it: texts stand once, in a part of their own."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, list(row))
    return buffer.getvalue()


def repacked(package: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The package with each part's bytes changed; None drops the part."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(buffer, "w") as new:
        for part in old.infolist():
            if (content := change(part.filename, old.read(part))) is not None:
                new.writestr(part.filename, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def in_sheet(package: bytes, old: str, new: str) -> bytes:
    """The workbook with a text of its first sheet's XML replaced, which must be there."""

    def change(name: str, content: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return content
        assert old.encode() in content, content
        return content.replace(old.encode(), new.encode())

    return repacked(package, change)


def ods_cell(value: Any) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
    if isinstance(value, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{value}"><text:p>x</text:p></table:table-cell>'
    if str(value).startswith("<"):
        return str(value)
    return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'


def ods_of(*rows: Iterable[Any], before: str = "", styles: str = "", prolog: str = "") -> bytes:
    namespaces = " ".join(
        f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"'
        for n in ("office", "table", "text", "style")
    )
    body = "".join(
        row if isinstance(row, str) else f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>"
        for row in rows
    )
    content = (
        f'<?xml version="1.0"?>{prolog}<office:document-content {namespaces} '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>{before}"
        f'<table:table table:name="Data">{body}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def sheet_of(data: bytes, kind: Kind | None = None) -> Sheet:
    sheet = read(data, "berkas", kind)
    assert not isinstance(sheet, FileRefused), sheet.problems
    return sheet


def checked(data: bytes, kind: Kind | None = None) -> Checked:
    sheet = sheet_of(data, kind)
    return check(sheet, kind or sheet.kind, AS_OF)


def refusal(data: bytes, kind: Kind | None = None) -> str:
    refused = read(data, "berkas", kind)
    assert isinstance(refused, FileRefused), refused
    return refused.problems[-1].code


def found(outcome: Checked) -> list[tuple[Any, ...]]:
    return [(p.row, p.column, p.code, str(p.severity)) for p in outcome.problems]


def result_with(**changes: Any) -> tuple[Any, ...]:
    """The passing result's row with some fields changed, by lower-case column name with underscores."""
    row = dict(zip((name.lower().replace(" ", "_") for name in RESULT), PASSED, strict=True))
    assert changes.keys() <= row.keys()
    return tuple((row | changes).values())


def values_of(outcome: Checked) -> list[Any]:
    """The accepted rows' values, in order; Any, since a test knows its kind."""
    return [row.values for row in outcome.rows]
