"""Makes the broker's topics as `deploy/topics.yaml` lists them."""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from bina.messaging.cluster import Cluster
from bina_local.process import until
from bina_local.state import project_root

TIMEOUT_SECONDS = 30
SETTLING = "UnknownTopicOrPartition", "BrokerNotAvailable", "InvalidReplicationFactor", "NotController"
AGENCY = "agency"
AGENCY_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


class PartitionsDifferError(RuntimeError):
    """A topic has another number of partitions: changing it would break the order of its keys."""


@dataclass(frozen=True)
class Topic:
    """A topic as it should be; `writer` and `readers` are services, the operator, or `agency`: its own."""

    name: str
    partitions: int
    replication: int
    config: dict[str, str]
    writer: str = ""
    readers: tuple[str, ...] = ()


def listed(path: Path | None = None) -> list[Topic]:
    """Every fixed topic of the list."""
    document = _document(path)
    return [_topic(document, name, wanted) for name, wanted in document["topics"].items()]


def of_agency(code: str, path: Path | None = None) -> list[Topic]:
    """One agency's own pair of topics.

    Raises ValueError for a code that could not be told apart from the rest of a topic's name.
    """
    if not AGENCY_CODE.fullmatch(code):
        raise ValueError(f"kode instansi {code!r}: hanya huruf, angka, - dan _, paling panjang 32")
    document = _document(path)
    return [_topic(document, name.format(code=code), wanted) for name, wanted in document["agency"].items()]


def of_every_agency(path: Path | None = None) -> list[Topic]:
    """The pair as it is for whichever agency; the names end where an agency's code begins."""
    document = _document(path)
    return [_topic(document, name.format(code=""), wanted) for name, wanted in document["agency"].items()]


def codes(names: Iterable[str]) -> set[str]:
    """The agencies whose inbound topics are among these."""
    inbound = next(topic.name for topic in of_every_agency() if topic.writer == AGENCY)
    found = {name.removeprefix(inbound) for name in names if name.startswith(inbound)}
    return {code for code in found if AGENCY_CODE.fullmatch(code)}


def _document(path: Path | None) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((path or project_root() / "deploy" / "topics.yaml").read_text())
    return document


def _topic(document: dict[str, Any], name: str, wanted: dict[str, Any]) -> Topic:
    config = {**document["config"], **document["kept"][wanted["kept"]]}
    partitions = wanted.get("partitions", document["partitions"])
    texts = {key: str(value) for key, value in config.items()}
    return Topic(name, partitions, document["replication"], texts, wanted["writer"], tuple(wanted["readers"]))


async def ensure(cluster: Cluster, topics: Iterable[Topic]) -> list[str]:
    """Create what is missing and set every topic's configuration; gives the names of new topics.

    Raises PartitionsDifferError when an existing topic was cut otherwise.
    """
    admin = AIOKafkaAdminClient(**cluster.client(), request_timeout_ms=TIMEOUT_SECONDS * 1000)
    try:
        await admin.start()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await _ensure(admin, list(topics))
    finally:
        await admin.close()


async def _ensure(admin: AIOKafkaAdminClient, topics: list[Topic]) -> list[str]:
    existing = set(await admin.list_topics())
    missing = [topic for topic in topics if topic.name not in existing]
    while pending := await _create(admin, missing):
        missing = pending
        await asyncio.sleep(0.2)
    await until(partial(_placed, admin, [topic.name for topic in topics]))
    await _compare(admin, topics)
    present = [topic for topic in topics if topic.name in existing]
    if present:
        await _configure(admin, present)
    return [topic.name for topic in topics if topic.name not in existing]


async def _create(admin: AIOKafkaAdminClient, topics: list[Topic]) -> list[Topic]:
    """Create the topics; those that the broker, still starting, could not place yet come back."""
    if not topics:
        return []
    answer = await admin.create_topics(
        [NewTopic(t.name, t.partitions, t.replication, topic_configs=t.config) for t in topics]
    )
    pending = set()
    for name, code, *message in answer.topic_errors:
        error = for_code(code)
        if error.__name__.startswith(SETTLING):
            pending.add(name)
        elif code and error is not TopicAlreadyExistsError:
            raise error(f"{name}: {message}")
    return [topic for topic in topics if topic.name in pending]


async def _placed(admin: AIOKafkaAdminClient, names: list[str]) -> bool:
    """Whether clients can use the topics: created is not yet known, nor led, everywhere."""
    found = await admin.describe_topics(names)
    return all(t["partitions"] and all(p["leader"] >= 0 for p in t["partitions"]) for t in found)


async def _compare(admin: AIOKafkaAdminClient, topics: list[Topic]) -> None:
    found = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics([t.name for t in topics])}
    wrong = [t for t in topics if found[t.name] != t.partitions]
    if wrong:
        lines = [f"{t.name}: {found[t.name]} partisi, seharusnya {t.partitions}" for t in wrong]
        raise PartitionsDifferError("\n".join(lines))


async def _configure(admin: AIOKafkaAdminClient, topics: list[Topic]) -> None:
    resources = [ConfigResource(ConfigResourceType.TOPIC, t.name, t.config) for t in topics]
    for answer in await admin.alter_configs(resources):
        for code, message, _kind, name in answer.resources:
            if code:
                raise for_code(code)(f"{name}: {message}")
