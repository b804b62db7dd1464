"""CSV and TSV: encodings, delimiters, rows."""

import pytest

from enrollment.imports import Kind

from .files import ENROLMENT, NIP, OTHER, PASSED, RESULT, checked, csv_of, found, refusal, sheet_of, values_of

GOOD = csv_of(ENROLMENT, (NIP, "PBJ-2026-04", "Ké"))


@pytest.mark.parametrize(
    ("data", "encoding", "guessed"),
    [
        (GOOD, "utf-8", False),
        (b"\xef\xbb\xbf" + GOOD, "utf-8-bom", False),
        (b"\xff\xfe" + GOOD.decode().encode("utf-16-le"), "utf-16-le", False),
        (b"\xfe\xff" + GOOD.decode().encode("utf-16-be"), "utf-16-be", False),
        (GOOD.decode().encode("utf-16-le"), "utf-16-le", True),
        (GOOD.decode().encode("utf-16-be"), "utf-16-be", True),
        (GOOD.decode().encode("cp1252"), "windows-1252", True),
    ],
)
def test_the_encoding_is_found_and_a_guess_is_told(data, encoding, guessed):
    outcome = checked(data)
    assert outcome.detected.encoding == encoding
    assert found(outcome) == ([(None, None, "encoding.guessed", "warning")] if guessed else [])
    assert values_of(outcome)[0].note == "Ké"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter, end):
    data = csv_of(ENROLMENT, (NIP, "A", "x"), (OTHER, "B", "y"), delimiter=delimiter)
    outcome = checked(data.replace(b"\n", end.encode()))
    assert outcome.detected.delimiter == delimiter
    assert [row.number for row in outcome.rows] == [2, 3]


def test_the_delimiter_is_the_one_with_most_known_columns():
    data = b"Catatan, lihat lampiran;NIP;Kode Angkatan\nx;" + NIP.encode() + b";A\n"
    assert checked(data, Kind.PENDAFTARAN).detected.delimiter == ";"


def test_a_quoted_line_break_does_not_count_but_blank_lines_and_sep_do():
    text = f'sep=;\n\nNIP;Kode Angkatan;Catatan\n{NIP};A;"satu\ndua"\n\n{OTHER};B;\n'
    outcome = checked(text.encode())
    assert outcome.detected.header_row == 3
    assert [row.number for row in outcome.rows] == [4, 6]
    assert values_of(outcome)[0].note == "satu\ndua"


def test_a_quote_closed_by_the_last_byte_is_closed():
    assert checked(f'NIP,Kode Angkatan,Catatan\n{NIP},A,"x"'.encode()).accepted == 1


def test_a_very_long_quoted_field_is_too_long_and_not_unreadable():
    data = csv_of(ENROLMENT, (NIP, "A", "x\n" * 100_000 + "x"))
    assert found(checked(data)) == [(2, "Catatan", "value.too_long", "error")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file.empty"),
        (b" \r\n\t\n", "file.empty"),
        (b"Nama\nBudi\n", "file.no_header"),
        (GOOD + b'1,"never closed\n', "file.unreadable"),
        (b'"NIP,Kode Angkatan\n1,2\n', "file.unreadable"),
        (GOOD.replace(b"PBJ", b"P\0J"), "file.unreadable"),
        (b"\xff\xfe" + b"N\0I", "file.unreadable"),
        (b"%PDF-1.7\nNIP,Kode Angkatan\n", "file.unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file.unreadable"),
        (b"<html><table><tr><td>NIP</td></tr></table>", "file.unreadable"),
        (b"\xef\xbb\xbf\n <!DOCTYPE html>", "file.unreadable"),
        (b"\xff\xfe\0\0N\0\0\0", "file.unreadable"),
        (b"x" * (10 * 1024 * 1024 + 1), "file.too_large"),
    ],
)
def test_files_that_are_refused(data, code):
    assert refusal(data) == code


def test_a_file_without_data_rows_is_empty():
    assert found(checked(csv_of(ENROLMENT))) == [(None, None, "file.empty", "error")]


def test_the_header_stands_within_the_first_twenty_rows():
    title = b"Daftar\n"
    assert checked(title * 19 + GOOD).detected.header_row == 20
    assert refusal(title * 20 + GOOD) == "file.no_header"


def test_column_problems_stand_on_the_header_row_and_refuse_the_file():
    data = b"Judul\n" + csv_of(("NIP", "NIP Baru", "Hasil", "Tgl. Selesai*", "No", "Umur"), PASSED[:6])
    outcome = checked(data, Kind.KELULUSAN)
    assert sorted(found(outcome)) == [
        (2, "JP", "column.missing", "error"),
        (2, "Kode Angkatan", "column.missing", "error"),
        (2, "NIP", "column.duplicate", "error"),
        (2, "Umur", "column.unknown", "warning"),
    ]
    assert (outcome.rows_total, outcome.accepted, outcome.refused, outcome.warned) == (0, 0, 0, 0)
    assert outcome.file_refused


def test_rows_that_are_no_data_are_not_counted():
    rows = [
        ("No", *ENROLMENT),
        ("(1)", "(2)", "(3)", "(4)"),
        ("1", NIP, "A", ""),
        (" ", "\u00a0", "\u200b", ""),
        ("2", "", "", "-"),
        ("NO", "nip", "KODE ANGKATAN", "catatan"),
        ("3", OTHER, "B", ""),
        ("Jumlah", "", "2", "orang"),
        ("", "", "", "Kepala BKPSDM"),
    ]
    outcome = checked(csv_of(*rows))
    assert [row.number for row in outcome.rows] == [3, 7]
    assert outcome.rows_total == 2


def test_a_total_in_a_sheet_without_number_column_is_no_data():
    outcome = checked(csv_of(RESULT, PASSED, ("JUMLAH", "", "", "", "40")))
    assert (outcome.rows_total, outcome.accepted) == (1, 1)


def test_running_numbers_are_only_skipped_right_under_the_header():
    outcome = checked(csv_of(ENROLMENT, (NIP, "A", ""), ("1", "2", "3")))
    assert (3, "NIP", "nip.format", "error") in found(outcome)


def test_missing_cells_are_empty_and_extra_cells_ignored():
    data = f"NIP,Kode Angkatan,Catatan\n{NIP},A\n{OTHER},B,,lebih,lagi\n".encode()
    assert [v.note for v in values_of(checked(data))] == [None, None]


def test_the_guess_of_a_kind_survives_a_missing_column():
    sheet = sheet_of(csv_of(RESULT[:-4], PASSED[:-4]))
    assert sheet.kind is Kind.KELULUSAN
