"""Rules that look at several cells, several rows, or the register."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from enrollment.imports import (
    EnrolmentClaim,
    ExistingResult,
    Kind,
    PersonFact,
    Register,
    ResultClaim,
    RunFact,
    Scope,
    Seats,
    check_enrolment,
    check_result,
    judge,
    judge_enrolment,
    judge_result,
)
from enrollment.imports.personnel_rules import nips_on_ring

from .files import (
    AS_OF,
    ENROLMENT,
    NIP,
    OTHER,
    PASSED,
    RESULT,
    checked,
    csv_of,
    found,
    result_with,
    sheet_of,
    values_of,
)

THIRD = "198011242006042713"
RUN = RunFact("PBJ-2026-03", "5508", {"5508"}, date(2026, 8, 3), "open", 1, 40)
SCOPE = Scope("5508", {"5508"})
HERE, ELSEWHERE = PersonFact("5508"), PersonFact("5571")
REQUEST = EnrolmentClaim(nip=NIP, run_code=RUN.code)
RESULT_CLAIM = ResultClaim(
    nip=NIP, run_code=RUN.code, result="passed", status_text="Lulus", completed_on=date(2026, 8, 7), jp=40,
    pre_score=Decimal(55), post_score=Decimal("82.5"), certificate_number="893/1",
)  # fmt: skip
RECORDED = ExistingResult(
    result="passed", completed_on=date(2026, 8, 7), jp=40, pre_score=Decimal("55.0"), post_score=Decimal("82.50"),
    certificate_number="893/1",
)  # fmt: skip


def codes(verdict):
    return [(p.column, p.code, str(p.severity)) for p in verdict.problems]


def request(claim=REQUEST, *, person=HERE, run=RUN, enrolled=False, seats=1):
    left = Seats({RUN.code: seats})
    return judge_enrolment(claim, SCOPE, person=person, run=run, enrolled=enrolled, seats=left)


def report(claim=RESULT_CLAIM, *, person=HERE, run=RUN, existing=None):
    return judge_result(claim, SCOPE, person=person, run=run, existing=existing)


def test_a_request_takes_a_seat_until_none_is_left():
    seats = Seats({RUN.code: 1})
    verdicts = [
        judge_enrolment(REQUEST, SCOPE, person=HERE, run=RUN, enrolled=enrolled, seats=seats)
        for enrolled in (True, False, False)
    ]
    assert [v.existing for v in verdicts] == [True, False, False]
    assert [v.waitlisted for v in verdicts] == [False, False, True]
    assert not any(v.refused for v in verdicts)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"person": None}, [("NIP", "nip.unknown", "error")]),
        (
            {"person": ELSEWHERE},
            [("NIP", "nip.other_agency", "error"), ("Kode Angkatan", "run.unknown", "error")],
        ),
        ({"run": None}, [("Kode Angkatan", "run.unknown", "error")]),
        ({"run": replace(RUN, status="closed")}, [("Kode Angkatan", "run.closed", "error")]),
        ({"run": replace(RUN, status="cancelled")}, [("Kode Angkatan", "run.closed", "error")]),
        ({"run": replace(RUN, status="full")}, [("Kode Angkatan", "run.full", "warning")]),
        ({"seats": 0}, [("Kode Angkatan", "run.full", "warning")]),
        (
            {"run": replace(RUN, status="closed"), "enrolled": True},
            [("NIP", "duplicate.existing", "warning")],
        ),
        ({"run": replace(RUN, status="full"), "enrolled": True}, [("NIP", "duplicate.existing", "warning")]),
        (
            {"person": ELSEWHERE, "run": replace(RUN, status="closed", open_to={"5571"})},
            [("NIP", "nip.other_agency", "error"), ("Kode Angkatan", "run.closed", "error")],
        ),
        ({"claim": EnrolmentClaim(run_code=RUN.code), "person": None}, []),
    ],
)
def test_requests(facts, expected):
    assert codes(request(**facts)) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"run": replace(RUN, status="closed", open_to=())}, []),
        ({"person": ELSEWHERE}, [("NIP", "nip.other_agency", "error")]),
        (
            {"run": replace(RUN, organiser="5500", programme_jp=1)},
            [("Kode Angkatan", "run.unknown", "error")],
        ),
        ({"run": replace(RUN, status="cancelled")}, [("Kode Angkatan", "run.cancelled", "error")]),
        ({"run": replace(RUN, start=date(2026, 8, 8))}, [("Tanggal Selesai", "date.before_start", "error")]),
        ({"run": replace(RUN, start=date(2026, 8, 7))}, []),
        ({"run": replace(RUN, programme_jp=39)}, [("JP", "number.range", "error")]),
        ({"claim": replace(RESULT_CLAIM, jp=0)}, [("JP", "number.range", "error")]),
        ({"claim": replace(RESULT_CLAIM, jp=0, result="failed")}, []),
        ({"existing": RECORDED}, [("NIP", "duplicate.existing", "warning")]),
        ({"existing": replace(RECORDED, jp=39)}, [("NIP", "duplicate.existing", "error")]),
        ({"existing": replace(RECORDED, certificate_number=None)}, [("NIP", "duplicate.existing", "error")]),
        (
            {
                "existing": replace(RECORDED, certificate_number=None),
                "claim": replace(RESULT_CLAIM, certificate_number=""),
            },
            [("NIP", "duplicate.existing", "warning")],
        ),
    ],
)
def test_results(facts, expected):
    assert codes(report(**facts)) == expected


def test_an_event_is_brought_into_the_same_normal_form_as_a_row():
    row = values_of(checked(csv_of(RESULT, PASSED)))[0]
    claim, problems = check_result(
        AS_OF, nip=f" {NIP}", run_code="pbj – 2026-03", result="passed", completed_on=date(2026, 8, 7), jp=40,
        pre_score=55.0, post_score=Decimal("82.5"), certificate_number="893/1",
    )  # fmt: skip
    assert problems == ()
    assert all(getattr(row, name) == getattr(claim, name) for name in claim.__dataclass_fields__)


def test_an_events_cells_are_checked_like_a_rows():
    claim, problems = check_result(
        AS_OF, nip="1", run_code=" ", result="unknown", completed_on=date(2027, 1, 1), jp=-1, pre_score=101.0,
        certificate_number="x" * 81,
    )  # fmt: skip
    assert {(p.column, p.code) for p in problems} == {
        ("NIP", "nip.format"), ("Kode Angkatan", "value.missing"), ("Status", "choice.unknown"),
        ("Tanggal Selesai", "date.future"), ("JP", "number.range"), ("Nilai Pre", "number.range"),
        ("Nomor Sertifikat", "value.too_long"),
    }  # fmt: skip
    assert claim == ResultClaim()
    assert check_enrolment(AS_OF, nip=NIP, run_code="a", note="=x")[1][0].code == "injection.formula"


def test_equal_rows_keep_the_first_and_different_ones_are_all_refused():
    same = csv_of(ENROLMENT, (NIP, "A", "x"), (f"'{NIP}", " a", "  x "), (NIP, "B", "x"))
    assert found(checked(same)) == [(3, "NIP", "duplicate.in_file", "error")]

    different = csv_of(ENROLMENT, (NIP, "A", "x"), (NIP, "A", "y"), (NIP, "A", "x"))
    assert [p[0] for p in found(checked(different))] == [2, 3, 4]


def test_a_refused_row_is_nobodys_duplicate():
    data = csv_of(RESULT, result_with(jp="x"), PASSED)
    assert found(checked(data)) == [(2, "JP", "number.invalid", "error")]


def test_a_passing_result_needs_jp_and_scores_stay_within_a_hundred():
    rows = [
        result_with(jp="0"),
        result_with(nip=OTHER, nilai_pre="100", nilai_post="100,1"),
        result_with(nip=THIRD, status="Tidak Lulus", jp="0"),
    ]
    assert found(checked(csv_of(RESULT, *rows))) == [
        (2, "JP", "number.range", "error"),
        (3, "Nilai Post", "number.range", "error"),
    ]


PERSON = ("NIP", "Nama", "Kode Instansi", "NIP Atasan", "Status", "L/P", "Golongan")


def judged_people(*rows, people=None):
    register = Register(people=people or {}, agencies={"5508", "5571"})
    sheet = sheet_of(csv_of(PERSON, *rows), Kind.PEGAWAI)
    return judge(sheet, Kind.PEGAWAI, AS_OF, SCOPE, register)


def test_status_against_nip_is_an_error_and_sex_only_a_warning():
    outcome = judged_people(
        (NIP, "A", "5508", "", "PNS", "", ""),
        (OTHER, "B", "5508", "", "PPPK", "L", "ix"),
        (THIRD, "C", "5508", "", "", "P", "IX"),
    )
    assert found(outcome) == [
        (2, "NIP", "nip.checks", "error"),
        (3, "NIP", "nip.checks", "warning"),
        (4, "Golongan", "choice.unknown", "error"),
    ]


def test_an_error_does_not_hide_behind_a_warning_of_the_same_cell():
    outcome = judged_people((OTHER, "B", "5508", "", "", "L", ""), people={OTHER: ELSEWHERE})
    assert outcome.refused == 1
    assert (2, "NIP", "nip.other_agency", "error") in found(outcome)


def test_only_rows_on_a_ring_of_supervisors_are_refused():
    outcome = judged_people(
        (NIP, "A", "5508", OTHER, "", "", ""),
        (OTHER, "B", "5508", THIRD, "", "", ""),
        ("197508232003122713", "C", "5508", NIP, "", "", ""),
        people={THIRD: PersonFact("5508", NIP)},
    )
    assert found(outcome) == [
        (2, "NIP Atasan", "supervisor.cycle", "error"),
        (3, "NIP Atasan", "supervisor.cycle", "error"),
        (4, "NIP Atasan", "supervisor.unknown", "warning"),  # its supervisor's row was refused
    ]


def test_unreadable_and_unknown_supervisors_are_left_out():
    outcome = judged_people(
        (NIP, "A", "5508", "1,9E+17", "", "", ""),
        (OTHER, "B", "5508", NIP, "", "", ""),
        (THIRD, "C", "5508", "197508232003122713", "", "", ""),
    )
    assert [
        (row.number, v.supervisor_nip) for row, v in zip(outcome.rows, values_of(outcome), strict=True)
    ] == [
        (2, None),
        (3, NIP),
        (4, None),
    ]
    assert [p[:3] for p in found(outcome)] == [
        (2, "NIP Atasan", "supervisor.unknown"),
        (4, "NIP Atasan", "supervisor.unknown"),
    ]


def test_a_move_between_agencies_is_no_upload():
    outcome = judged_people(
        (NIP, "A", "5508", "", "", "", ""),
        (OTHER, "B", "5571", "", "", "", ""),
        (THIRD, "C", "Jambi", "", "", "", ""),
        people={NIP: ELSEWHERE, OTHER: ELSEWHERE},
    )
    assert found(outcome) == [
        (2, "NIP", "nip.other_agency", "error"),
        (3, "Kode Instansi", "nip.other_agency", "error"),
        (4, "Kode Instansi", "choice.unknown", "error"),
    ]


def test_rings_are_found_and_tails_left_alone():
    chains = {"a": "b", "b": "c", "c": "b", "d": "d", "e": "a", "f": None, "g": "?"}
    assert nips_on_ring(chains) == {"b", "c", "d"}


def test_a_text_that_looks_like_a_formula_is_kept_as_text():
    outcome = checked(csv_of(ENROLMENT, (NIP, "A", "=HYPERLINK(1)")))
    assert found(outcome) == [(2, "Catatan", "injection.formula", "warning")]
    assert values_of(outcome)[0].note == "=HYPERLINK(1)"


def test_a_supervisor_is_compared_even_with_an_implausible_nip():
    month_13 = "197508232003132713"
    outcome = judged_people((month_13, "A", "5508", month_13, "PNS", "L", "ix"))
    assert [p[1:3] for p in found(outcome)] == [
        ("NIP", "nip.checks"),
        ("Golongan", "choice.unknown"),
        ("NIP Atasan", "supervisor.self"),
    ]
