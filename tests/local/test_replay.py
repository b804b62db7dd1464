"""A service's projections from the topics alone: beside the live ones, compared, exchanged and exchanged back."""

import contextlib
import uuid
from datetime import date

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import text

from bina.events import Envelope
from bina.events.enrollment import AsnRecorded, EnrollmentAccepted, TrainingCompleted
from bina.messaging import Runtime, Settings, clock, new_id
from bina.messaging.cluster import Cluster
from bina.messaging.migrate import upgrade
from bina.messaging.records import message_of
from bina.messaging.replay import replay
from bina.messaging.testing import ServiceUnderTest
from bina_local import topics
from bina_local.replaying import NotReplayableError, Replaying, service_named
from messaging.facts import run
from messaging.watching import until

pytestmark = pytest.mark.kafka


def nothing(*_: object) -> None:
    """Nobody looks."""


@pytest.fixture(scope="module")
async def broker(kafka) -> str:
    await topics.ensure(kafka.cluster, topics.listed())
    return kafka.cluster


async def write(broker: Cluster, *events) -> None:
    async with AIOKafkaProducer(**broker.client()) as producer:
        for version, event in enumerate(events, 1):
            envelope = Envelope(
                id=str(new_id()), source="enrollment", type=event.type, time=clock.now(), version=version
            )
            message = message_of(event.travelled(envelope))
            await producer.send_and_wait(
                message.topic, message.value, key=message.record_key, headers=list(message.headers)
            )


def facts(people: int) -> list:
    """A run, and as many people who took part in it; completions come before what they rely on."""
    run_id = uuid.uuid4()
    ids = [(uuid.uuid4(), uuid.uuid4()) for _ in range(people)]
    training = run(run_id)
    named = {"run_id": run_id, "agency_code": "5571"}
    return [
        *(EnrollmentAccepted(enrollment_id=e, asn_id=a, **named) for a, e in ids),
        *(
            TrainingCompleted(enrollment_id=e, asn_id=a, jp=900, completed_on=date(2026, 6, 26), **named)
            for a, e in ids
        ),
        training,
        *(
            AsnRecorded(
                asn_id=a, nip="198703032010011003", name="Rahma", employment="PNS", agency_code="5571"
            )
            for a, _ in ids
        ),
    ]


@contextlib.asynccontextmanager
async def live(postgres, broker: Cluster, name: str):
    """The running service on a database of its name, as `bina up` has it."""
    service = service_named(name)
    url = await postgres.ensure_database(name)
    await upgrade(postgres.migration_url(url), service.migrations)
    runtime = Runtime(service, Settings(database_url=url, **broker.settings(), secret="x" * 32))
    await runtime.start()
    try:
        yield runtime, Replaying(postgres, broker, service)
    finally:
        await runtime.stop()
        connection = await postgres.connect()
        for database in (name, f"{name}_replay"):
            await connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        await connection.close()


async def counted(runtime: Runtime, table: str) -> int:
    async with runtime.sessions() as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def settled(runtime: Runtime, people: int) -> bool:
    return await counted(runtime, "people") >= people and await counted(runtime, "enrolments") >= people


async def test_a_replay_reaches_what_runs_and_its_exchange_can_be_undone(postgres, broker: Cluster):
    await write(broker, *facts(20))
    async with live(postgres, broker, "evaluation") as (runtime, replaying):
        await until(lambda: settled(runtime, 20), 60)
        same = await replaying.differences(nothing)
        assert all(found.none for found in same)
        assert {found.table: found.same for found in same}["enrolments"] == 20
        async with runtime.sessions() as session, session.begin():
            await session.execute(text("DELETE FROM scores"))
            await session.execute(
                text("UPDATE people SET name = 'Salah' WHERE ctid IN (SELECT ctid FROM people LIMIT 3)")
            )
            await session.execute(
                text("DELETE FROM enrolments WHERE ctid IN (SELECT ctid FROM enrolments LIMIT 2)")
            )
        wrong = {found.table: found for found in await replaying.differences(nothing)}
        assert wrong["people"].counts == {"added": 0, "missing": 0, "changed": 3}
        assert wrong["enrolments"].counts == {"added": 2, "missing": 0, "changed": 0}
        assert len(wrong["people"].changed) == 3
        tasks = await counted(runtime, "tasks")
        assert await replaying.swap(nothing) > 40
        assert all(found.none for found in await replaying.differences(nothing))
        assert await counted(runtime, "tasks") == tasks
        await replaying.swap_back()
        assert not all(found.none for found in await replaying.differences(nothing))
        await replaying.swap(nothing)
        await write(broker, *facts(1))
        await until(lambda: settled(runtime, 21), 60)
        with pytest.raises(NotReplayableError, match="sejak pertukaran"):
            await replaying.swap_back()
        assert await counted(runtime, "enrolments") == 21


async def test_a_replay_tells_nobody(broker: Cluster, migrated):
    await write(broker, *facts(3))
    service = service_named("notification")
    url = await migrated(service)
    found = await replay(service, url, broker, nothing)
    assert found.messages > 0
    made = ServiceUnderTest(service, url)
    try:
        [row] = await made.rows(
            """SELECT (SELECT count(*) FROM messaging.outbox) AS told, (SELECT count(*) FROM people) AS people,
            (SELECT count(*) FROM messaging.held) AS held"""
        )
    finally:
        await made.close()
    assert row.told == 0
    assert row.people >= 3
    assert row.held == 0
    assert (await replay(service, url, broker, nothing)).messages == 0


@pytest.mark.parametrize("name", ["notification", "assessment"])
async def test_a_new_consumer_comes_to_the_same_tables_from_the_topics_alone(
    postgres, broker: Cluster, name: str
):
    await write(broker, *facts(5))
    async with live(postgres, broker, name) as (runtime, replaying):

        async def all_in() -> bool:
            if not runtime.ready():
                return False
            lag = (await runtime.status()).lag
            return not sum(lag.values()) and await counted(runtime, "people") >= 5

        await until(all_in, 60)
        found = await replaying.differences(nothing)
        assert [one.table for one in found if not one.none] == []
        assert sum(one.same for one in found) >= 10


def test_who_owns_what_it_holds_is_not_replayed():
    with pytest.raises(NotReplayableError, match="bina backup"):
        service_named("enrollment")
