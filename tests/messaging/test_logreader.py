"""Reading logs without a group, and what their records may hold."""

import gc
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import ConsumerRecord

from bina.messaging.cluster import Cluster
from bina.messaging.logreader import between, id_in, reader
from bina.messaging.topiclog import version_in
from bina_local.ports import any_free
from messaging.watching import true

ID = "0192f0c1-0000-7000-8000-000000000001"


def record(name: str, value: bytes | None) -> ConsumerRecord:
    return ConsumerRecord("t", 0, 0, 0, 0, b"key", b"{}", None, 3, 2, [(name, value)])


@pytest.mark.parametrize(
    ("value", "version"),
    [
        (b"17", 17),
        (b"many", 0),
        (b"-1", 0),
        (b"9223372036854775808", 0),  # bigint ends one below
        (b"", 0),
        (None, 0),
    ],
)
def test_a_version_that_nobody_can_keep_is_none(value: bytes | None, version: int):
    assert version_in(record("ce_aggregateversion", value).headers) == version


async def test_a_reader_that_could_not_begin_leaves_nothing_open():
    with pytest.raises(KafkaConnectionError):
        async with reader(Cluster(f"127.0.0.1:{any_free()}")):
            pass
    gc.collect()  # what is left open says so now


@pytest.mark.parametrize(("value", "found"), [(ID.encode(), UUID(ID)), (b"\xff", None), (None, None)])
def test_only_ids_of_ours_are_ids(value: bytes | None, found: UUID | None):
    assert id_in(record("ce_id", value)) == found


@pytest.mark.kafka
async def test_a_log_that_is_cut_before_its_reader_comes_is_read_from_the_cut_on(broker: Cluster):
    there = TopicPartition("test.cut", 0)
    admin = AIOKafkaAdminClient(**broker.client())
    await admin.start()
    await admin.create_topics([NewTopic(there.topic, 1, 1)])
    async with AIOKafkaProducer(**broker.client()) as producer:
        for number in range(5):
            await producer.send_and_wait(there.topic, b"%d" % number)
    await admin.delete_records({there: RecordsToDelete(before_offset=3)})
    await admin.close()
    found = [
        r.value async for some in between(broker, {there: 0}, {there: 5}, lambda: true(None)) for r in some
    ]
    assert found == [b"3", b"4"]
