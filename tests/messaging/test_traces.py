"""A fact's trace goes on over a real broker: from its record, through a service, to the records that follow."""

from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import text

from bina.messaging import Runtime, emit, telemetry
from bina.messaging.cluster import Cluster
from bina.messaging.outbox import trace
from messaging import toy, traced
from messaging.facts import NIP, accepted, asn, completed, requested, run
from messaging.traced import CALLER, Kept, ids, message, span_id
from messaging.watching import Start, seats, told, until

pytestmark = pytest.mark.kafka


@pytest.fixture
def sampler() -> str:
    return "parentbased_always_off"


@pytest.fixture
def given() -> str:
    """A trace of the test's own: each service reads what others' tests wrote before."""
    return f"00-{uuid4().hex}-{CALLER}-01"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, sampler: str, given: str):
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    kept = Kept(given.split("-")[1])
    telemetry.start("toy", processor=kept.processor)
    yield kept
    telemetry.stop()


async def closed(broker: Cluster, enrollment_id: object) -> str:
    """The traceparent of the fact that the toy service tells of a completion."""
    record = await told(broker, "evaluation.tasks", str(enrollment_id))
    return dict(record.headers).get("traceparent", b"").decode()


async def test_a_message_its_effect_and_what_it_tells_are_one_trace(
    start: Start, producer: AIOKafkaProducer, broker: Cluster, kept: Kept, given: str
):
    await start()
    training, person = run(), asn()
    event = completed(training.run_id, person.asn_id)
    others = [message(e, "") for e in (training, person)]
    await traced.send(producer, *others, message(event, given))
    carried = await closed(broker, event.enrollment_id)

    await until(lambda: _named(kept, "send evaluation.tasks"))
    processed = max(kept.named("process enrollment.enrollments"), key=lambda s: s.end_time)
    sent = kept.one("send evaluation.tasks")
    assert ids(processed) == (kept.trace_id, CALLER)
    assert ids(sent) == (kept.trace_id, span_id(processed))
    assert carried == f"00-{kept.trace_id}-{span_id(sent)}-01"
    assert (processed.kind.name, sent.kind.name) == ("CONSUMER", "PRODUCER")
    assert traced.told(processed) | {"messaging.batch.message_count": 0} == {
        "messaging.system": "kafka",
        "messaging.destination.name": "enrollment.enrollments",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.consumer.group.name": "toy",
        "messaging.destination.partition.id": traced.told(processed)["messaging.destination.partition.id"],
        "messaging.kafka.offset": traced.told(processed)["messaging.kafka.offset"],
        "messaging.message.id": event.event_id,
        "messaging.batch.message_count": 0,
        "cloudevents.event_type": "training.completed.v1",
    } | {k: 1 for k in traced.told(processed) if k == "bina.released"}


@pytest.mark.parametrize("sampler", ["always_on"])
async def test_of_a_thousand_messages_only_those_of_kept_traces_make_spans(
    start: Start, producer: AIOKafkaProducer, kept: Kept, given: str
):
    runtime = await start()
    many = [accepted() for _ in range(1000)]
    chosen = message(accepted(), given)
    await traced.send(producer, *(message(e, given[:-1] + "0") for e in many), chosen)

    async def all_in() -> bool:
        return len(await seats(runtime, *(e.enrollment_id for e in many))) == 1000

    await until(all_in)
    await until(lambda: _named(kept, "process enrollment.enrollments"))
    assert [ids(span) for span in kept.all()] == [(kept.trace_id, CALLER)]


async def test_a_waiting_message_goes_on_with_its_trace_when_its_fact_comes(
    start: Start, producer: AIOKafkaProducer, broker: Cluster, kept: Kept, given: str
):
    runtime = await start()
    training, person = run(), asn()
    event = completed(training.run_id, person.asn_id)
    await traced.send(producer, message(event, given))
    await until(lambda: held(runtime, "waiting"))
    await until(lambda: _named(kept, "process enrollment.enrollments"))
    first = kept.one("process enrollment.enrollments")
    await traced.send(producer, message(training, ""), message(person, ""))
    await goes_on(kept, broker, event.enrollment_id, first)


