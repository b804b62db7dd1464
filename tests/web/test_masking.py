"""A NIP is shown in full to whom the table lets, and by its ends to everybody else."""

from uuid import uuid4

import pytest

from bina.web.access import Person
from bina.web.masking import masked, masked_in, nip_for, told

NIP = "198703032010011003"
MASKED = "1987••••••••••1003"
ASN, UNIT, OTHER = uuid4(), uuid4(), uuid4()


def test_the_ends_stay():
    assert masked(NIP) == MASKED
    assert (masked("12345678"), masked("")) == ("••••••••", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f'{{"nip": "{NIP}"}}', f'{{"nip": "{MASKED}"}}'),
        (f"{NIP}, {NIP}", f"{MASKED}, {MASKED}"),
        (NIP + "1", NIP + "1"),
        ("tanpa", "tanpa"),
    ],
)
def test_in_a_text_whatever_has_eighteen_digits_is_masked(text: str, shown: str):
    assert masked_in(text) == shown


@pytest.mark.parametrize(
    ("role", "agency", "unit", "whole"),
    [
        ("operator", "5571", None, True),
        ("bkd", "5571", UNIT, True),
        ("operator", "5571", OTHER, False),
        ("operator", "5508", None, False),
        ("head", "5571", None, False),
        ("evaluator", "5571", None, False),
        ("assessor", "5571", None, False),
        ("auditor", None, None, False),
        ("platform", None, None, True),
    ],
)
def test_who_needs_it_sees_it(role: str, agency: str | None, unit, whole: bool):  # noqa: FBT001
    reader = Person(uuid4(), "Pembaca", frozenset({role}), agency, unit)
    assert nip_for(reader, NIP, ASN, "5571", (UNIT,)) == (NIP if whole else MASKED)
    assert nip_for(Person(ASN, "Diri", frozenset({"asn"})), NIP, ASN, "5571") == NIP


def test_an_answer_is_masked_wherever_a_text_stands():
    answer = {"key": NIP, "headers": {"ce_subject": NIP}, "why": [NIP, 3], "attempts": 3, "value": None}
    auditor = Person(None, "Auditor", frozenset({"auditor"}))
    assert told(auditor, answer) == {
        "key": MASKED,
        "headers": {"ce_subject": MASKED},
        "why": [MASKED, 3],
        "attempts": 3,
        "value": None,
    }
    assert told(Person(None, "Mesin", frozenset({"platform"})), answer) == answer
