"""What a real broker refuses, and to whom."""

import asyncio
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, TopicAuthorizationFailedError
from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

import bina_local.kafka
from bina.messaging.cluster import Cluster
from bina_local import rights, topics
from bina_local.access import Access, AccessFailedError, librdkafka, open_to
from bina_local.addresses import SERVICES
from bina_local.kafka import Kafka
from bina_local.ports import HOST
from bina_local.principals import BROKER, OPERATOR, of_agency
from bina_local.rights import Right
from parts import Broker

pytestmark = pytest.mark.kafka

AGENCIES = ("5571", "5508")
PRINCIPALS = (*SERVICES, *map(of_agency, AGENCIES))
TOPICS = [*topics.listed(), *(topic for code in AGENCIES for topic in topics.of_agency(code))]
PLAIN = "listener.security.protocol.map=CONTROLLER:PLAINTEXT,CLIENTS:PLAINTEXT\n"
"""How the embedded broker was before it asked anybody."""


@pytest_asyncio.fixture(scope="module")
async def opened(kafka: Broker) -> AsyncIterator[Broker]:
    """Every topic holds a record."""
    await open_to(kafka.bootstrap, kafka.password, AGENCIES)
    async with AIOKafkaProducer(**kafka.cluster.client()) as producer:
        for topic in TOPICS:
            await producer.send_and_wait(topic.name, b"{}", key=b"k", partition=0)
    yield kafka


async def may_read(cluster: Cluster, topic: str, group: str | None = None) -> bool:
    reader = AIOKafkaConsumer(topic, **cluster.client(), group_id=group, auto_offset_reset="earliest")
    try:
        await reader.start()
        await asyncio.wait_for(reader.getone(), 20)
    except (TopicAuthorizationFailedError, GroupAuthorizationFailedError):
        return False
    finally:
        await reader.stop()
    return True


async def may_write(cluster: Cluster, topic: str) -> bool:
    """As a relay writes: idempotently."""
    async with AIOKafkaProducer(**cluster.client(), enable_idempotence=True) as producer:
        try:
            await producer.send_and_wait(topic, b"{}", key=b"k")
        except TopicAuthorizationFailedError:
            return False
    return True


def listed(principal: str, operation: str) -> set[str]:
    """On which topics the list lets somebody do something."""
    wanted = rights.of_services().union(*(rights.of_the_agency(code) for code in AGENCIES))
    own = [r for r in wanted if (r.principal, r.operation, r.resource) == (principal, operation, "TOPIC")]
    return {
        topic.name
        for topic in TOPICS
        for right in own
        if topic.name == right.name or (right.prefixed and topic.name.startswith(right.name))
    }


@pytest.mark.parametrize("principal", PRINCIPALS)
async def test_everybody_reads_what_the_list_says_and_no_more(opened: Broker, principal: str):
    cluster = opened.as_(principal)
    read = {topic.name for topic in TOPICS if await may_read(cluster, topic.name)}
    assert read == listed(principal, "READ")


@pytest.mark.parametrize("principal", PRINCIPALS)
async def test_everybody_writes_what_the_list_says_and_no_more(opened: Broker, principal: str):
    cluster = opened.as_(principal)
    written = {topic.name for topic in TOPICS if await may_write(cluster, topic.name)}
    assert written == listed(principal, "WRITE")


@pytest.mark.parametrize(
    ("principal", "topic"),
    [
        ("evaluation", "enrollment.trainings"),
        ("notification", "evaluation.tasks"),
        ("enrollment", "assessment.results"),
        ("enrollment", "agency.enrollments.5571"),
        ("assessment", "platform.clock"),
        ("agency.5571", "agency.enrollments.5508"),
        ("agency.5571", "agency.outcomes.5571"),
        ("agency.5571", "enrollment.enrollments"),
    ],
)
async def test_a_topic_of_somebody_else_is_not_written(opened: Broker, principal: str, topic: str):
    assert not await may_write(opened.as_(principal), topic)


@pytest.mark.parametrize(
    ("principal", "topic"),
    [
        ("evaluation", "enrollment.contacts"),
        ("assessment", "enrollment.contacts"),
        ("assessment", "evaluation.tasks"),
        ("notification", "agency.enrollments.5571"),
        ("agency.5571", "agency.outcomes.5508"),
        ("agency.5571", "agency.enrollments.5508"),
        ("agency.5571", "enrollment.asn"),
    ],
)
async def test_what_is_not_for_somebody_is_not_read(opened: Broker, principal: str, topic: str):
    assert not await may_read(opened.as_(principal), topic)


@pytest.mark.parametrize(
    ("principal", "topic", "group", "may"),
    [
        ("evaluation", "enrollment.asn", "evaluation", True),
        ("evaluation", "enrollment.asn", "notification", False),
        ("agency.5571", "agency.outcomes.5571", "agency.5571.simpeg", True),
        ("agency.5571", "agency.outcomes.5571", "agency.5508.simpeg", False),
        ("agency.5571", "agency.outcomes.5571", "enrollment", False),
    ],
)
async def test_nobody_reads_in_anothers_group(
    opened: Broker, principal: str, topic: str, group: str, *, may: bool
):
    assert await may_read(opened.as_(principal), topic, group) is may


