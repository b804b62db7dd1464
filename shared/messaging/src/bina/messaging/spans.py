"""OpenTelemetry's SDK, set by the standard OTEL_* variables. Loading it takes a third of a second and memory, so this
is imported only where an endpoint for traces is set."""

import logging
import os
import threading
from collections.abc import Mapping
from importlib.metadata import version
from typing import Literal

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_ON,
    Decision,
    ParentBasedTraceIdRatio,
    Sampler,
)
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from .traceparent import parse

DEFAULT_RATIO = 0.01
"""Share of traces that are kept unless OTEL_TRACES_SAMPLER or OTEL_TRACES_SAMPLER_ARG say otherwise."""
STOP_SECONDS = 3.0
log = logging.getLogger(__name__)
Kind = Literal["SERVER", "INTERNAL", "PRODUCER", "CONSUMER", "CLIENT"]


class Spans:
    """Begins and ends one process's spans; `processor` takes those that were sampled."""

    def __init__(self, service: str, worker: int, processor: SpanProcessor | None = None) -> None:
        self.service = service
        resource = _resource(service, worker)
        self._provider = TracerProvider(_sampler(), resource, shutdown_on_exit=False)
        # For what was chosen before it begins, so that it is not drawn for twice.
        self._chosen = TracerProvider(ALWAYS_ON, resource, shutdown_on_exit=False)
        self._processor = processor or BatchSpanProcessor(OTLPSpanExporter())
        for provider in (self._provider, self._chosen):
            provider.add_span_processor(self._processor)

    def chooses(self) -> bool:
        """Whether a trace that begins here is kept; a third of the cost of beginning a span that is not."""
        trace_id = self._provider.id_generator.generate_trace_id()
        return self._provider.sampler.should_sample(None, trace_id, "").decision is Decision.RECORD_AND_SAMPLE

    def begin(
        self, name: str, kind: Kind, parent: str = "", *, chosen: bool = False, link: str = ""
    ) -> "OpenSpan":
        """A span under a traceparent; without one, or with one that is not valid, a trace begins.

        `chosen`: keep it without asking the sampler. `link`: traceparent of another trace that led to this one.
        """
        tracer = (self._chosen if chosen else self._provider).get_tracer("bina")
        links = [Link(found)] if (found := _context_of(link)) else None
        return OpenSpan(tracer.start_span(name, _under(parent), SpanKind[kind], links=links))

    def stop(self) -> None:
        """Send what is left, but wait for an endpoint that does not answer no longer than `STOP_SECONDS`."""
        ending = threading.Thread(target=self._processor.shutdown, daemon=True)
        ending.start()
        ending.join(STOP_SECONDS)


class OpenSpan:
    """A span that has begun."""

    def __init__(self, span: Span) -> None:
        self._span = span
        found = span.get_span_context()
        self.traceparent = f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"
        """The header that carries it on."""

    def rename(self, name: str) -> None:
        """Call it what turned out later."""
        self._span.update_name(name)

    def tell(self, attributes: Mapping[str, str | int]) -> None:
        """Add attributes; they must name no person."""
        self._span.set_attributes(attributes)

    def fail(self, error: str) -> None:
        """Say the kind of failure, never its text: texts quote what people wrote."""
        self._span.set_attribute("error.type", error)
        self._span.set_status(Status(StatusCode.ERROR))

    def end(self) -> None:
        """It is over now."""
        self._span.end()


def _context_of(traceparent: str) -> SpanContext | None:
    found = parse(traceparent)
    if found is None:
        return None
    return SpanContext(found.trace_id, found.span_id, is_remote=True, trace_flags=TraceFlags(found.flags))


def _under(parent: str) -> Context:
    found = _context_of(parent)
    return Context() if found is None else set_span_in_context(NonRecordingSpan(found), Context())


def _sampler() -> Sampler | None:
    """None leaves the choice to the SDK, which reads OTEL_TRACES_SAMPLER."""
    if os.environ.get("OTEL_TRACES_SAMPLER"):
        return None
    given = os.environ.get("OTEL_TRACES_SAMPLER_ARG", "")
    try:
        return ParentBasedTraceIdRatio(float(given or DEFAULT_RATIO))
    except ValueError:
        log.warning(
            "OTEL_TRACES_SAMPLER_ARG=%s is no share between 0 and 1; %s is kept", given, DEFAULT_RATIO
        )
        return ParentBasedTraceIdRatio(DEFAULT_RATIO)


def _resource(service: str, worker: int) -> Resource:
    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": service}
    told = {
        "service.namespace": "bina",
        "service.version": version("bina-messaging"),
        "service.instance.id": f"{service}-{worker}",
    }
    return Resource.create({**named, **told})
