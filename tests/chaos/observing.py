"""What there is in the end: everything on the broker, and what the four databases say."""

import json
import struct
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from sys import intern
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from bina.messaging.cluster import Cluster
from bina_local import topics
from bina_local.addresses import SERVICES
from bina_local.broker import reader, records_until_end
from bina_local.databases import DatabaseServer
from chaos.journal import Entry, read
from chaos.sending import digest

INBOUND, OUTCOMES = "agency.enrollments.", "agency.outcomes."
GROUPS = "__consumer_offsets"
Row = dict[str, Any]


BODY = ("request_id", "outcome", "origin", "kind", "assessment_id", "task_id", "notice_id")
"""What of our events' bodies is looked at."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record on the broker. `at`: seconds since 1970; `body` of our own events, `digest` of an agency's."""

    topic: str
    offset: int
    key: str
    id: str
    type: str
    version: int
    at: float
    body: Row = field(default_factory=dict)
    digest: str = ""


@dataclass
class Observed:
    """Everything that the comparison looks at. Rows of the tables by service and table."""

    journal: list[Entry]
    records: list[Record]
    tables: dict[str, dict[str, list[Row]]]
    left: dict[str, Any] = field(default_factory=dict)
    held: dict[str, list[Row]] = field(default_factory=dict)
    """What each service held of our own topics before an operator discarded what nobody could read."""
    applied: dict[str, list[float]] = field(default_factory=dict)
    """By service, when it told the broker that a batch was applied."""

    @cached_property
    def by_kind(self) -> dict[str, list[Entry]]:
        """The journal's entries by what they are."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.journal:
            found[entry["what"]].append(entry)
        return found

    @cached_property
    def slipped_in(self) -> set[str]:
        """Ids of what no service told: written among our own facts by hand."""
        return {entry["id"] for entry in self.by_kind["slipped in"]}

    def told(self) -> Iterable[Record]:
        """What the services told, in each partition's order."""
        foreign = (INBOUND, "platform.")
        return (r for r in self.records if not r.topic.startswith(foreign) and r.id not in self.slipped_in)


MESSAGING = {
    "outbox": """SELECT event_id::text, topic, type, extract(epoch FROM created_at)::float AS created,
        extract(epoch FROM published_at)::float AS published FROM messaging.outbox ORDER BY id""",
    "streams": "SELECT topic, key, version FROM messaging.streams",
    "inbox": "SELECT event_id::text FROM messaging.inbox",
    "facts": "SELECT fact, key, version FROM messaging.facts WHERE fact LIKE '%#version'",
    "held": "SELECT state, topic, event_id, code FROM messaging.held WHERE state <> 'discarded'",
    "failed_due": "SELECT kind, key, error FROM messaging.due WHERE attempts > 0",
}
OWN = {
    "enrollment": {
        "commands": "SELECT key FROM messaging.commands WHERE key LIKE 'chaos-%'",
        "enrolments": """SELECT e.enrollment_id::text, e.run_id::text, e.asn_id::text, p.nip, r.run_code, e.attempt,
            e.state, e.revision, e.jp, e.certificate_number AS certificate
            FROM enrolments e JOIN asn p USING (asn_id) JOIN runs r USING (run_id)""",
        "seats": "SELECT run_code, seats, taken, waiting FROM runs JOIN run_seats USING (run_id)",
        "ledger": """SELECT source_id::text AS enrollment_id, (sum(minutes) / 45)::int AS jp FROM jp_entries
            WHERE source = 'completion' GROUP BY 1 HAVING count(*) FILTER (WHERE reverses IS NULL)
                > count(*) FILTER (WHERE reverses IS NOT NULL)""",
    },
    "assessment": {"enrolments": "SELECT enrollment_id::text, state FROM enrollments"},
    "evaluation": {
        # Under whichever name the newest release keeps it.
        "enrolments": """SELECT enrollment_id::text, accepted_on IS NOT NULL AS accepted, completed,
            coalesce(to_jsonb(e) ->> 'left_run', to_jsonb(e) ->> 'withdrawn')::boolean AS withdrawn
            FROM enrolments e""",
        "columns": """SELECT attname::text AS name FROM pg_attribute
            WHERE attrelid = 'enrolments'::regclass AND attnum > 0 AND NOT attisdropped""",
    },
    "notification": {
        "enrolments": """SELECT enrollment_id::text, ended_at IS NOT NULL AS ended, completed, jp FROM enrolments""",
        "notices": "SELECT notice_id::text, event_id::text, kind, recipient_id::text FROM notices",
        "deliveries": """SELECT d.notice_id::text, d.state, d.needs_address, coalesce(c.email, '') AS email
            FROM deliveries d LEFT JOIN contacts c ON c.asn_id = d.recipient_id""",
    },
}


async def observe(
    cluster: Cluster, postgres: DatabaseServer, journal: Path, agencies: Iterable[str], left: dict[str, Any]
) -> Observed:
    """Look at everything; call it when all is at rest."""
    records = [record async for record in _records(cluster, agencies)]
    tables = {name: await _tables(postgres, name) for name in SERVICES}
    return Observed(read(journal), records, tables, left, applied=await _applied(cluster))


async def _applied(cluster: Cluster) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in SERVICES}
    async with AIOKafkaConsumer(
        **cluster.client(), auto_offset_reset="earliest", enable_auto_commit=False
    ) as client:
        await client._client.force_metadata_update()
        client.assign([TopicPartition(GROUPS, n) for n in client.partitions_for_topic(GROUPS) or ()])
        await client.seek_to_beginning()
        async for record in records_until_end(client):
            if record.value is not None and (group := group_in(record.key)) in found:
                found[group].append(record.timestamp / 1000)
    return {name: sorted(times) for name, times in found.items()}


def group_in(key: bytes) -> str:
    """Whose offset was committed; empty for the broker's other notes."""
    kind, length = struct.unpack_from(">hh", key)
    return key[4 : 4 + length].decode() if kind <= 1 else ""


async def _tables(postgres: DatabaseServer, name: str) -> dict[str, list[Row]]:
    connection = await postgres.connect(name)
    try:
        asked = {**MESSAGING, **OWN[name]}
        return {table: [_row(row) for row in await connection.fetch(sql)] for table, sql in asked.items()}
    finally:
        await connection.close()


def _row(found: Any) -> Row:
    """The same ids stand in many tables: one text for all."""
    return {name: intern(value) if type(value) is str else value for name, value in found.items()}


async def _records(cluster: Cluster, agencies: Iterable[str]) -> AsyncIterator[Record]:
    """Every record of every topic, partition by partition."""
    wanted = [*topics.listed(), *(topic for code in agencies for topic in topics.of_agency(code))]
    for topic in wanted:
        async with reader(cluster, topic.name) as client:
            async for found in records_until_end(client):
                yield _record(found)


def _record(found: ConsumerRecord[bytes, bytes]) -> Record:
    headers = {name: (value or b"").decode(errors="replace") for name, value in found.headers}
    foreign = found.topic.startswith(INBOUND)
    return Record(
        intern(found.topic),
        found.offset,
        intern((found.key or b"").decode(errors="replace")),
        intern(headers.get("ce_id", "")),
        intern(headers.get("ce_type", "")),
        int(headers.get("ce_aggregateversion") or 0),
        found.timestamp / 1000,
        {} if foreign else _body(found.value),
        digest(found.value) if foreign else "",
    )


def _body(value: bytes | None) -> Row:
    try:
        body = json.loads(value or b"{}")
    except ValueError:  # slipped in
        return {}
    return {name: body[name] for name in BODY if name in body}
