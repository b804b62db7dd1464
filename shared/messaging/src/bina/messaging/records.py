"""Between Kafka's bytes and our facts: CloudEvents 1.0, Kafka binary mode.

Decoding never raises: what cannot be read comes back as `Broken` with its reason, what nobody here reacts to
as `Ignored`.
"""

import hashlib
import logging
import re
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from pydantic import ValidationError

from bina.events import TOMBSTONES, Envelope, Event, agency

log = logging.getLogger(__name__)
MAX_BYTES = 900_000
MAX_NAME = 200
LAST_VERSION = 2**62 - 1
"""No stream comes so far; what lies above would not fit the database, or stand above erasures."""
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
INBOUND_PREFIX = agency.INBOUND + "."
FIRST_YEAR, LAST_YEAR = 2000, 2200
"""Times outside are slips, and would break arithmetic on dates near the calendar's ends."""

Headers = tuple[tuple[str, bytes], ...]


class Message(NamedTuple):
    """One record as it lies on the topic."""

    topic: str
    partition: int
    offset: int
    record_key: bytes | None
    headers: Headers
    value: bytes | None

    @property
    def key(self) -> str:
        """The key as text, damaged characters replaced."""
        return (self.record_key or b"").decode("utf-8", "replace").replace("\x00", "\ufffd")

    @property
    def position(self) -> tuple[str, int, int]:
        """Where it lies: topic, partition, offset."""
        return self.topic, self.partition, self.offset

    @property
    def foreign(self) -> bool:
        """Whether an agency wrote it."""
        return self.topic.startswith(INBOUND_PREFIX)

    @property
    def publisher(self) -> str:
        """The agency that alone may write this topic; empty for our own topics."""
        return self.topic.removeprefix(INBOUND_PREFIX) if self.foreign else ""

    def header(self, name: str) -> str:
        """A header as text, empty if absent, damaged characters replaced."""
        found = next((value for key, value in self.headers if key == name), b"") or b""
        return found.decode("utf-8", "replace").replace("\x00", "\ufffd")


@dataclass(slots=True)
class Arrived:
    """A message that was read. `held_id` names its row when it comes back from being held.

    `stream` is (topic, key): the order that must be kept. An agency's has its `name`, (publisher, id), and the
    `digest` of what it said: type and payload.
    """

    message: Message
    event: Event
    held_id: int | None = None
    stream: tuple[str, str] = field(init=False)
    name: tuple[str, str] | None = field(init=False, default=None)
    digest: bytes = field(init=False, default=b"")

    def __post_init__(self) -> None:
        # Once, and ahead of the batch's turn.
        message = self.message
        self.stream = (message.topic, message.key)
        if message.foreign:
            self.name = (message.publisher, self.event.event_id)
            said = self.event.envelope.type.encode() + b"\n" + (message.value or b"")
            self.digest = hashlib.sha256(said).digest()


