"""What holds for every file, whatever is in it."""

import string

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from enrollment.imports import FileRefused, Kind, check, judge, read
from enrollment.imports.advice import ADVICE
from enrollment.imports.columns import configuration, header_key
from enrollment.imports.nip import read_nip
from enrollment.imports.problems import Problem, Severity
from enrollment.imports.values import read_email, read_grade, read_phone, run_code

from .files import AS_OF, ENROLMENT, NIP, PASSED, RESULT, csv_of, joined, ods_of, xlsx_of
from .sample_world import register, scope

PLAIN = xlsx_of(RESULT, PASSED)
ODS = ods_of(RESULT, PASSED)
fast = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
kinds = st.sampled_from([None, *Kind])
cell = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [NIP, f"'{NIP}", "PBJ-2026-04", "7-8-2026", "40", "Lulus", "-", "=A1", "#N/A", "5508", "L"]
    ),
)


def whole(data: bytes, kind: Kind | None) -> None:
    sheet = read(data, "berkas", kind)
    if isinstance(sheet, FileRefused):
        assert next(p.code for p in sheet.problems if p.is_error).startswith("file.")
        return
    for as_kind in Kind:
        for outcome in (
            check(sheet, as_kind, AS_OF),
            judge(sheet, as_kind, AS_OF, scope("5508", as_kind), register()),
        ):
            assert_sound(sheet, outcome)


def assert_sound(sheet, outcome) -> None:
    """Every data row is either accepted or has an error, never both."""
    accepted = {row.number for row in outcome.rows}
    wrong = {
        p.row for p in outcome.problems if p.is_error and not p.code.startswith(("column.", "file.empty"))
    }
    numbers = set() if outcome.file_refused else {number for number, _ in sheet.rows}
    assert accepted | wrong == numbers
    assert not accepted & wrong
    assert outcome.accepted + outcome.refused == outcome.rows_total == len(numbers)
    assert all(p.advice and p.advice_en for p in outcome.problems)


@fast
@given(st.binary(max_size=400), kinds)
def test_any_bytes_are_read_or_refused(data, kind):
    whole(data, kind)


@fast
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8), kinds)
def test_damaged_packages_are_read_or_refused(at, noise, kind):
    for package in (PLAIN, ODS):
        place = at % len(package)
        whole(package[:place] + noise + package[place + len(noise) :], kind)


@fast
@given(
    st.lists(st.lists(cell, min_size=1, max_size=8), max_size=8),
    st.sampled_from([ENROLMENT, RESULT]),
    st.sampled_from(",;\t|"),
)
@example([["\r", '"'], ["\x00"]], ENROLMENT, ",")
def test_every_data_row_is_accepted_or_has_an_error(rows, header, delimiter):
    for write in (csv_of, joined):
        whole(write(header, *rows, delimiter=delimiter).replace(b"\0", b"0"), None)


@fast
@given(
    st.lists(
        st.lists(st.one_of(cell, st.integers(), st.floats(), st.booleans(), st.dates()), max_size=8),
        max_size=4,
    )
)
def test_every_workbook_row_too(rows):
    printable = [
        [
            v if not isinstance(v, str) else "".join(c for c in v if c in string.printable and c >= " ")
            for v in row
        ]
        for row in rows
    ]
    whole(xlsx_of(RESULT, *printable), Kind.KELULUSAN)


texts = st.one_of(st.text(max_size=30), st.text("0123456789 .,-'+()ABCabc/–", max_size=25))


@given(texts)
@example("R¸")
def test_normalising_twice_changes_nothing(text):
    assert header_key(header_key(text)) == header_key(text)
    assert run_code(run_code(text)) == run_code(text)
    for normalise in (lambda t: read_nip(t)[0], read_phone, read_email):
        once = normalise(text)
        assert once is None or normalise(once) == once
    grades = tuple(configuration().choices["Golongan"]["PNS"])
    grade = read_grade(text, grades)
    assert grade is None or read_grade(grade, grades) == grade


@given(st.text(max_size=10), st.sampled_from(sorted(ADVICE)))
def test_every_code_has_an_advice_in_both_languages(value, key):
    code, _, severity = key.partition("/")
    problem = Problem(14, "NIP", code, Severity(severity or "error"), value, None)
    assert problem.advice
    assert problem.advice_en
    assert "{" not in problem.advice.replace(value, "")


def test_a_damaged_nip_is_told_in_the_words_agreed():
    problem = Problem(14, "NIP", "nip.scientific")
    assert (
        problem.advice == "NIP di baris 14 berubah karena Excel. Atur kolom menjadi Teks, lalu tempel ulang."
    )
