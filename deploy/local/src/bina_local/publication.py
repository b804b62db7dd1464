"""From an agency's spreadsheet to its events on Kafka, and the answer to each."""

import hashlib
import json
import uuid
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from pydantic import ValidationError

from bina.events import REGISTRY, Envelope, Event
from bina.events.agency import (
    INBOUND,
    OUTCOMES,
    EnrollmentRequested,
    RequestAnswered,
    ResultAnswered,
    TrainingResultReported,
)
from bina.messaging.cluster import Cluster
from bina.messaging.records import encode_headers, encode_value
from bina_local.broker import producer, reader, records_until_end
from enrollment.imports import EnrolmentValues, ResultValues, Row
from enrollment.imports.claims import Values

Answer = RequestAnswered | ResultAnswered
Progress = Callable[[int], None]
"""Takes how many rows were answered."""

ROWS = uuid.UUID("0d7c0b5e-3f0a-4c55-9a2f-2f4f4c1a7d10")
IN_FLIGHT = 500


@dataclass(frozen=True)
class Request:
    """One spreadsheet row as the event it becomes; the same row of the same file is the same event."""

    row: int
    id: str
    event: EnrollmentRequested | TrainingResultReported


def requests_of(rows: Iterable[Row], agency: str, content: bytes) -> list[Request]:
    """An event for each accepted row. `content` are the file's bytes: they decide the events' ids."""
    digest = hashlib.sha256(content).hexdigest()
    return [
        Request(row.number, str(uuid.uuid5(ROWS, f"{agency}\n{digest}\n{row.number}")), _event(row.values))
        for row in rows
    ]


def _event(
    values: Values,
) -> EnrollmentRequested | TrainingResultReported:
    if not isinstance(values, EnrolmentValues | ResultValues):
        raise TypeError("people and balances are registered by upload, not by events")
    if isinstance(values, EnrolmentValues):
        return EnrollmentRequested(nip=values.nip, run_code=values.run_code, note=values.note or "")
    return TrainingResultReported(
        nip=values.nip,
        run_code=values.run_code,
        result=values.result,
        completed_on=values.completed_on,
        jp=values.jp,
        pre_score=None if values.pre_score is None else float(values.pre_score),
        post_score=None if values.post_score is None else float(values.post_score),
        certificate_number=values.certificate_number or "",
    )


async def known_answers(cluster: Cluster, agency: str, ids: set[str]) -> dict[str, Answer]:
    """What the agency was answered already, by request id."""
    found: dict[str, Answer] = {}
    async with reader(cluster, f"{OUTCOMES}.{agency}") as client:
        async for record in records_until_end(client):
            if (answer := answer_in(record)) and answer.request_id in ids:
                found[answer.request_id] = answer
    return found


async def send(cluster: Cluster, agency: str, requests: list[Request], at: datetime) -> None:
    """Publish on the agency's own topic, in the file's order per person; returns once all are on the disk."""
    async with producer(cluster) as client:
        for start in range(0, len(requests), IN_FLIGHT):
            chunk = requests[start : start + IN_FLIGHT]
            sent = [await put(client, agency, one.id, one.event, at) for one in chunk]
            for acknowledged in sent:
                await acknowledged


async def put(client: AIOKafkaProducer, agency: str, event_id: str, event: Event, at: datetime) -> Any:
    """Hand one of an agency's events to a producer; await what it gives to know that it is on the disk."""
    envelope = Envelope(
        id=event_id, source=f"urn:bina:agency:{agency}", type=event.type, time=at, subject=event.key
    )
    return await client.send(
        f"{INBOUND}.{agency}", encode_value(event), event.key.encode(), headers=encode_headers(envelope)
    )


async def answers(
    cluster: Cluster, agency: str, ids: set[str], found: dict[str, Answer], progress: Progress
) -> None:
    """Follow the agency's answers until every id has one, collecting them in `found`; cancel it to give up."""
    async with reader(cluster, f"{OUTCOMES}.{agency}") as client:
        while ids - found.keys():
            batches = await client.getmany(timeout_ms=500)
            for record in (record for batch in batches.values() for record in batch):
                if (answer := answer_in(record)) and answer.request_id in ids:
                    found[answer.request_id] = answer
            progress(len(found))


def answer_in(record: ConsumerRecord[bytes, bytes]) -> Answer | None:
    """The answer a record carries, if it is one."""
    kind = dict(record.headers).get("ce_type", b"").decode(errors="replace")
    contract: type[Event] | None = REGISTRY.get(kind)
    if contract not in (RequestAnswered, ResultAnswered) or record.value is None:
        return None
    try:
        answer = contract.model_validate_json(record.value)
    except ValidationError:
        return None
    assert isinstance(answer, RequestAnswered | ResultAnswered)
    return answer


@dataclass(frozen=True)
class RawRecord:
    """A record to be written as it is, however wrong; `line` is its place in a file, from 1."""

    topic: str
    key: bytes | None
    headers: list[tuple[str, bytes]]
    value: bytes | None
    line: int = 0


class UnknownTopicError(ValueError):
    """A line names a topic that nobody made."""

    def __init__(self, record: RawRecord, existing: Iterable[str]) -> None:
        alike = record.topic.startswith("agency.")
        listed = "".join(f"\n  {name}" for name in sorted(existing) if name.startswith("agency.") == alike)
        super().__init__(
            f"Baris {record.line}: topik {record.topic} belum ada. Tidak ada yang ditulis.\n"
            f"Perbaiki nama topiknya, atau buat topik instansi dengan: bina agency add KODE NAMA\n"
            f"Topik yang ada:{listed or ' -'}"
        )


def raw_records(path: Path) -> Iterator[RawRecord]:
    """Read JSON lines {topic, key, headers: {name: base64}, value_base64 | null}.

    Raises ValueError naming the line that is not one.
    """
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield _raw(json.loads(line), number)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}, baris {number}: {error!r}") from error


def _raw(fields: dict[str, Any], line: int) -> RawRecord:
    key, value = fields.get("key"), fields["value_base64"]
    return RawRecord(
        topic=fields["topic"],
        key=None if key is None else key.encode(),
        headers=[(name, b64decode(text, validate=True)) for name, text in fields.get("headers", {}).items()],
        value=None if value is None else b64decode(value, validate=True),
        line=line,
    )


async def check_topics(cluster: Cluster, records: Iterable[RawRecord]) -> None:
    """Raise UnknownTopicError for the first record whose topic is not there."""
    client = AIOKafkaConsumer(**cluster.client(), enable_auto_commit=False)
    try:
        await client.start()
        existing = await client.topics()
    finally:
        await client.stop()
    for record in records:
        if record.topic not in existing:
            raise UnknownTopicError(record, existing)


async def send_raw(cluster: Cluster, records: Iterable[RawRecord]) -> int:
    """Write the records byte for byte; gives how many."""
    count = 0
    async with producer(cluster) as client:
        for record in records:
            await client.send_and_wait(record.topic, record.value, record.key, headers=record.headers)
            count += 1
    return count
