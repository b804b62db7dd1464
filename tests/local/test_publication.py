import asyncio
import base64
import json
import os
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka.errors import UnknownTopicOrPartitionError
from typer.testing import CliRunner

from bina.events import Envelope
from bina.events.agency import Problem, RequestAnswered
from bina.messaging.cluster import Cluster
from bina.messaging.records import encode_headers, encode_value
from bina_local import topics
from bina_local.broker import producer, reader, records_until_end
from bina_local.business_clock import move_clock, read_clock
from bina_local.cli import app
from bina_local.publication import Answer, answers, known_answers, raw_records, requests_of, send, send_raw
from bina_local.state import project_root
from enrollment.imports import EnrolmentValues, ResultValues, Row
from parts import state_with

pytestmark = pytest.mark.kafka

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
ROWS = [
    Row(2, EnrolmentValues(nip="198001012005011001", run_code="PKA-2026-01")),
    Row(3, EnrolmentValues(nip="198001012005011002", run_code="PKA-2026-01", note="catatan")),
]


@pytest.fixture
async def agency(kafka) -> str:
    code = f"A{uuid.uuid4().hex[:8]}"
    await topics.ensure(kafka.cluster, topics.of_agency(code))
    return code


async def records(cluster: Cluster, topic: str):
    async with reader(cluster, topic) as client:
        return [record async for record in records_until_end(client)]


async def answer(cluster: Cluster, agency: str, *given: RequestAnswered) -> None:
    async with producer(cluster) as client:
        for one in given:
            envelope = Envelope(id=str(uuid.uuid4()), source="enrollment", type=one.type, time=NOW)
            await client.send_and_wait(
                one.destination, encode_value(one), one.key.encode(), headers=encode_headers(envelope)
            )


async def test_rows_travel_as_the_agency_s_events(kafka, agency: str):
    requests = requests_of(ROWS, agency, b"file")
    await send(kafka.cluster, agency, requests, NOW)
    written = {r.key: r for r in await records(kafka.cluster, f"agency.enrollments.{agency}")}
    record = written[b"198001012005011002"]
    assert json.loads(record.value)["note"] == "catatan"
    headers = dict(record.headers)
    assert headers["ce_id"].decode() == requests[1].id
    assert headers["ce_type"] == b"enrollment.requested.v1"
    assert datetime.fromisoformat(headers["ce_time"].decode()) == NOW


def test_the_same_row_of_the_same_file_is_the_same_event():
    ids = [
        [r.id for r in requests_of(ROWS, *which)]
        for which in (("A", b"x"), ("A", b"x"), ("B", b"x"), ("A", b"y"))
    ]
    assert ids[0] == ids[1]
    assert len({one for group in ids for one in group}) == 6


def test_a_result_keeps_every_value():
    values = ResultValues(
        nip="198001012005011001",
        run_code="PKA-2026-01",
        result="passed",
        status_text="Lulus",
        completed_on=date(2026, 11, 1),
        jp=40,
        certificate_number="001/2026",
    )
    (request,) = requests_of([Row(5, values)], "A", b"")
    assert request.event.model_dump(exclude={"pre_score", "post_score"}) == {
        "nip": values.nip,
        "run_code": values.run_code,
        "result": "passed",
        "completed_on": values.completed_on,
        "jp": 40,
        "certificate_number": "001/2026",
    }


async def test_every_row_gets_its_own_answer(kafka, agency: str):
    first, second = requests_of(ROWS, agency, b"file")
    problem = Problem(column="NIP", code="nip.unknown", advice="Periksa NIP.")
    given = [
        RequestAnswered(agency_code=agency, request_id="somebody else's", nip="1", outcome="accepted"),
        RequestAnswered(agency_code=agency, request_id=second.id, outcome="refused", problems=(problem,)),
        RequestAnswered(agency_code=agency, request_id=first.id, outcome="waitlisted", position=4),
    ]
    found: dict[str, Answer] = {}
    seen: list[int] = []
    following = asyncio.create_task(answers(kafka.cluster, agency, {first.id, second.id}, found, seen.append))
    await answer(kafka.cluster, agency, *given)
    await asyncio.wait_for(following, 30)
    assert found == {second.id: given[1], first.id: given[2]}
    assert seen[-1] == 2


async def test_an_answer_given_before_is_found_again(kafka, agency: str):
    first, second = requests_of(ROWS, agency, b"file")
    given = RequestAnswered(agency_code=agency, request_id=first.id, outcome="accepted")
    await answer(kafka.cluster, agency, given)
    assert await known_answers(kafka.cluster, agency, {first.id, second.id}) == {first.id: given}