async def test_a_parked_message_goes_on_with_its_trace_when_it_is_redriven(
    start: Start, producer: AIOKafkaProducer, broker: Cluster, kept: Kept, given: str
):
    runtime = await start()
    training, person = run(), asn()
    event = completed(training.run_id, person.asn_id)
    toy.failing.add(event.enrollment_id)
    await traced.send(producer, message(training, ""), message(person, ""), message(event, given))
    await until(lambda: held(runtime, "parked"))
    await until(lambda: _named(kept, "process enrollment.enrollments"))
    first = kept.named("process enrollment.enrollments")[-1]
    toy.failing.clear()
    async with runtime.sessions() as session:
        (held_id,) = await session.scalars(text("SELECT id FROM messaging.held WHERE state = 'parked'"))
    await runtime.redrive([held_id])
    await goes_on(kept, broker, event.enrollment_id, first)


async def goes_on(kept: Kept, broker: Cluster, enrollment_id: object, first: object) -> None:
    """What was told after the release stands under the release, which stands under the caller as the first try did."""
    carried = await closed(broker, enrollment_id)
    await until(lambda: _named(kept, "send evaluation.tasks"))
    released = kept.named("process enrollment.enrollments")[-1]
    sent = kept.one("send evaluation.tasks")
    assert traced.told(released)["bina.released"] == 1
    assert released is not first
    assert ids(released) == ids(first) == (kept.trace_id, CALLER)
    assert ids(sent) == (kept.trace_id, span_id(released))
    assert carried == f"00-{kept.trace_id}-{span_id(sent)}-01"


@pytest.mark.parametrize("sampler", ["parentbased_always_on"])
async def test_an_agencys_message_without_a_trace_begins_one_that_names_nobody(
    start: Start, producer: AIOKafkaProducer, broker: Cluster, kept: Kept, given: str
):
    await start()
    await traced.send(producer, message(requested(), "", agency="5571", id_=f"simpeg/{NIP}/1"))
    kept.trace_id = ""
    record = await told(broker, "agency.outcomes.5571", NIP)
    await until(lambda: _named(kept, "send agency.outcomes.5571"))
    processed, sent = kept.one("process agency.enrollments.5571"), kept.one("send agency.outcomes.5571")
    assert ids(processed)[1] == ""
    assert ids(sent) == (ids(processed)[0], span_id(processed))
    assert dict(record.headers)["traceparent"].decode().split("-")[1] == ids(processed)[0]
    assert NIP in record.value.decode()
    assert NIP not in "".join(span.to_json() for span in kept.all())


async def test_a_command_goes_on_with_its_request_whatever_its_fact_is_told_because_of(
    start: Start, broker: Cluster, kept: Kept, given: str
):
    runtime = await start()
    cause, event = accepted(), accepted()
    message(cause, f"00-{'1' * 32}-{'2' * 16}-01")
    token = trace.set(given)
    async with runtime.transaction() as session:
        await emit(session, [event.because(cause)])
    trace.reset(token)
    await told(broker, "enrollment.enrollments", str(event.enrollment_id))
    await until(lambda: _named(kept, "send enrollment.enrollments"))
    stepped = kept.one("transaction")
    assert ids(stepped) == (kept.trace_id, CALLER)
    assert ids(kept.one("send enrollment.enrollments")) == (kept.trace_id, span_id(stepped))


async def held(runtime: Runtime, state: str) -> bool:
    async with runtime.sessions() as session:
        states = await session.scalars(text("SELECT state FROM messaging.held"))
        return list(states) == [state]


async def _named(kept: Kept, name: str) -> bool:
    return bool(kept.named(name))
