"""Events as no agency should send them, and what each is parked for."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from bina_local.publication import RawRecord
from journeys.agency import RESULT

Spoil = Callable[[RawRecord], RawRecord]


@dataclass(frozen=True)
class Poison:
    """`code`: what it is parked for; None: nobody reacts to it, it is passed over."""

    name: str
    spoil: Spoil
    code: str | None


def with_header(name: str, value: bytes) -> Spoil:
    def spoil(record: RawRecord) -> RawRecord:
        kept = [(key, old) for key, old in record.headers if key != name]
        return replace(record, headers=[*kept, (name, value)])

    return spoil


def with_value(make: Callable[[bytes], bytes | None]) -> Spoil:
    return lambda record: replace(record, value=make(record.value or b""))


def with_body(**columns: object) -> Spoil:
    return with_value(lambda value: json.dumps(json.loads(value) | columns).encode())


def no_such_day(record: RawRecord) -> RawRecord:
    body = with_body(result="passed", completed_on="2026-02-30", jp=10)(record)
    return with_header("ce_type", RESULT.encode())(body)


CONFLICT = Poison("id of another event", with_body(note="isi yang lain"), "id.conflict")
"""Carries the id of an event sent before."""
POISONS = (
    Poison("bad JSON", with_value(lambda _: b'{"nip": '), "json.invalid"),
    Poison("unknown version", with_header("ce_type", b"enrollment.requested.v2"), "version.unknown"),
    Poison("another's key", with_body(nip="198004172008031999"), "key.mismatch"),
    Poison("NUL in a text", with_body(run_code="KINI\x00"), "content.nul"),
    Poison("30 February", no_such_day, "contract.violated"),
    CONFLICT,
    Poison("NUL in a header", with_header("ce_source", b"sim\x00peg"), "header.nul"),
    Poison("tombstone", with_value(lambda _: None), "tombstone"),
    Poison("damaged UTF-8", with_value(lambda v: v.replace(b"{", b'{"note": "\xff\xfe", ', 1)), "json.invalid"),
    Poison("no type", with_header("ce_type", b""), "envelope.missing"),
    Poison("no time", with_header("ce_time", b"kemarin"), "envelope.invalid"),
    Poison("unknown type", with_header("ce_type", b"pegawai.pindah.v1"), None),
)  # fmt: skip
