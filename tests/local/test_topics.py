import asyncio
from pathlib import Path

import pytest
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from bina.events import REGISTRY
from bina.messaging.cluster import Cluster
from bina_local import topics
from bina_local.addresses import SERVICES
from bina_local.process import until
from bina_local.state import project_root

pytestmark = pytest.mark.kafka


async def found_config(cluster: Cluster, name: str) -> dict[str, str]:
    admin = AIOKafkaAdminClient(**cluster.client())
    await admin.start()
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    await admin.close()
    return {entry[0]: entry[1] for entry in answer.resources[0][4]}


async def test_making_the_topics_twice_makes_them_once(kafka):
    await topics.ensure(kafka.cluster, topics.listed())
    assert await topics.ensure(kafka.cluster, topics.listed()) == []


async def test_topics_are_as_the_list_says(kafka):
    await topics.ensure(kafka.cluster, topics.listed())
    for name in ("enrollment.asn", "evaluation.tasks"):
        wanted = next(t for t in topics.listed() if t.name == name).config
        found = await found_config(kafka.cluster, name)
        assert {key: found[key] for key in wanted} == wanted


async def test_a_changed_list_changes_the_topic(kafka, tmp_path: Path):
    document = yaml.safe_load((project_root() / "deploy" / "topics.yaml").read_text())
    document["kept"]["2 years"]["retention.ms"] = 1234567
    changed = tmp_path / "topics.yaml"
    changed.write_text(yaml.safe_dump(document))
    await topics.ensure(kafka.cluster, topics.listed())
    await topics.ensure(kafka.cluster, topics.listed(changed))

    async def changed_there() -> bool:
        return (await found_config(kafka.cluster, "evaluation.tasks"))["retention.ms"] == "1234567"

    await asyncio.wait_for(until(changed_there), 30)


async def test_a_topic_cut_otherwise_is_named_not_recut(kafka):
    await topics.ensure(kafka.cluster, [topics.Topic("cut", 2, 1, {})])
    with pytest.raises(topics.PartitionsDifferError, match="cut: 2 partisi, seharusnya 3"):
        await topics.ensure(kafka.cluster, [topics.Topic("cut", 3, 1, {})])


async def test_an_agency_gets_a_pair_of_its_own(kafka):
    made = await topics.ensure(kafka.cluster, topics.of_agency("KOTA-X"))
    assert made == ["agency.enrollments.KOTA-X", "agency.outcomes.KOTA-X"]


def test_every_contract_has_its_topic():
    fixed = {topic.name for topic in topics.listed()}
    of_agencies = {"agency.enrollments", "agency.outcomes"}
    assert {event.topic for event in REGISTRY.values()} - {"audit"} <= fixed | of_agencies
    assert {f"{service}.audit" for service in SERVICES} <= fixed


@pytest.mark.parametrize("code", ["", "a.b", "kota x", "../x", "x" * 33])
def test_a_code_that_would_blur_topic_names_is_refused(code: str):
    with pytest.raises(ValueError, match="kode instansi"):
        topics.of_agency(code)


async def test_a_topic_nobody_made_is_not_made_by_a_message(kafka):
    producer = AIOKafkaProducer(**kafka.cluster.client(), request_timeout_ms=2000)
    await producer.start()
    with pytest.raises(Exception, match="UnknownTopic"):
        await producer.send_and_wait("nobody.made.this", b"x")
    await producer.stop()


async def test_a_record_survives_the_round(kafka):
    await topics.ensure(kafka.cluster, [topics.Topic("round", 1, 1, {"flush.messages": "1"})])
    producer = AIOKafkaProducer(**kafka.cluster.client(), acks="all", enable_idempotence=True)
    await producer.start()
    await producer.send_and_wait("round", b"value", key=b"key", headers=[("h", b"\x00\xff")])
    await producer.stop()
    consumer = AIOKafkaConsumer("round", **kafka.cluster.client(), auto_offset_reset="earliest")
    await consumer.start()
    record = await consumer.getone()
    await consumer.stop()
    assert (record.key, record.value, record.headers) == (b"key", b"value", (("h", b"\x00\xff"),))
