"""Workers of the release before run beside those of this one, on this one's schema."""

from collections.abc import Iterable

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import text

from bina.messaging import held
from bina.messaging.cluster import Cluster
from bina.messaging.held import Hold
from bina.messaging.records import Message
from bina.messaging.resume import Resumer
from bina.messaging.testing import ServiceUnderTest
from messaging.facts import accepted, run
from messaging.watching import send

TOPIC = "enrollment.enrollments"
HOLD_OF_BEFORE = text(
    """INSERT INTO messaging.held (state, blocks, topic, key, "partition", "offset", record_key, headers, value,
        event_id, type, claimed, fact, fact_key, code, error, code_version)
    SELECT n.*, :code_version FROM unnest(CAST(:state AS text[]), CAST(:blocks AS boolean[]), CAST(:topic AS text[]),
        CAST(:key AS text[]), CAST(:partition AS int[]), CAST(:offset AS bigint[]), CAST(:record_key AS bytea[]),
        CAST(:headers AS jsonb[]), CAST(:value AS bytea[]), CAST(:event_id AS text[]), CAST(:type AS text[]),
        CAST(:claimed AS boolean[]), CAST(:fact AS text[]), CAST(:fact_key AS text[]), CAST(:code AS text[]),
        CAST(:error AS text[])) AS n
    ON CONFLICT (topic, "partition", "offset") DO NOTHING RETURNING "partition", "offset", topic"""
)


async def kept_before(service: ServiceUnderTest, *messages: Message) -> int:
    """Hold messages as the release before does; how many were new to it."""
    holds = [Hold(message, "parked", "json.invalid") for message in messages]
    values = {**held._texts(holds), **held._records(holds), "code_version": "0.1.0"}
    async with service.sessions() as session, session.begin():
        return len((await session.execute(HOLD_OF_BEFORE, values)).all())


async def kept(service: ServiceUnderTest, *messages: Message) -> set[held.Position]:
    async with service.sessions() as session, session.begin():
        return await held.keep(session, [Hold(message, "parked", "json.invalid") for message in messages])


async def keys(service: ServiceUnderTest) -> list[str]:
    return [key for _, key, _ in await service.held()]


async def test_both_releases_hold_a_message_once(service: ServiceUnderTest):
    first, second = service.message(accepted()), service.message(accepted())
    assert await kept_before(service, first) == 1
    assert await kept(service, first, second) == {second.position}
    assert await kept_before(service, first, second) == 0
    assert await keys(service) == [first.key, second.key]


async def test_a_topic_made_anew_is_held_beside_the_old_one(service: ServiceUnderTest):
    old = [service.message(accepted()) for _ in range(2)]
    new = [service.message(accepted())._replace(offset=message.offset) for message in old]
    third = service.message(accepted())._replace(offset=old[0].offset)
    await kept_before(service, *old)
    assert await kept(service, *new) == {message.position for message in new}
    assert await kept_before(service, *new) == 0
    assert await kept(service, third) == {third.position}
    assert await kept(service, *old, *new) == set()
    assert await keys(service) == [message.key for message in (*old, *new, third)]
    rows = await service.rows("""SELECT id FROM messaging.held ORDER BY "offset" """)
    aside = await service.rows("SELECT id FROM messaging.held WHERE moved_from IS NOT NULL ORDER BY id")
    assert rows[:3] == aside  # below all of the new log, and the oldest first
    async with service.sessions() as session, session.begin():
        await held.forget(session, [rows[-1].id, rows[-2].id])  # who had their positions is applied
    assert await kept(service, *old) == set()


@pytest_asyncio.fixture
async def group(broker: Cluster, producer) -> AIOKafkaConsumer:
    """A group of two workers, which has come to the second record of three partitions."""
    async with AIOKafkaConsumer(
        **broker.client(), group_id="toy-side-by-side", enable_auto_commit=False
    ) as consumer:
        partitions = [TopicPartition(TOPIC, number) for number in range(3)]
        consumer.assign(partitions)
        while min((await consumer.end_offsets(partitions)).values()) < 4:
            await send(producer, accepted())
        await consumer.commit(dict.fromkeys(partitions, 2))
        yield consumer


async def gone_on(
    service: ServiceUnderTest, group: AIOKafkaConsumer, numbers: Iterable[int]
) -> dict[int, int]:
    """Where a worker of this release goes on with partitions."""
    found = await Resumer(service.sessions, "").resume(
        group, [TopicPartition(TOPIC, number) for number in numbers]
    )
    return {p.partition: offset for p, offset in found.offsets.items()}


async def told(service: ServiceUnderTest) -> list[str]:
    return [row.kind for row in await service.rows("SELECT kind FROM messaging.disagreements")]


@pytest.mark.kafka
async def test_what_a_worker_of_before_applied_meanwhile_is_no_disagreement(
    service: ServiceUnderTest, group: AIOKafkaConsumer
):
    await service.receives(accepted())  # no position is kept
    assert await gone_on(service, group, [0]) == {0: 2}
    await group.commit({TopicPartition(TOPIC, 1): 3})
    assert await gone_on(service, group, [1, 2]) == {1: 3, 2: 2}
    assert await told(service) == []


@pytest.mark.kafka
async def test_a_topic_that_only_a_worker_of_before_reads_is_met_with_the_others(
    service: ServiceUnderTest, group: AIOKafkaConsumer, producer
):
    other = TopicPartition("enrollment.trainings", 0)
    while (await group.end_offsets([other]))[other] < 2:
        await send(producer, run())
    group.assign([*group.assignment(), other])
    await group.commit({other: 1})
    await service.receives(accepted())
    await gone_on(service, group, [0])
    found = await Resumer(service.sessions, "").resume(group, [other])
    assert (found.offsets, await told(service)) == ({other: 1}, [])


@pytest.mark.kafka
async def test_a_partition_that_was_taken_over_goes_by_the_database(
    service: ServiceUnderTest, group: AIOKafkaConsumer
):
    await service.receives(accepted())
    assert await gone_on(service, group, [0, 1, 2]) == {0: 2, 1: 2, 2: 2}
    await group.commit({TopicPartition(TOPIC, 1): 3})
    assert await gone_on(service, group, [1]) == {1: 2}
    assert await told(service) == ["database.behind"]
