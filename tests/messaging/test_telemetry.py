"""When this process is traced, what is kept of it, and that a trace off costs nothing."""

import subprocess
import sys
from datetime import timedelta
from uuid import uuid4

import pytest

from bina.events import Envelope
from bina.messaging import DueItem, clock, due, telemetry
from bina.messaging.outbox import trace
from bina.messaging.relay import RelayError
from bina.messaging.spans import Spans
from bina.messaging.testing import ServiceUnderTest
from bina.messaging.traceparent import begun, parse, sampled
from collector import collecting, path_of
from messaging.facts import completed
from messaging.traced import KEPT, NOT_KEPT, TRACE, Kept, ids, span_id, told

_OFF = """
import os, sys
from bina.messaging import telemetry
from bina.web.app import create_app
somewhere = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
for environment in ({}, {**somewhere, "OTEL_SDK_DISABLED": "true"}, {**somewhere, "OTEL_TRACES_EXPORTER": "none"}):
    os.environ.clear()
    os.environ.update(environment)
    telemetry.start("toy")
    if any(name.startswith(("opentelemetry.sdk", "opentelemetry.exporter")) for name in sys.modules):
        sys.exit(str(environment))
"""


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
    kept = Kept()
    telemetry.start("toy", processor=kept.processor)
    yield kept
    telemetry.stop()


def test_without_an_endpoint_or_switched_off_the_sdk_is_not_even_loaded():
    done = subprocess.run([sys.executable, "-c", _OFF], env={}, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_endpoint_of_the_environment_is_sent_to(monkeypatch: pytest.MonkeyPatch):
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        telemetry.start("toy", worker=2)
        with telemetry.serving("GET", KEPT) as answered:
            with telemetry.step("transaction"):
                here = trace.get()
            answered("/toy/api/v1/runs/{run_id}", 200)
        telemetry.stop()
        spans = collector.of_trace(TRACE)
    inner = next(s for s in spans if s.name == "transaction")
    assert path_of(spans, inner) == ["toy: GET /toy/api/v1/runs/{run_id}", "toy: transaction"]
    assert here == f"00-{TRACE}-{inner.span_id}-01"


def test_an_endpoint_that_does_not_answer_holds_up_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    telemetry.start("toy")
    with telemetry.serving("GET", KEPT) as answered:
        answered("/", 200)
    telemetry.stop()
    with telemetry.serving("GET", KEPT):
        assert trace.get() == KEPT


@pytest.mark.parametrize(
    ("environment", "share"),
    [
        ({}, 0.01),
        ({"OTEL_TRACES_SAMPLER_ARG": "0.25"}, 0.25),
        ({"OTEL_TRACES_SAMPLER_ARG": "many"}, 0.01),
        ({"OTEL_TRACES_SAMPLER": "always_on"}, 1.0),
        ({"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.5"}, 0.5),
    ],
)
def test_a_hundredth_of_the_traces_is_kept_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], share: float
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    spans = Spans("toy", 0, Kept().processor)
    chosen = sum(spans.chooses() for _ in range(20_000)) / 20_000
    assert chosen == pytest.approx(share, abs=0.02, rel=0.1)
    assert (chosen < 1.0) == (share < 1.0)
    assert chosen > 0


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (KEPT, (True, True)),
        (NOT_KEPT, (True, False)),
        (KEPT[:-1] + "3", (True, True)),
        ("", (False, False)),
        ("x" * 54 + "1", (False, True)),
        (KEPT.replace(TRACE, "0" * 32), (False, True)),
        (KEPT + "1", (False, False)),
        (KEPT.replace("a", "A"), (False, True)),
    ],
)
def test_a_header_is_valid_and_kept(header: str, expected: tuple[bool, bool]):
    assert (parse(header) is not None, sampled(header)) == expected


def test_a_trace_that_nobody_keeps_says_so():
    assert parse(begun()) is not None
    assert not sampled(begun())


async def test_a_message_with_a_damaged_trace_is_applied(service: ServiceUnderTest, kept: Kept):
    message = service.message(completed(uuid4(), uuid4()))
    read = service.intake.read([message])
    (arrived,) = read.arrived
    arrived.event.travelled(arrived.event.envelope._replace(traceparent="x" * 54 + "1"))
    with telemetry.processing(read.arrived, 1):
        taken = await service.intake.take(read)
    assert taken.waiting == 1
    assert not kept.all()


def test_a_batch_that_fails_says_the_kind_and_not_the_words(service: ServiceUnderTest, kept: Kept):
    read = service.intake.read([service.message(completed(uuid4(), uuid4()))])
    (arrived,) = read.arrived
    arrived.event.travelled(arrived.event.envelope._replace(traceparent=KEPT))
    with pytest.raises(LookupError), telemetry.processing(read.arrived, 1):
        raise LookupError("198703032010011003")
    span = kept.one("process enrollment.enrollments")
    assert told(span)["error.type"] == "LookupError"
    assert span.status.status_code.name == "ERROR"
    assert "198703032010011003" not in span.to_json()


def test_a_row_that_the_broker_refuses_ends_its_span_as_failed(kept: Kept):
    row = {"topic": "t", "type": "a.v1", "event_id": uuid4(), "traceparent": KEPT}
    sending = telemetry.Publishing([row, {**row, "traceparent": NOT_KEPT}, row])
    assert [r["traceparent"] == KEPT for r in sending.rows] == [False, False, False]
    assert sending.rows[1]["traceparent"] == NOT_KEPT
    sending.end([None, None, RelayError("refused")])
    assert [told(span).get("error.type") for span in kept.named("send t")] == [None, "RelayError"]


async def test_work_that_is_due_at_once_belongs_to_its_cause(service: ServiceUnderTest, kept: Kept):
    carried = await reminded(service, timedelta(minutes=1), KEPT)
    span = kept.one("due remind")
    assert ids(span)[0] == TRACE
    assert carried == f"00-{TRACE}-{span_id(span)}-01"


async def test_work_that_is_due_much_later_is_not_kept_because_its_cause_was(
    service: ServiceUnderTest, kept: Kept
):
    assert await reminded(service, timedelta(days=180), KEPT) == ""
    assert not kept.all()


async def test_a_later_trace_names_the_one_that_led_to_it(
    service: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_on")
    kept = Kept()
    telemetry.start("toy", processor=kept.processor)
    carried = await reminded(service, timedelta(days=180), KEPT)
    telemetry.stop()
    span = kept.one("due remind")
    assert ids(span) == (f"{span.context.trace_id:032x}", "")
    assert ids(span)[0] != TRACE
    assert [f"{link.context.trace_id:032x}" for link in span.links] == [TRACE]
    assert carried.startswith(f"00-{ids(span)[0]}-{span_id(span)}-0")
    assert sampled(carried)


async def reminded(service: ServiceUnderTest, after: timedelta, traceparent: str) -> str:
    """Do work that comes due so long after its cause; gives the trace of what it tells."""
    now, key = clock.now(), str(uuid4())
    cause = Envelope(id=key, source="test", type="a.v1", time=now, traceparent=traceparent)
    async with service.sessions() as session, session.begin():
        await due.add(session, [DueItem("remind", key, now + after, cause=cause)])
    assert await service.does_due_work(now + after) == 1
    (row,) = await service.rows("SELECT traceparent FROM messaging.outbox")
    return row.traceparent
