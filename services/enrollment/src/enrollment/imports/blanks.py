"""Empty files to fill in, one for each kind, as the configuration of columns says."""

import io
from collections.abc import Sequence

from xlsxwriter import Workbook

from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.tables.delimited import BOM, csv_text
from enrollment.imports.columns import Column, Kind, configuration

ROWS = 10_000
"""Rows below the header that offer choices and keep text as text."""
_LONGEST = 255
"""Characters of the choices that one cell can offer, by Excel's specification."""
_WIDTHS = {"nip": 24, "text": 32, "email": 32, "phone": 20, "run": 20}


def header(kind: Kind) -> list[str]:
    """What the columns are called; those that must be filled in carry a star, which readers of files pass over."""
    return [f"{column.name}*" if column.required else column.name for column in configuration().columns[kind]]


def blank_csv(kind: Kind) -> str:
    """A header and nothing else, as spreadsheets in Indonesia open it."""
    return BOM + csv_text([header(kind)])


def blank_workbook(kind: Kind) -> bytes:
    """A sheet whose cells are text before anybody writes into them, so that no NIP loses its last digits, and a sheet
    that says what belongs into which column."""
    buffer = io.BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    text, head = (book.add_format({"num_format": "@", **more}) for more in ({}, {"bold": True}))
    sheet, columns = book.add_worksheet(str(kind).capitalize()), configuration().columns[kind]
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, header(kind), head)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, _WIDTHS.get(column.type, 16), text)
        choices = choices_of(column)
        if 0 < len(",".join(choices)) <= _LONGEST:
            offered = {"validate": "list", "source": choices, "error_type": "warning"}
            sheet.data_validation(1, place, ROWS, place, offered)
    _explain(book.add_worksheet(_("Petunjuk")), columns, head, text)
    book.close()
    return buffer.getvalue()


def choices_of(column: Column) -> list[str]:
    """What a column of choices takes."""
    found = configuration().choices.get(column.name, {}) if column.type == "choice" else {}
    return [
        choice for name, inner in found.items() for choice in (inner if column.name == "Golongan" else [name])
    ]


def _explain(sheet: object, columns: Sequence[Column], head: object, text: object) -> None:
    told = [
        (_("Kolom"), _("Wajib"), _("Isi")),
        *((c.name, _("ya") if c.required else "", _filling(c)) for c in columns),
    ]
    for place, row in enumerate(told):
        sheet.write_row(place, 0, row, text if place else head)  # type: ignore[attr-defined]  # XlsxWriter has no types
    sheet.set_column(0, 0, 24)  # type: ignore[attr-defined]
    sheet.set_column(2, 2, 80)  # type: ignore[attr-defined]


def _filling(column: Column) -> str:
    if choices := choices_of(column):
        return ", ".join(choices)
    words = {
        "nip": _("18 digit, ditulis sebagai teks"),
        "agency": _("kode instansi, mis. 5571"),
        "run": _("kode angkatan dari katalog"),
        "date": _("hari-bulan-tahun, mis. 3-11-2026"),
        "integer": _("angka tanpa desimal"),
        "year": _("tahun, mis. 2025; untuk PPPK tahun mulainya tahun kontrak"),
        "decimal": _("angka, mis. 85,5"),
        "email": _("satu alamat surel"),
        "phone": _("satu nomor, mis. 081234567890"),
        "text": counted("teks, paling panjang %(n)s huruf", column.max or 0) % {"n": column.max},
    }
    return words[column.type]
