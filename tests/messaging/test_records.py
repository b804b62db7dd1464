import json

import pytest

from bina.events.enrollment import EnrollmentAccepted
from bina.messaging.records import Arrived, Broken, Ignored, Message, decode
from bina.messaging.testing import ServiceUnderTest
from messaging.facts import accepted

WANTED = {EnrollmentAccepted.type: EnrollmentAccepted}


@pytest.fixture
def message(service: ServiceUnderTest) -> Message:
    return service.message(accepted())


def with_header(message: Message, name: str, value: bytes) -> Message:
    return message._replace(headers=(*((k, v) for k, v in message.headers if k != name), (name, value)))


def with_value(message: Message, **changes: object) -> Message:
    return message._replace(value=json.dumps({**json.loads(message.value or b""), **changes}).encode())


def test_what_was_told_is_read_back(message: Message):
    found = decode(message, WANTED)
    assert isinstance(found, Arrived)
    assert found.event.envelope.type == "enrollment.accepted.v1"


@pytest.mark.parametrize(
    ("code", "damage"),
    [
        ("json.invalid", lambda m: m._replace(value=b"{not json")),
        ("json.invalid", lambda m: m._replace(value=b'{"a": \xff}')),
        ("contract.violated", lambda m: with_value(m, asn_id="nobody")),
        ("contract.violated", lambda m: m._replace(value=b"[]")),
        ("content.nul", lambda m: with_value(m, agency_code="55\x0071")),
        ("too_large", lambda m: with_value(m, filler="x" * 2_000_000)),
        ("tombstone", lambda m: m._replace(value=None)),
        ("key.mismatch", lambda m: m._replace(record_key=b"another")),
        ("header.encoding", lambda m: with_header(m, "ce_subject", b"\xff\xfe")),
        ("header.nul", lambda m: with_header(m, "ce_subject", b"a\x00b")),
        ("envelope.missing", lambda m: m._replace(headers=())),
        ("envelope.invalid", lambda m: with_header(m, "ce_id", b"17")),
        ("envelope.invalid", lambda m: with_header(m, "ce_time", b"2026-02-30T00:00:00Z")),
        ("envelope.invalid", lambda m: with_header(m, "ce_time", b"2026-02-03T00:00:00")),
        ("envelope.invalid", lambda m: with_header(m, "ce_time", b"9999-12-31T23:59:59Z")),
        ("envelope.invalid", lambda m: with_header(m, "ce_time", b"1999-12-31T23:59:59Z")),
        ("envelope.invalid", lambda m: with_header(m, "ce_aggregateversion", b"many")),
        ("envelope.invalid", lambda m: with_header(m, "ce_aggregateversion", b"9223372036854775808")),
        ("envelope.invalid", lambda m: with_header(m, "ce_aggregateversion", b"-1")),
        ("version.unknown", lambda m: with_header(m, "ce_type", b"enrollment.accepted.v2")),
    ],
)
def test_damage_is_named(message: Message, code: str, damage):
    found = decode(damage(message), WANTED)
    assert isinstance(found, Broken)
    assert found.code == code


def test_a_backslash_in_a_text_is_no_nul(message: Message):
    assert isinstance(decode(with_value(message, agency_code="\\u0000"), WANTED), Arrived)


def test_a_type_nobody_here_wants_is_ignored(message: Message):
    assert isinstance(decode(with_header(message, "ce_type", b"seat.painted.v1"), WANTED), Ignored)


def test_unknown_fields_are_no_damage(message: Message):
    assert isinstance(decode(with_value(message, colour="tarum"), WANTED), Arrived)


def test_a_defect_of_ours_parks_the_message_alone(message: Message, monkeypatch):
    monkeypatch.setattr(EnrollmentAccepted, "model_validate_json", lambda _: 1 / 0)
    found = decode(message, WANTED)
    assert isinstance(found, Broken)
    assert (found.code, found.error) == ("decode.failed", "ZeroDivisionError('division by zero')")