async def signs_in(cluster: Cluster) -> bool:
    client = AIOKafkaAdminClient(**cluster.client(), request_timeout_ms=5000)
    try:
        await client.start()
    except KafkaConnectionError:
        return False
    finally:
        await client.close()
    return True


async def test_nobody_comes_in_without_the_right_password(opened: Broker):
    right = opened.as_("evaluation")
    assert await signs_in(right)
    assert not await signs_in(replace(right, password="x" * 32))
    assert not await signs_in(replace(right, password=opened.password("enrollment")))
    assert not await signs_in(replace(right, user="nobody"))
    assert not await signs_in(Cluster(right.servers))


async def test_a_service_gives_nobody_a_right_nor_a_password(opened: Broker):
    admin = AdminClient(librdkafka(opened.as_("evaluation")))
    mine = AclBinding(
        ResourceType.TOPIC,
        "enrollment.contacts",
        ResourcePatternType.LITERAL,
        "User:evaluation",
        "*",
        AclOperation.READ,
        AclPermissionType.ALLOW,
    )
    how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    asked = [
        *admin.create_acls([mine]).values(),
        *admin.alter_user_scram_credentials([UserScramCredentialUpsertion("operator", how, b"x")]).values(),
    ]
    for answer in asked:
        with pytest.raises(KafkaException, match="CLUSTER_AUTHORIZATION_FAILED"):
            await asyncio.to_thread(answer.result, 20)


def of_everybody(broker: Broker) -> dict[str, str]:
    return {name: broker.password(name) for name in (OPERATOR, *SERVICES)}


async def test_a_right_that_the_list_does_not_have_is_taken_away(opened: Broker):
    too_much = Right("assessment", "READ", "TOPIC", "enrollment.contacts")
    own = {right for right in rights.of_services() if right.principal == "assessment"}
    access = Access(opened.as_(BROKER))
    await asyncio.to_thread(access.hold_to, own | {too_much}, ["assessment"])
    assert await may_read(opened.as_("assessment"), "enrollment.contacts")
    await open_to(opened.bootstrap, opened.password)
    assert not await may_read(opened.as_("assessment"), "enrollment.contacts")


async def test_an_agency_whose_password_is_not_known_here_keeps_its_own(opened: Broker):
    known = {BROKER: opened.password(BROKER), **of_everybody(opened)}
    assert await open_to(opened.bootstrap, known.get, ["5571"]) == {}
    assert await signs_in(opened.as_("agency.5571"))
    made = await open_to(opened.bootstrap, known.get, ["KOTA-X"])
    assert list(made) == ["agency.KOTA-X"]
    newcomer = replace(opened.cluster, user="agency.KOTA-X", password=made["agency.KOTA-X"])
    assert await may_write(newcomer, "agency.enrollments.KOTA-X")
    other = await open_to(opened.bootstrap, known.get, ["KOTA-X"], renew=True)
    assert not await signs_in(newcomer)
    assert await signs_in(replace(newcomer, password=other["agency.KOTA-X"]))


async def answers_strangers(port: int) -> bool:
    """Whether a listener tells somebody who did not sign in about its cluster (DescribeCluster, version 0)."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        body = struct.pack(">hhihbbb", 60, 0, 1, -1, 0, 0, 0)
        writer.write(struct.pack(">i", len(body)) + body)
        return len(await asyncio.wait_for(reader.read(4), 10)) == 4
    except ConnectionError:
        return False
    finally:
        writer.close()


def controller_port(broker: Kafka) -> int:
    text = (broker.state.root / "kafka" / "server.properties").read_text()
    return int(text.partition("listeners=")[2].partition("CONTROLLER://")[2].partition("\n")[0].split(":")[1])


async def test_a_broker_from_before_keeps_its_records_and_asks_who_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    before = Kafka(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(bina_local.kafka, "security", lambda _: PLAIN)
        await before.start()
    open_to_all = Cluster(before.bootstrap)
    await topics.ensure(open_to_all, [*topics.listed(), *topics.of_agency("5571")])
    async with AIOKafkaProducer(**open_to_all.client()) as producer:
        await producer.send_and_wait("enrollment.asn", b"{}", key=b"kept")
    assert await answers_strangers(controller_port(before))
    await before.stop()

    after = Kafka(tmp_path)
    await after.start()
    try:
        assert not await signs_in(Cluster(after.bootstrap))
        assert not await answers_strangers(controller_port(after))
        await open_to(after.bootstrap, after.password)
        assert await may_read(after.as_("evaluation"), "enrollment.asn")
        assert await may_write(after.as_("agency.5571"), "agency.enrollments.5571")
    finally:
        await after.stop()


async def test_a_log_from_elsewhere_opens_with_the_passwords_of_here(tmp_path: Path):
    """As after a restore of the broker alone."""
    for _ in range(2):
        broker = Kafka(tmp_path)
        await broker.start()
        try:
            await open_to(broker.bootstrap, broker.password)
            assert await may_write(broker.as_("evaluation"), "evaluation.tasks")
        finally:
            await broker.stop()
        broker.secrets.path.unlink()


async def test_a_missing_password_is_named():
    known = dict.fromkeys((BROKER, OPERATOR, "enrollment", "assessment"), "x")
    with pytest.raises(AccessFailedError, match="evaluation"):
        await open_to("127.0.0.1:1", known.get)
