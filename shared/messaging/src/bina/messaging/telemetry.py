"""Traces: from the request that asked, over every topic, to the notice it led to.

Off unless OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) is set. Whether a trace is kept is decided where it
begins: at an HTTP request, at an agency's message that belongs to none, at work that comes due long after its cause.
From there on the flag of `traceparent` says so, in outbox rows, records' headers and held messages; what is not
kept costs a look at that flag.

Spans carry the attributes of OpenTelemetry's conventions that name kinds of things: topics, types, route templates.
Never keys, paths, queries, addresses, an agency's own ids or errors' texts, in which a NIP or a name may stand. A
batch's messages are applied in one transaction, so the spans of those that are sampled tell its size.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .outbox import trace
from .records import Arrived
from .traceparent import begun, parse, sampled

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

    from .due import DueItem
    from .spans import Kind, OpenSpan, Spans

LONG = timedelta(hours=1)
"""Work that comes due later than this after its cause begins a trace of its own: nobody keeps one open for months."""
_spans: "Spans | None" = None


def start(service: str, worker: int = 0, processor: "SpanProcessor | None" = None) -> None:
    """Begin to trace this process, if its environment names an endpoint or the caller a processor for spans."""
    global _spans  # noqa: PLW0603 - a process is traced or it is not
    if _spans is None and (processor or _endpoint()):
        from .spans import Spans

        _spans = Spans(service, worker, processor)


def stop() -> None:
    """Send what is left and trace no more."""
    global _spans
    stopping, _spans = _spans, None
    if stopping is not None:
        stopping.stop()


def _endpoint() -> str:
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if off or os.environ.get("OTEL_TRACES_EXPORTER") == "none":
        return ""
    names = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    return next((found for name in names if (found := os.environ.get(name))), "")


@contextlib.contextmanager
def serving(method: str, given: str, *, keep: bool = True) -> Iterator[Callable[[str, int], None]]:
    """Work on one HTTP request, under its caller's trace if it `given` a valid one.

    Yields what is to be told the route's template, empty for none, and the status. Without `keep` it is no trace's beginning.
    """
    if _spans is None or not keep:
        with _here(given if parse(given) else begun()):
            yield lambda _route, _status: None
        return
    with _span(_spans, method, "SERVER", given) as span:

        def answered(route: str, status: int) -> None:
            span.rename(f"{'HTTP' if method == '_OTHER' else method} {route}".rstrip())
            span.tell({"http.request.method": method, "http.response.status_code": status})
            if route:
                span.tell({"http.route": route})
            if status >= 500:
                span.fail(str(status))

        yield answered


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """A part of what is being worked on."""
    here = trace.get()
    if _spans is None or not sampled(here):
        yield
        return
    with _span(_spans, name, "INTERNAL", here):
        yield


@contextlib.contextmanager
def processing(batch: Sequence[Arrived], many: int, *, released: bool = False) -> Iterator[None]:
    """Apply messages of a batch of `many`; what they lead to goes on under their spans. `released`: held until now."""
    spans = _spans
    if spans is None:
        yield
        return
    taken = [_process(spans, a, many, released=released) for a in batch if _kept(spans, a)]
    with _ending(taken):
        yield


def _kept(spans: "Spans", arrived: Arrived) -> bool:
    given = arrived.event.envelope.traceparent
    return sampled(given) if given or not arrived.message.foreign else spans.chooses()


def _process(spans: "Spans", arrived: Arrived, many: int, *, released: bool) -> "OpenSpan":
    envelope, message = arrived.event.envelope, arrived.message
    # An agency's message without a trace was chosen just now.
    chosen = not envelope.traceparent
    span = spans.begin(f"process {message.topic}", "CONSUMER", envelope.traceparent, chosen=chosen)
    told = _of_message("process", message.topic, arrived.event.type, many) | {
        "messaging.consumer.group.name": spans.service,
        "messaging.destination.partition.id": str(message.partition),
        "messaging.kafka.offset": message.offset,
    }
    if not message.foreign:
        told["messaging.message.id"] = envelope.id
    if released:
        told["bina.released"] = 1
    span.tell(told)
    arrived.event.travelled(envelope._replace(traceparent=span.traceparent))
    return span


class Publishing:
    """Rows of the outbox on their way: those whose trace is kept hand their `send` span on."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self.rows: Sequence[Any] = rows
        self._begun: dict[int, OpenSpan] = {}
        if _spans is not None and (kept := [n for n, row in enumerate(rows) if sampled(row["traceparent"])]):
            self.rows = list(rows)
            for number in kept:
                self._begin(_spans, number)

    def _begin(self, spans: "Spans", number: int) -> None:
        row = self.rows[number]
        span = spans.begin(f"send {row['topic']}", "PRODUCER", row["traceparent"])
        told = _of_message("send", row["topic"], row["type"], len(self.rows))
        span.tell(told | {"messaging.message.id": str(row["event_id"])})
        self._begun[number] = span
        self.rows[number] = {**row, "traceparent": span.traceparent}  # type: ignore[index] # a list by now

    def end(self, results: list[Any]) -> list[Any]:
        """Acknowledged or failed, by row; gives the results back."""
        for number, span in self._begun.items():
            if isinstance(result := results[number], BaseException):
                span.fail(type(result).__name__)
            span.end()
        return results