async def test_what_is_no_answer_is_passed_over(kafka, agency: str):
    topic = f"agency.outcomes.{agency}"
    async with producer(kafka.cluster) as client:
        await client.send_and_wait(topic, b"{}", b"k", headers=[("ce_type", b"request.answered.v1")])
        await client.send_and_wait(topic, b"{", b"k", headers=[("ce_type", b"\xff")])
    assert await known_answers(kafka.cluster, agency, {"x"}) == {}


async def test_an_agency_without_topics_is_named(kafka):
    with pytest.raises(UnknownTopicOrPartitionError, match=r"agency\.outcomes\.NOBODY belum ada"):
        await known_answers(kafka.cluster, "NOBODY", {"x"})


def raw_line(topic: str, **fields) -> str:
    return json.dumps({"topic": topic, "key": None, "headers": {}, "value_base64": None} | fields)


async def test_raw_records_are_written_byte_for_byte(kafka, agency: str, tmp_path: Path):
    topic = f"agency.enrollments.{agency}"
    value, header = bytes(range(256)), b"\x00\xff\xfe"
    file = tmp_path / "raw.jsonl"
    lines = [
        raw_line(
            topic,
            key="k",
            headers={"ce_id": base64.b64encode(header).decode()},
            value_base64=base64.b64encode(value).decode(),
        ),
        raw_line(topic, key="k"),
        raw_line(topic, key="k", value_base64=""),
    ]
    file.write_text("\n".join([*lines, ""]))
    assert await send_raw(kafka.cluster, raw_records(file)) == 3
    written = await records(kafka.cluster, topic)
    assert [r.value for r in written] == [value, None, b""]
    assert written[0].headers == (("ce_id", header),)
    assert {r.key for r in written} == {b"k"}


@pytest.mark.parametrize("line", ["{", "[]", '{"topic": "t"}', '{"topic": "t", "value_base64": "*"}'])
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: str):
    file = tmp_path / "raw.jsonl"
    file.write_text(f"{raw_line('t')}\n{line}\n")
    with pytest.raises(ValueError, match="baris 2"):
        list(raw_records(file))


async def test_a_line_for_a_topic_that_is_not_there_is_named_and_nothing_is_written(
    kafka, agency: str, tmp_path: Path
):
    topic = f"agency.enrollments.{agency}"
    file = tmp_path / "raw.jsonl"
    file.write_text("\n".join([raw_line(topic), "", raw_line("agency.enrolments.9999"), ""]))
    state_with(kafka, tmp_path / "state")
    command = ["publish", "--raw", str(file), "--state", str(tmp_path / "state")]
    ended = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert ended.exit_code == 1
    assert "Baris 3: topik agency.enrolments.9999 belum ada. Tidak ada yang ditulis." in ended.stderr
    assert "bina agency add" in ended.stderr
    assert f"\n  {topic}\n" in ended.stderr
    assert await records(kafka.cluster, topic) == []


async def test_raw_records_may_come_through_a_pipe(kafka, agency: str, tmp_path: Path):
    topic = f"agency.enrollments.{agency}"
    reading, writing = os.pipe()
    os.write(writing, "\n".join([raw_line(topic, key="k")] * 2).encode())
    os.close(writing)
    state_with(kafka, tmp_path / "state")
    command = ["publish", "--raw", f"/dev/fd/{reading}", "--state", str(tmp_path / "state")]
    ended = await asyncio.to_thread(CliRunner().invoke, app, command)
    os.close(reading)
    assert ended.exit_code == 0
    assert [r.key for r in await records(kafka.cluster, topic)] == [b"k", b"k"]


async def test_who_was_never_given_a_credential_publishes_nothing(kafka, agency: str, tmp_path: Path):
    """Its topics are there, and the operator could write them."""
    state_with(kafka, tmp_path / "state")
    file = project_root() / "tests" / "samples" / "pendaftaran_bersih.csv"
    command = ["publish", str(file), "--agency", agency, "--state", str(tmp_path / "state"), "--timeout", "1"]
    ended = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert (ended.exit_code, f"bina agency add {agency}" in ended.stderr) == (1, True), ended.stderr
    assert await records(kafka.cluster, f"agency.enrollments.{agency}") == []


async def test_the_clock_remembers_how_far_it_was_moved(kafka):
    await topics.ensure(kafka.cluster, topics.listed())
    before = await read_clock(kafka.cluster)
    moved = await move_clock(kafka.cluster, before.offset + timedelta(days=180))
    again = await move_clock(kafka.cluster, moved.offset + timedelta(days=1))
    assert await read_clock(kafka.cluster) == again
    assert again.offset - before.offset == timedelta(days=181)
    assert again.version == before.version + 2
    record = (await records(kafka.cluster, "platform.clock"))[-1]
    assert record.key == b"clock"
    assert dict(record.headers)["ce_type"] == b"clock.moved.v1"
