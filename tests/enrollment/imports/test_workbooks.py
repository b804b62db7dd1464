"""Excel and OpenDocument files, and what libraries make of them."""

import io
import re
import zipfile
from datetime import date, timedelta

import pytest
from openpyxl.utils.datetime import MAC_EPOCH

from enrollment.imports import Kind, number_formats
from enrollment.imports.values import EPOCH_1900

from .files import (
    ENROLMENT,
    NIP,
    OTHER,
    PASSED,
    RESULT,
    checked,
    csv_of,
    found,
    in_sheet,
    ods_of,
    refusal,
    repacked,
    result_with,
    shared_xlsx_of,
    sheet_of,
    values_of,
    xlsx_of,
)

PLAIN = xlsx_of(ENROLMENT, (NIP, "A", "x"))
CELL = f'<c r="A2" t="inlineStr"><is><t>{NIP}</t></is></c>'


def test_a_formula_without_stored_value_is_told_and_a_stored_one_is_used():
    data = xlsx_of(RESULT, result_with(jp="=20+20"))
    assert found(checked(data)) == [(2, "JP", "file.formula", "error")]

    stored = in_sheet(data, "<f>20+20</f><v />", "<f>20+20</f><v>40</v>")
    assert values_of(checked(stored))[0].jp == 40


def test_a_formula_far_below_is_still_seen():
    rows = [(str(int(NIP) + n), "A", "x") for n in range(700)]
    data = xlsx_of(ENROLMENT, *rows, (NIP, '=CONCATENATE("A")', ""))
    assert (702, "Kode Angkatan", "file.formula", "error") in found(checked(data))


def test_a_formula_that_stored_an_empty_text_is_empty():
    data = xlsx_of(RESULT, result_with(nomor_sertifikat='=""'))
    empty = in_sheet(data, '<c r="H2"><f>""</f><v /></c>', '<c r="H2" t="str"><f>""</f><v></v></c>')
    assert values_of(checked(empty))[0].certificate_number is None


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!", "#NAME?"])
def test_error_values_are_told_in_cells_and_as_text(error):
    in_cell = xlsx_of(RESULT, result_with(jp=error))
    as_text = csv_of(RESULT, result_with(jp=error))
    assert found(checked(in_cell)) == found(checked(as_text)) == [(2, "JP", "file.formula", "error")]


def test_an_error_in_an_unknown_column_is_nobodys_business():
    data = xlsx_of((*ENROLMENT, "Umur"), (NIP, "A", "", "#N/A"))
    assert found(checked(data)) == [(1, "Umur", "column.unknown", "warning")]


@pytest.mark.parametrize("number", [int(NIP), 1.98206e17, 10**15])
def test_a_number_cell_of_fifteen_digits_and_more_is_never_a_nip(number):
    for data in (xlsx_of(ENROLMENT, (number, "A", "")), ods_of(ENROLMENT, (number, "A", ""))):
        assert found(checked(data)) == [(2, "NIP", "nip.scientific", "error")]


def test_a_text_is_what_is_written_and_not_how_it_is_said_or_shown():
    """Shared texts: in runs of formatting, with furigana, with escapes."""
    runs = "<si><r><rPr><b/></rPr><t>x</t></r><r><t> y</t></r><rPh sb='0' eb='1'><t>z</t></rPh></si>"
    escaped = "<si><t>a_x005F_x000D_b</t></si>"

    def prepared(name: str, content: bytes) -> bytes:
        if name == "xl/sharedStrings.xml":
            return content.replace(b"<si><t>x</t></si>", runs.encode()).replace(
                b"<si><t>e</t></si>", escaped.encode()
            )
        return content

    book = shared_xlsx_of(ENROLMENT, (NIP, "A", "x"), (OTHER, "A", "e"))
    assert [v.note for v in values_of(checked(repacked(book, prepared)))] == ["x y", "a_x000D_b"]


def test_cells_and_rows_without_a_place_follow_the_one_before():
    bare = in_sheet(PLAIN, '<row r="2"', "<row")
    assert values_of(checked(in_sheet(bare, '<c r="B2"', "<c")))[0].run_code == "A"
    far = checked(in_sheet(PLAIN, '<row r="2"', '<row r="900"'))
    assert [row.number for row in far.rows] == [900]


def test_a_row_that_stands_above_its_place_is_left_out():
    data = xlsx_of(ENROLMENT, (NIP, "A", "x"), (OTHER, "A", "y"))
    assert [row.number for row in checked(in_sheet(data, '<row r="3"', '<row r="2"')).rows] == [2]