@contextlib.contextmanager
def doing(kind: str, items: "Sequence[DueItem]") -> Iterator[None]:
    """Do work that came due; at once it belongs to its cause's trace, later it begins one that names the cause's."""
    spans = _spans
    if spans is None:
        yield
        return
    with _ending([span for item in items if item.cause and (span := _do(spans, kind, item))]):
        yield


def _do(spans: "Spans", kind: str, item: "DueItem") -> "OpenSpan | None":
    assert item.cause is not None
    cause, span = item.cause, None
    kept = sampled(cause.traceparent)
    if late := item.due_at - cause.time > LONG:
        if spans.chooses():
            link = cause.traceparent if kept else ""
            span = spans.begin(f"due {kind}", "INTERNAL", chosen=True, link=link)
    elif kept:
        span = spans.begin(f"due {kind}", "INTERNAL", cause.traceparent)
    if span is not None or late:
        item.cause = cause._replace(traceparent=span.traceparent if span else "")
    return span


class Call:
    """A call of somebody else's server; `error` names the kind of its failure."""

    def __init__(self, traceparent: str = "") -> None:
        self.traceparent = traceparent
        self.error = ""


@contextlib.contextmanager
def calling(name: str, parent: str, attributes: Mapping[str, str | int]) -> Iterator[Call]:
    """Call a server outside, under a stored traceparent; what comes of it goes on under the call's own."""
    call = Call(parent)
    if _spans is None or not sampled(parent):
        yield call
        return
    with _span(_spans, name, "CLIENT", parent) as span:
        span.tell(attributes)
        call.traceparent = span.traceparent
        yield call
        if call.error:
            span.fail(call.error)


def _of_message(operation: str, topic: str, kind: str, many: int) -> dict[str, str | int]:
    """What the conventions for messaging ask for; agencies' topics name agencies, their keys would name people."""
    told: dict[str, str | int] = {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "cloudevents.event_type": kind,
    }
    return told | ({"messaging.batch.message_count": many} if many > 1 else {})


@contextlib.contextmanager
def _here(traceparent: str) -> Iterator[None]:
    token = trace.set(traceparent)
    try:
        yield
    finally:
        trace.reset(token)


@contextlib.contextmanager
def _span(spans: "Spans", name: str, kind: "Kind", parent: str) -> "Iterator[OpenSpan]":
    span = spans.begin(name, kind, parent)
    with _ending([span]), _here(span.traceparent):
        yield span


@contextlib.contextmanager
def _ending(spans: "Sequence[OpenSpan]") -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        for span in spans:
            span.fail(type(error).__name__)
        raise
    finally:
        for span in spans:
            span.end()
