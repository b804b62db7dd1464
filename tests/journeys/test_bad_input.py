"""Whatever an agency writes, its neighbours are served and nothing is lost."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from bina_local.publication import RawRecord
from journeys.agency import REQUEST, RESULT, AgencySystem, codes_of, id_of
from journeys.running import Bina, eventually
from journeys.world import Asn, World

pytestmark = pytest.mark.kafka
AGENCY = "6472"
RUN = "ANTIKORUPSI-2026-01"
HELD_BYTES = 20_000


@dataclass(frozen=True)
class Bad:
    """A record as it should not be; `code` is the reason it is parked for, None where it is only counted."""

    name: str
    spoil: Callable[[RawRecord], RawRecord]
    code: str | None


def with_header(name: str, value: bytes) -> Callable[[RawRecord], RawRecord]:
    def spoil(record: RawRecord) -> RawRecord:
        kept = [(key, old) for key, old in record.headers if key != name]
        return replace(record, headers=[*kept, (name, value)])

    return spoil


def with_value(make: Callable[[bytes], bytes | None]) -> Callable[[RawRecord], RawRecord]:
    return lambda record: replace(record, value=make(record.value or b""))


def with_body(**columns: object) -> Callable[[RawRecord], RawRecord]:
    return with_value(lambda value: json.dumps(json.loads(value) | columns).encode())


RESULT_BODY = {"result": "passed", "completed_on": "2026-02-30", "jp": 10}


def as_result(record: RawRecord) -> RawRecord:
    return with_header("ce_type", RESULT.encode())(with_body(**RESULT_BODY)(record))


def with_nan(record: RawRecord) -> RawRecord:
    body = with_body(**RESULT_BODY | {"completed_on": "2026-02-02"})(record)
    return with_header("ce_type", RESULT.encode())(
        with_value(lambda value: value[:-1] + b', "post_score": NaN}')(body)
    )


BAD = [
    Bad("no JSON", with_value(lambda _: b'{"nip": '), "json.invalid"),
    Bad("a list", with_value(lambda _: b"[]"), "contract.violated"),
    Bad("damaged UTF-8", with_value(lambda value: value.replace(b"{", b'{"note": "\xff\xfe", ', 1)), "json.invalid"),
    Bad("header in another encoding", with_header("ce_source", b"SIMPEG \xe9\xff"), "header.encoding"),
    Bad("NUL in a header", with_header("ce_source", b"sim\x00peg"), "header.nul"),
    Bad("tombstone", with_value(lambda _: None), "tombstone"),
    Bad("near a megabyte", with_body(note="x" * 950_000), "too_large"),
    Bad("NUL in a text", with_body(note="a\x00b"), "content.nul"),
    Bad("unknown type", with_header("ce_type", b"pegawai.pindah.v1"), None),
    Bad("future version", with_header("ce_type", b"enrollment.requested.v2"), "version.unknown"),
    Bad("30 February", as_result, "contract.violated"),
    Bad("not a number", with_nan, "contract.violated"),
    Bad("no type", with_header("ce_type", b""), "envelope.missing"),
    Bad("no time", with_header("ce_time", b"kemarin"), "envelope.invalid"),
    Bad("CloudEvents of the future", with_header("ce_specversion", b"2.0"), "envelope.version"),
    Bad("NIP too short", with_body(nip="19800417"), "contract.violated"),
    Bad("another's key", with_body(nip="198004172008031999"), "key.mismatch"),
    Bad("deep nesting", with_value(lambda _: b"[" * 5000 + b"]" * 5000), "json.invalid"),
]  # fmt: skip


@pytest.fixture(scope="module")
async def world(bina: Bina) -> World:
    world = await World.begin(bina, AGENCY)
    await world.programme("ANTIKORUPSI", "Pendidikan Antikorupsi", jp=10)
    await world.run(RUN, "ANTIKORUPSI", seats=200)
    return world


async def test_bad_records_are_kept_and_told_and_stop_nobody(world: World):
    """Each bad record lies between two good ones of the same person, so of the same partition."""
    people = await world.people([f"Peserta {bad.name}" for bad in BAD], with_email=False)
    before = [request(world.system, asn) for asn in people]
    broken = [bad.spoil(request(world.system, asn)) for bad, asn in zip(BAD, people, strict=True)]
    after = [request(world.system, asn) for asn in people]
    await world.system.publish(chain.from_iterable(zip(before, broken, after, strict=True)))

    answered = await world.system.answers(id_of(record) for record in (*before, *after))
    for records, problems in ((before, []), (after, ["duplicate.existing"])):
        for bad, record in zip(BAD, records, strict=True):
            (answer,) = answered[id_of(record)]
            assert (answer["outcome"], codes_of(answer)) == ("accepted", problems), bad.name
    await refusals_are_told(world, broken)
    await they_are_kept(world, broken)
    await nothing_is_left_over(world)
    enrolled = await world.enrolments(await run_id(world))
    assert {nip for nip, e in enrolled.items() if e["state"] == "accepted"} == {asn.nip for asn in people}


def request(system: AgencySystem, asn: Asn, **columns: object) -> RawRecord:
    return system.record(REQUEST, {"nip": asn.nip, "run_code": RUN, **columns})


async def run_id(world: World) -> object:
    return (await world.operator.get(f"/enrollment/api/v1/runs/{RUN}"))["id"]


async def parked_of(world: World, at_least: int) -> list[dict]:
    async def all_parked() -> list[dict] | None:
        found = await world.platform.get("/enrollment/api/v1/ops/parked")
        mine = [held for held in found if held["topic"] == world.system.inbound]
        return mine if len(mine) >= at_least else None

    return await eventually(all_parked)


async def they_are_kept(world: World, broken: list[RawRecord]) -> None:
    """Each is parked once, with its bytes and the reason; what nobody subscribed to is only counted."""
    parked = await parked_of(world, sum(bad.code is not None for bad in BAD))
    for bad, record in zip(BAD, broken, strict=True):
        held = [h for h in parked if h["event_id"] == id_of(record)]
        assert [h["code"] for h in held] == ([bad.code] if bad.code else []), bad.name
        if not held:
            continue
        shown = await world.platform.get(f"/enrollment/api/v1/ops/parked/{held[0]['id']}")
        sent = None if record.value is None else record.value.decode("utf-8", "replace")[:HELD_BYTES]
        assert (shown["value"], shown["headers"]["ce_id"]) == (sent, id_of(record)), bad.name
        assert shown["error"], bad.name


async def refusals_are_told(world: World, broken: list[RawRecord]) -> None:
    """Every unreadable record is answered, under its id, with the reason in words."""
    unreadable = [(bad, id_of(record)) for bad, record in zip(BAD, broken, strict=True) if bad.code]
    answered = await world.system.answers([id_ for _, id_ in unreadable])
    for bad, id_ in unreadable:
        (answer,) = answered[id_]
        assert (answer["outcome"], codes_of(answer)) == ("refused", [f"message.{bad.code}"]), bad.name
        assert answer["problems"][0]["advice"], bad.name
    (unknown,) = [id_of(r) for bad, r in zip(BAD, broken, strict=True) if bad.code is None]
    assert unknown not in answered


async def nothing_is_left_over(world: World) -> None:
    """The topic was read to its end, nothing waits to be told, and the service feels well."""

    async def at_rest() -> bool:
        status = await world.platform.get("/enrollment/api/v1/ops/status")
        assert status["healthy"], status
        return not any(status["lag"].values()) and not status["outbox"]["depth"] and not status["waiting"]

    await eventually(at_rest)


async def test_an_id_used_for_something_else_is_parked(world: World):
    first, second = await world.people(["Ani Wijaya", "Bambang Irawan"], with_email=False)
    (id_,) = await world.system.publish([request(world.system, first)])
    await world.system.answers([id_])
    other = world.system.record(REQUEST, {"nip": second.nip, "run_code": RUN}, event_id=id_)
    await world.system.publish([other])

    async def both_answered() -> list[dict] | None:
        found = (await world.system.answered())[id_]
        return found if len(found) == 2 else None

    accepted, refused = await eventually(both_answered)
    if accepted["outcome"] == "refused":  # two people, two partitions: no order between them
        accepted, refused = refused, accepted
    assert (accepted["outcome"], accepted["nip"]) == ("accepted", first.nip)
    assert (refused["outcome"], codes_of(refused)) == ("refused", ["message.id.conflict"])
    enrolled = await world.enrolments(await run_id(world))
    assert first.nip in enrolled
    assert second.nip not in enrolled
    fresh = await world.system.tell(REQUEST, nip=second.nip, run_code=RUN)
    assert fresh["outcome"] == "accepted"


async def test_two_megabytes_are_refused_by_the_broker(world: World):
    (asn,) = await world.people(["Citra Lestari"], with_email=False)
    huge = request(world.system, asn, note="x" * 2_000_000)
    with pytest.raises(MessageSizeTooLargeError):
        await world.system.publish([huge])
    assert (await world.system.tell(REQUEST, nip=asn.nip, run_code=RUN))["outcome"] == "accepted"


async def test_a_parked_record_stays_parked_until_somebody_decides(world: World):
    (asn,) = await world.people(["Dedi Kurniawan"], with_email=False)
    spoilt = with_value(lambda _: b"{")(request(world.system, asn))
    await world.system.publish([spoilt])

    async def held() -> dict | None:
        found = await world.platform.get("/enrollment/api/v1/ops/parked")
        return next((h for h in found if h["event_id"] == id_of(spoilt)), None)

    path = f"/enrollment/api/v1/ops/parked/{(await eventually(held))['id']}"
    assert (await world.platform.post(f"{path}/redrive", {})) == {"applied": 0}
    assert (await held())["code"] == "json.invalid"
    refused = await world.platform.send(f"{path}/discard", {"reason": ""})
    assert refused.status_code == 422
    await world.platform.post(f"{path}/discard", {"reason": "Sudah dikirim ulang oleh instansi."})
    assert await held() is None