def test_hidden_sheets_are_skipped_and_hidden_rows_and_columns_read():
    def prepare(book):
        hidden = book.create_sheet("Rahasia", 0)
        hidden.append(list(ENROLMENT))
        hidden.append([OTHER, "Z", ""])
        hidden.sheet_state = "veryHidden"
        book["Sheet"].row_dimensions[2].hidden = True
        book["Sheet"].column_dimensions["A"].hidden = True

    outcome = checked(xlsx_of(ENROLMENT, (NIP, "A", ""), prepare=prepare))
    assert (outcome.detected.sheet, values_of(outcome)[0].nip) == ("Sheet", NIP)


def test_the_first_sheet_with_all_required_columns_is_meant():
    def prepare(book):
        book.create_sheet("Ringkas", 0).append(["NIP", "Catatan"])

    assert checked(xlsx_of(ENROLMENT, (NIP, "A", ""), prepare=prepare)).detected.sheet == "Sheet"


def test_the_dimension_tag_is_not_trusted():
    lying = in_sheet(PLAIN, 'ref="A1:C2"', 'ref="A1:A1"')
    assert values_of(checked(lying))[0].note == "x"


def test_dates_of_a_1904_workbook_and_serials_follow_its_flag():
    def prepare(book):
        book.epoch = MAC_EPOCH

    serial = (date(2026, 8, 7) - date(1904, 1, 1)).days
    rows = [result_with(tanggal_selesai=serial), result_with(nip=OTHER, tanggal_selesai=date(2026, 8, 7))]
    outcome = checked(xlsx_of(RESULT, *rows, prepare=prepare))
    assert [v.completed_on for v in values_of(outcome)] == [date(2026, 8, 7)] * 2


def test_a_number_shown_as_a_date_is_one_in_a_text_too():
    outcome = checked(xlsx_of(RESULT, result_with(nomor_sertifikat=date(2026, 8, 7))))
    assert values_of(outcome)[0].certificate_number == "2026-08-07"


def test_only_the_top_left_of_merged_cells_has_a_value():
    def prepare(book):
        book.active.merge_cells("B2:B3")

    outcome = checked(xlsx_of(ENROLMENT, (NIP, "A", ""), (OTHER, "A", "x"), prepare=prepare))
    assert found(outcome) == [(3, "Kode Angkatan", "value.missing", "error")]


def test_booleans_and_numbers_in_text_columns_stay_what_was_seen():
    data = xlsx_of(RESULT, result_with(nomor_sertifikat=893.0), result_with(nip=OTHER, jp=True))
    outcome = checked(data)
    assert values_of(outcome)[0].certificate_number == "893"
    assert found(outcome) == [(3, "JP", "number.invalid", "error")]


def bomb() -> bytes:
    return repacked(PLAIN, lambda name, content: content + b" " * (201 << 20) if "theme" in name else content)


def with_doctype(name: str, content: bytes) -> bytes:
    return content.replace(b"<worksheet", b"<!DOCTYPE x><worksheet") if "sheet1" in name else content


def without_workbook(name: str, content: bytes) -> bytes | None:
    return None if name == "xl/workbook.xml" else content


def other_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("nip.csv", "NIP,Kode Angkatan\n1,2\n")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bomb, "file.too_large"),
        (lambda: PLAIN[: len(PLAIN) // 2], "file.unreadable"),
        (lambda: repacked(PLAIN, with_doctype), "file.unreadable"),
        (lambda: repacked(PLAIN, without_workbook), "file.unreadable"),
        (other_zip, "file.unreadable"),
        (lambda: xlsx_of(["Nama"], ["Budi"]), "file.no_header"),
        (xlsx_of, "file.empty"),
        (lambda: in_sheet(PLAIN, CELL, '<c r="A2" t="s"><v>999</v></c>'), "file.unreadable"),
        (lambda: in_sheet(PLAIN, '<row r="2"', '<row r="999999999"'), "file.unreadable"),
        (lambda: ods_of(ENROLMENT, (NIP, "A", ""), prolog="<!DOCTYPE x>"), "file.unreadable"),
        (lambda: ods_of(ENROLMENT, (NIP, "A", ""))[:-200], "file.unreadable"),
    ],
)
def test_packages_that_are_refused(data, code):
    assert refusal(data()) == code


def test_a_lying_size_in_the_directory_cannot_unpack_more():
    data = bytearray(PLAIN)
    at = data.rindex(b"xl/worksheets/sheet1.xml") - 46  # its entry in the central directory
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    assert refusal(bytes(data)) == "file.unreadable"


