"""Spans kept in memory, and messages that belong to a trace."""

from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bina.events import Envelope, Event
from bina.messaging import clock, new_id
from bina.messaging.records import Message, message_of

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
KEPT = f"00-{TRACE}-{CALLER}-01"
NOT_KEPT = f"00-{TRACE}-{CALLER}-00"


class Kept:
    """The spans that ended by now, of one trace if it is named."""

    def __init__(self, trace_id: str = "") -> None:
        self.trace_id = trace_id
        self.exporter = InMemorySpanExporter()
        self.processor = SimpleSpanProcessor(self.exporter)

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.all() if span.name == name]

    def all(self) -> Sequence[ReadableSpan]:
        found = self.exporter.get_finished_spans()
        return [s for s in found if self.trace_id in {"", f"{s.context.trace_id:032x}"}]

    def one(self, name: str) -> ReadableSpan:
        found = self.named(name)
        assert len(found) == 1, f"{name}: {[span.name for span in self.all()]}"
        return found[0]


def ids(span: ReadableSpan) -> tuple[str, str]:
    """Trace and parent, in hexadecimal; no parent is empty."""
    parent = f"{span.parent.span_id:016x}" if span.parent else ""
    return f"{span.context.trace_id:032x}", parent


def span_id(span: ReadableSpan) -> str:
    return f"{span.context.span_id:016x}"


def told(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def message(event: Event, traceparent: str, *, agency: str = "", id_: str = "") -> Message:
    envelope = Envelope(
        id=id_ or str(new_id()),
        source="test",
        type=event.type,
        time=clock.now(),
        version=1,
        publisher=agency,
        traceparent=traceparent,
    )
    topic = f"{event.topic}.{agency}" if agency else event.destination
    return message_of(event.travelled(envelope), topic=topic)


async def send(producer: AIOKafkaProducer, *messages: Message) -> None:
    sent = [
        await producer.send(m.topic, m.value, key=m.record_key, headers=list(m.headers)) for m in messages
    ]
    for future in sent:
        await future