@dataclass(slots=True)
class Broken:
    """A message that cannot be read, and why; `code` is stable."""

    message: Message
    code: str
    error: str
    held_id: int | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that nobody here reacts to."""

    message: Message


class UnreadableError(ValueError):
    """Why a message cannot be read; `code` is stable."""

    def __init__(self, code: str, error: str) -> None:
        super().__init__(error)
        self.code = code


def decode(message: Message, wanted: dict[str, type[Event]]) -> Arrived | Broken | Ignored:
    """Read a message. `wanted` maps the wire types this service reacts to."""
    try:
        return _decode(message, wanted)
    except UnreadableError as error:
        return Broken(message, error.code, str(error))
    except Exception as error:  # a defect of ours parks the message, it stops no topic
        log.exception("cannot read %s[%d]@%d", message.topic, message.partition, message.offset)
        return Broken(message, "decode.failed", repr(error))


def _decode(message: Message, wanted: dict[str, type[Event]]) -> Arrived | Ignored:
    headers = _texts(message.headers)
    if message.value is None:
        return _tombstone(message, headers, wanted)
    contract = _contract(headers, wanted)
    if contract is None:
        return Ignored(message)
    envelope = _envelope(message, headers)
    event = _body(message.value, contract)
    if event.key != message.key:
        raise UnreadableError(
            "key.mismatch", f"the record's key is {message.key!r}, its content says {event.key!r}"
        )
    return Arrived(message, event.travelled(envelope))


def _texts(headers: Headers) -> dict[str, str]:
    try:
        texts = {name: (value or b"").decode() for name, value in headers}
    except UnicodeDecodeError as error:
        raise UnreadableError("header.encoding", f"a header is not UTF-8: {error}") from None
    if b"\x00" in b"".join([value or b"" for _, value in headers]):
        raise UnreadableError("header.nul", "a header holds a NUL character")
    return texts


def _contract(headers: dict[str, str], wanted: dict[str, type[Event]]) -> type[Event] | None:
    kind = headers.get("ce_type", "")
    if not kind:
        raise UnreadableError("envelope.missing", "header ce_type is missing")
    if kind not in wanted:
        _refuse_newer(kind, wanted)
    return wanted.get(kind)


def _refuse_newer(kind: str, wanted: Container[str]) -> None:
    name, _, version = kind.rpartition(".v")
    older = (
        (f"{name}.v{n}" for n in range(1, int(version))) if version.isdecimal() and len(version) < 4 else ()
    )
    if any(known in wanted for known in older):
        raise UnreadableError("version.unknown", f"{kind} is newer than this service understands")


def _envelope(message: Message, headers: dict[str, str]) -> Envelope:
    if headers.get("ce_specversion", "1.0") != "1.0":
        raise UnreadableError("envelope.version", f"CloudEvents {headers['ce_specversion']} is not supported")
    try:
        return Envelope(
            id=_id(message, headers.get("ce_id", "")),
            source=_named(headers, "ce_source"),
            type=headers.get("ce_type", ""),
            time=_time(headers.get("ce_time", "")),
            subject=headers.get("ce_subject", ""),
            correlation_id=headers.get("ce_correlationid", ""),
            causation_id=headers.get("ce_causationid", ""),
            version=_version(headers.get("ce_aggregateversion", "")),
            traceparent=headers.get("traceparent", ""),
            publisher=message.publisher,
        )
    except ValueError as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError("envelope.invalid", f"ce_time or ce_aggregateversion: {error}") from None


def _id(message: Message, text: str) -> str:
    if not message.foreign and not _UUID.fullmatch(text):
        raise UnreadableError("envelope.invalid", f"ce_id: {text!r} is not a UUID in lower case")
    return _bounded("ce_id", text)


def _version(text: str) -> int:
    if 0 <= (version := int(text or 0)) <= LAST_VERSION:
        return version
    raise ValueError(f"version {text[:MAX_NAME]} is out of range")


def _named(headers: dict[str, str], name: str) -> str:
    return _bounded(name, headers.get(name, ""))


def _bounded(name: str, text: str) -> str:
    if not 0 < len(text) <= MAX_NAME:
        raise UnreadableError("envelope.invalid", f"{name}: 1 to {MAX_NAME} characters are needed")
    return text


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise UnreadableError("envelope.invalid", "ce_time: has no zone")
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise UnreadableError("envelope.invalid", f"ce_time: years {FIRST_YEAR} to {LAST_YEAR} are taken")
    return time


def _tombstone(
    message: Message, headers: dict[str, str], wanted: dict[str, type[Event]]
) -> Arrived | Ignored:
    contract = TOMBSTONES.get(message.topic)
    if contract is None:
        raise UnreadableError("tombstone", "a null value has no meaning on this topic")
    if contract.type not in wanted:
        return Ignored(message)
    try:
        event = contract.model_validate(dict.fromkeys(contract.model_fields, message.key))
    except ValidationError as error:
        raise UnreadableError("key.invalid", _first(error)) from None
    return Arrived(message, event.travelled(_envelope(message, headers)))


def _body(value: bytes, contract: type[Event]) -> Event:
    if len(value) > MAX_BYTES:
        raise UnreadableError("too_large", f"{len(value)} bytes, at most {MAX_BYTES} are taken")
    try:
        event = contract.model_validate_json(value)
    except ValidationError as error:
        raise UnreadableError(_code_of(error), _first(error)) from None
    if has_nul(value) and has_nul(event.model_dump_json().encode()):
        raise UnreadableError("content.nul", "a text holds a NUL character")
    return event


def has_nul(value: bytes) -> bool:
    """Whether a text in this JSON holds a NUL character, which PostgreSQL cannot keep."""
    return b"\\" in value and _NUL.search(value) is not None


def _code_of(error: ValidationError) -> str:
    return "json.invalid" if error.errors()[0]["type"] == "json_invalid" else "contract.violated"


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else problem["msg"]


def encode_headers(envelope: Envelope) -> list[tuple[str, bytes]]:
    """Headers of a message in Kafka binary mode."""
    texts = {
        "ce_specversion": "1.0",
        "ce_id": envelope.id,
        "ce_source": envelope.source,
        "ce_type": envelope.type,
        "ce_time": envelope.time.isoformat(),
        "ce_subject": envelope.subject,
        "ce_correlationid": envelope.correlation_id,
        "ce_causationid": envelope.causation_id,
        "ce_aggregateversion": str(envelope.version) if envelope.version else "",
        "traceparent": envelope.traceparent,
        "content-type": "application/json",
    }
    return [(name, text.encode()) for name, text in texts.items() if text]


def encode_value(event: Event) -> bytes | None:
    """The message's value; null for a tombstone."""
    # `model_dump_json` makes a text of these bytes.
    return None if event.erases else event.__pydantic_serializer__.to_json(event)


def message_of(event: Event, *, topic: str | None = None, partition: int = 0, offset: int = 0) -> Message:
    """The record that carries an event which has its envelope."""
    return Message(
        topic=topic or event.destination,
        partition=partition,
        offset=offset,
        record_key=event.key.encode(),
        headers=tuple(encode_headers(event.envelope)),
        value=encode_value(event),
    )