HIDDEN = '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'


def test_an_opendocument_sheet_reads_like_a_workbook():
    hidden = '<table:table table:name="R" table:style-name="ta2"><table:table-row/></table:table>'
    noted = (
        '<table:table-cell office:value-type="string"><office:annotation><text:p>catatan</text:p></office:annotation>'
        "<text:p>Lu<text:span>lus</text:span></text:p></table:table-cell>"
    )
    row = result_with(status=noted, tanggal_selesai=date(2026, 8, 7), jp=40, nilai_pre=55.5)
    outcome = checked(ods_of(RESULT, row, before=hidden, styles=HIDDEN))
    assert outcome.detected.sheet == "Data"
    values = values_of(outcome)[0]
    assert (values.status_text, values.completed_on, values.jp) == ("Lulus", date(2026, 8, 7), 40)
    assert str(values.pre_score) == "55.5"


def test_opendocument_formulas_without_value_and_errors_are_told():
    bare = '<table:table-cell table:formula="of:=1+1"/>'
    failed = (
        '<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="" '
        'calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>'
    )
    outcome = checked(ods_of(RESULT, result_with(jp=bare), result_with(nip=OTHER, jp=failed)))
    assert found(outcome) == [(2, "JP", "file.formula", "error"), (3, "JP", "file.formula", "error")]


def test_repeated_rows_and_columns_count_and_cannot_exhaust_memory():
    blank = '<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    outcome = checked(ods_of(ENROLMENT, blank, (NIP, "A", "")))
    assert [row.number for row in outcome.rows] == [5]

    endless = (
        '<table:table-row table:number-rows-repeated="1048576">'
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="string"><text:p>7</text:p>'
        "</table:table-cell></table:table-row>"
    )
    assert refusal(ods_of(ENROLMENT, endless)) == "file.too_large"


def test_cells_covered_by_a_merge_are_empty():
    covered = (
        '<table:covered-table-cell office:value-type="string"><text:p>A</text:p></table:covered-table-cell>'
    )
    outcome = checked(ods_of(ENROLMENT, (NIP, covered, "x")))
    assert found(outcome) == [(2, "Kode Angkatan", "value.missing", "error")]


def test_a_sheet_keeps_cells_as_they_stand():
    sheet = sheet_of(xlsx_of(RESULT, PASSED))
    assert sheet.rows == ((2, PASSED),)
    assert sheet.detected.header_row == 1


def test_an_opendocument_value_that_is_none_of_its_type_is_unreadable():
    wrong = '<table:table-cell office:value-type="float" office:value="empat"/>'
    assert refusal(ods_of(RESULT, result_with(jp=wrong))) == "file.unreadable"
    nested = "<text:span>" * 5000 + "x" + "</text:span>" * 5000
    deep = f'<table:table-cell office:value-type="string"><text:p>{nested}</text:p></table:table-cell>'
    assert refusal(ods_of(RESULT, result_with(jp=deep))) == "file.unreadable"


def test_characters_that_no_database_stores_are_replaced():
    outcome = checked(xlsx_of(ENROLMENT, (NIP, "A", "a_x0000_b_xD800_c_x000D_d")))
    assert values_of(outcome)[0].note == "a\ufffdb\ufffdc\rd"


def test_a_workbook_that_shows_nothing_is_empty():
    def prepare(book):
        book.create_sheet("Kosong")
        book["Sheet"].sheet_state = "hidden"
        book.active = 1

    assert refusal(xlsx_of(ENROLMENT, (NIP, "A", ""), prepare=prepare)) == "file.empty"


def test_names_of_parts_and_places_of_cells_count_in_whatever_case():
    """As they do for spreadsheets, and as other programs write them."""

    def changed(name: str, content: bytes) -> bytes:
        if name == "xl/_rels/workbook.xml.rels":
            return content.replace(b"sharedStrings.xml", b"SharedStrings.xml").replace(b"sheet1", b"Sheet1")
        return re.sub(rb' r="[A-Z]+[0-9]+"', lambda found: found[0].lower(), content)

    data = repacked(shared_xlsx_of(ENROLMENT, (NIP, "A", "x")), changed)
    assert sheet_of(data, Kind.PENDAFTARAN).rows == ((2, (NIP, "A", "x")),)


def test_a_duration_is_what_is_shown_however_it_was_added_up():
    assert number_formats.moment(0.9999999999, EPOCH_1900, span=True) == timedelta(days=1)
