"""Somebody's OpenTelemetry collector: takes spans over OTLP/HTTP and shows what it was sent."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent


@dataclass(frozen=True)
class Span:
    """One span as it was exported."""

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    started: int
    attributes: dict[str, Any]
    links: tuple[str, ...]
    """Trace ids."""

    def __str__(self) -> str:
        return f"{self.name} [{self.service}, {self.kind}]"


@dataclass
class Collector:
    """`url` is what OTEL_EXPORTER_OTLP_ENDPOINT is set to; `raw` holds all bytes that came."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        self.raw.append(body)
        for resource in request.resource_spans:
            service = next(
                a.value.string_value for a in resource.resource.attributes if a.key == "service.name"
            )
            for scope in resource.scope_spans:
                self.spans.extend(_span(service, sent) for sent in scope.spans)

    def of_trace(self, trace_id: str) -> list[Span]:
        return sorted((s for s in self.spans if s.trace_id == trace_id), key=lambda s: s.started)


def _span(service: str, sent: Sent) -> Span:
    return Span(
        service,
        sent.name,
        Sent.SpanKind.Name(sent.kind).removeprefix("SPAN_KIND_").lower(),
        sent.trace_id.hex(),
        sent.span_id.hex(),
        sent.parent_span_id.hex(),
        sent.start_time_unix_nano,
        {a.key: a.value.string_value or a.value.int_value for a in sent.attributes},
        tuple(link.trace_id.hex() for link in sent.links),
    )


def path_of(spans: Iterable[Span], span: Span) -> list[str]:
    """The span's ancestors and itself, from the trace's beginning."""
    by_id = {s.span_id: s for s in spans}
    path = [span]
    while parent := by_id.get(path[0].parent_id):
        path.insert(0, parent)
    return [f"{s.service}: {s.name}" for s in path]


def tree(spans: list[Span]) -> str:
    """A trace for people: children below their parent, in the order in which they began."""
    known = {span.span_id for span in spans}

    def lines(parents: list[Span], depth: int) -> Iterator[str]:
        for span in parents:
            yield "  " * depth + str(span)
            yield from lines([s for s in spans if s.parent_id == span.span_id], depth + 1)

    return "\n" + "\n".join(lines([s for s in spans if s.parent_id not in known], 0))


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.url = f"http://127.0.0.1:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield collector
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
