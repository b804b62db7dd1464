"""A service's own topics, as its database and the broker know them; compared before a relay begins to publish.

Each mark of the outbox says up to which offset the relay knows each partition. When both agree, two questions to the
broker and one record per partition show it. Where they do not:

- The log goes on behind what is marked. Facts that wait in the outbox were acknowledged without being marked: they go
  out once more. Others this database does not know: an older one was restored. Their versions are taken over, also by
  what waits, so that no version is ever told with two contents, and they are reported by name.
- The log ends earlier or holds another record at that place: an older broker was restored, or the topic was made
  anew. Facts of the last seven days that it lacks wait again, with their own ids and versions, so that consumers drop
  what they know. What is older cannot come from here: states are told by the reconcile, the rest is reported.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import RecordMetadata

from bina.events import agency

from .cluster import Cluster
from .disagreements import LACKING, Disagreement, keep
from .logreader import UNMET, between, id_in, key_in, reader, stamps
from .topiclog import version_in

NAMED = 5
"""Most keys that a report names."""
TOLERANCE_MS = 10_000
"""What an acknowledgement says of a record's timestamp is not quite what the log keeps; seen: 29 ms."""
MARGIN = timedelta(hours=2)
"""Clocks of relays and database may differ by so much."""
SLOW = 150.0
"""Seconds for a question over the whole outbox; less than a relay may be silent."""

_KNOWN = 'SELECT topic, "partition", next_offset, last_timestamp FROM messaging.published'
# Facts went out before ends were kept. Those of a new database have all been told just now, and wait.
_LATE = """SELECT EXISTS (SELECT FROM messaging.streams) AND (
    EXISTS (SELECT FROM messaging.outbox WHERE published_at IS NOT NULL)
    OR NOT EXISTS (SELECT FROM messaging.outbox WHERE published_at IS NULL))"""
# A loose scan: one step in the index per topic, however many keys it has.
_TOLD = """WITH RECURSIVE told AS (
    (SELECT topic FROM messaging.streams ORDER BY topic LIMIT 1) UNION ALL
    SELECT (SELECT s.topic FROM messaging.streams s WHERE s.topic > told.topic ORDER BY s.topic LIMIT 1)
    FROM told WHERE told.topic IS NOT NULL) SELECT topic FROM told WHERE topic IS NOT NULL"""
_SET = """INSERT INTO messaging.published (topic, "partition", next_offset, last_timestamp)
    SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) ORDER BY 1, 2
    ON CONFLICT (topic, "partition") DO UPDATE
    SET next_offset = excluded.next_offset, last_timestamp = excluded.last_timestamp"""
_WAITING = """waiting AS (SELECT topic, key, count(*) AS many FROM messaging.outbox
    WHERE published_at IS NULL AND (topic, key) IN (SELECT topic, key FROM {keys}) GROUP BY topic, key)"""
_ON_LOG = "CREATE TEMP TABLE on_log (topic text, key text, version bigint, event_id uuid)"
_UNKNOWN = f"""CREATE TEMP TABLE not_known ON COMMIT DROP AS WITH {_WAITING.format(keys="on_log")}
    SELECT t.topic, t.key, max(t.version) AS version, count(*) AS many
    FROM on_log t LEFT JOIN messaging.streams s USING (topic, key) LEFT JOIN waiting w USING (topic, key)
    WHERE t.version > coalesce(s.version, 0) - coalesce(w.many, 0) AND NOT EXISTS (
        SELECT FROM messaging.outbox o WHERE o.published_at IS NULL AND o.event_id = t.event_id)
    GROUP BY t.topic, t.key"""  # noqa: S608 - our own words
_MEET = """INSERT INTO messaging.streams (topic, key, version)
    SELECT topic, key, 0 FROM not_known ORDER BY 1, 2 ON CONFLICT DO NOTHING"""
_LOCK = """SELECT count(*) FROM (SELECT FROM messaging.streams JOIN not_known USING (topic, key)
    ORDER BY topic, key FOR UPDATE OF streams) AS locked"""
_LIFT = f"""WITH {_WAITING.format(keys="not_known")}, lift AS (
        SELECT t.topic, t.key, t.version - s.version + coalesce(w.many, 0) AS many FROM not_known t
        JOIN messaging.streams s USING (topic, key) LEFT JOIN waiting w USING (topic, key)),
    lifted AS (UPDATE messaging.outbox o SET version = o.version + l.many FROM lift l
        WHERE o.published_at IS NULL AND o.topic = l.topic AND o.key = l.key AND l.many > 0)
    UPDATE messaging.streams s SET version = s.version + l.many FROM lift l
    WHERE s.topic = l.topic AND s.key = l.key AND l.many > 0"""  # noqa: S608 - our own words
_NAMES = """SELECT topic, sum(many)::bigint AS many,
    ARRAY(SELECT key FROM not_known n WHERE n.topic = u.topic ORDER BY key LIMIT $1) AS keys
    FROM not_known u GROUP BY topic ORDER BY topic"""
_SINCE = (
    "SELECT min(created_at) FROM messaging.outbox WHERE published_at IS NOT NULL AND topic = ANY ($1::text[])"
)
_AGAIN = """WITH there AS (SELECT topic, key, max(version) AS version FROM on_broker GROUP BY topic, key),
    again AS (UPDATE messaging.outbox o SET published_at = NULL FROM (
        SELECT p.id, p.created_at FROM messaging.outbox p LEFT JOIN there t USING (topic, key)
        WHERE p.published_at IS NOT NULL AND p.topic = ANY ($1::text[]) AND p.version > coalesce(t.version, 0)) n
        WHERE o.id = n.id AND o.created_at = n.created_at RETURNING o.topic)
    SELECT topic, count(*) AS many FROM again GROUP BY topic"""


def reached(results: Sequence[Any]) -> tuple[list[str], list[int], list[int], list[int]]:
    """Per partition the offset after the last acknowledged record and its timestamp, as columns."""
    last: dict[tuple[str, int], RecordMetadata] = {}
    for result in results:
        if isinstance(result, RecordMetadata):
            place = (result.topic, result.partition)
            if place not in last or last[place].offset < result.offset:
                last[place] = result
    found = sorted(last.items())
    return (
        [topic for (topic, _), _ in found],
        [partition for (_, partition), _ in found],
        [metadata.offset + 1 for _, metadata in found],
        [metadata.timestamp if metadata.timestamp is not None else UNMET for _, metadata in found],
    )


@dataclass
class Comparison:
    """One relay's look at its topics, over the connection that holds the relay's lock.

    `source`: the service's name, which its topics begin with. `beat` is called while the work goes on.
    """

    connection: "asyncpg.Connection[Any]"
    cluster: Cluster
    source: str
    beat: Callable[[], None]

    async def settle(self) -> None:
        """Compare, repair, report. Raises KafkaError and what asyncpg raises; what is done by then stays done."""
        known = {
            (r["topic"], r["partition"]): (r["next_offset"], r["last_timestamp"])
            for r in await self._fetch(_KNOWN)
        }
        partitions = await self._own({topic for topic, _ in known})
        async with reader(self.cluster) as consumer:
            first = await consumer.beginning_offsets(partitions) if partitions else {}
            ends = await consumer.end_offsets(partitions) if partitions else {}
            if not known and (await self._fetch(_LATE))[0][0]:
                await self._set(ends)
                return
            behind = await self._behind(ends, first, known)
            begun = {
                p: max(first[p], known.get((p.topic, p.partition), (0, UNMET))[0])
                for p in partitions
                if p.topic not in behind
            }
            recent = await self._recent(consumer, {p: end for p, end in ends.items() if p.topic in behind})
        await self._tell_again(behind, recent, ends, known)
        begun |= recent
        await self._take_over({p: at for p, at in begun.items() if at < ends[p]}, ends)

    async def _own(self, known: set[str]) -> list[TopicPartition]:
        """The service's topics as the broker has them: those it told of, and those that bear its name."""
        told = known | {row["topic"] for row in await self._fetch(_TOLD)}
        admin = AIOKafkaAdminClient(**self.cluster.client())
        try:
            await admin.start()
            found = await admin.describe_topics()
        finally:
            await admin.close()
        own = [t for t in found if t["topic"] in told or t["topic"].startswith(f"{self.source}.")]
        return [TopicPartition(t["topic"], p["partition"]) for t in own for p in t["partitions"]]

    async def _breathe(self) -> None:
        """Who is silent for ten seconds loses the lock."""
        self.beat()
        await self.connection.execute("SELECT")

    async def _fetch(self, sql: str, *values: Any) -> list[Any]:
        return list(await self.connection.fetch(sql, *values, timeout=SLOW))

    async def _set(self, ends: Mapping[TopicPartition, int]) -> None:
        columns = (
            [p.topic for p in ends],
            [p.partition for p in ends],
            list(ends.values()),
            [UNMET] * len(ends),
        )
        await self.connection.execute(_SET, *columns)

    async def _behind(
        self,
        ends: Mapping[TopicPartition, int],
        first: Mapping[TopicPartition, int],
        known: Mapping[tuple[str, int], tuple[int, int]],
    ) -> set[str]:
        """Topics of which a partition is not the log that was written."""
        marked = {p: known[p.topic, p.partition] for p in ends if (p.topic, p.partition) in known}
        asked = {
            p: at - 1 for p, (at, stamp) in marked.items() if stamp != UNMET and first[p] < at <= ends[p]
        }
        found = await stamps(self.cluster, asked)
        return {
            p.topic
            for p, (at, stamp) in marked.items()
            if at > ends[p] or abs(found.get(p, stamp) - stamp) > TOLERANCE_MS
        }

    async def _tell_again(
        self,
        behind: set[str],
        recent: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
        known: Mapping[tuple[str, int], tuple[int, int]],
    ) -> None:
        """Have facts wait again that the broker lacks. What lies in the log since then is looked at afterwards."""
        if not behind:
            return
        ours = {p: end for p, end in ends.items() if p.topic in behind}
        async with self.connection.transaction():
            await self.connection.execute(
                "CREATE TEMP TABLE on_broker (topic text, key text, version bigint) ON COMMIT DROP"
            )
            async for records in between(self.cluster, recent, ours, self._breathe):
                rows = [(r.topic, key_in(r), version_in(r.headers)) for r in records]
                await self.connection.copy_records_to_table("on_broker", records=rows)
            again = {row["topic"]: row["many"] for row in await self._fetch(_AGAIN, sorted(behind))}
            await self._set({**ours, **recent})
            for topic in sorted(behind):
                await keep(self.connection, *_lost(topic, again.get(topic, 0), ours, known))

    async def _recent(
        self, consumer: AIOKafkaConsumer, ours: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        """From where on the log can hold what the outbox holds."""
        since = (await self._fetch(_SINCE, sorted({p.topic for p in ours})))[0][0]
        if since is None or not ours:
            return {}
        moment = int((since - MARGIN).timestamp() * 1000)
        found = await consumer.offsets_for_times(dict.fromkeys(ours, moment))
        return {p: place.offset for p, place in found.items() if place is not None and place.offset < ours[p]}

    async def _take_over(
        self, begun: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
    ) -> None:
        """Read what the log has beyond the marks. Then, at once, for each look at what waits is one at all that waits:
        its versions are taken over, its unknown facts named, the marks set."""
        if not begun:
            return
        await self.connection.execute(_ON_LOG)
        after: dict[TopicPartition, ConsumerRecord[Any, Any]] = {}
        async for records in between(self.cluster, begun, ends, self._breathe):
            told = [(r.topic, key_in(r), version_in(r.headers), id_in(r)) for r in records]
            await self.connection.copy_records_to_table(
                "on_log", records=[t for t in told if t[3] is not None]
            )
            after |= {TopicPartition(r.topic, r.partition): r for r in records}
        async with self.connection.transaction():
            await self._learn()
            stamped = [(p.topic, p.partition, r.offset + 1, r.timestamp) for p, r in after.items()]
            await self.connection.execute(_SET, *_columns(stamped, 4))
        await self.connection.execute("DROP TABLE on_log")

    async def _learn(self) -> None:
        await self._do("ANALYZE on_log", _UNKNOWN)
        if unknown := await self._fetch(_NAMES, NAMED):
            await self._do(_MEET, _LOCK, _LIFT)
            await keep(self.connection, *[_unknown(u["topic"], u["many"], u["keys"]) for u in unknown])

    async def _do(self, *statements: str) -> None:
        for sql in statements:
            self.beat()
            await self.connection.execute(sql, timeout=SLOW)


def _lost(
    topic: str,
    again: int,
    ends: Mapping[TopicPartition, int],
    known: Mapping[tuple[str, int], tuple[int, int]],
) -> list[Disagreement]:
    spans = [
        f"[{p.partition}] ends at {end}, acknowledged up to {known[p.topic, p.partition][0]}"
        for p, end in ends.items()
        if p.topic == topic and (p.topic, p.partition) in known
    ]
    gone = sum(max(0, known.get((t, n), (0, 0))[0] - end) for (t, n), end in ends.items() if t == topic)
    older = max(0, gone - again)
    rest = (
        f"; {older} older ones are not in the outbox: restore a newer backup of the broker" if older else ""
    )
    detail = (
        f"the broker is older than this database ({', '.join(spans)}); {again} facts are told again{rest}"
    )
    found = [Disagreement("broker.behind", topic, None, detail)]
    if older:
        states = f"{older} facts are lost; where they were states, the reconcile tells them anew"
        found.append(Disagreement(LACKING, topic, None, states))
    return found


def _unknown(topic: str, many: int, keys: Sequence[str]) -> Disagreement:
    # Keys of agencies' topics are NIP: a report stays, in a table and in logs.
    shown = [] if topic.startswith(f"{agency.OUTCOMES}.") else keys
    names = f" (keys {', '.join(shown)}{', …' if many > len(keys) else ''})" if shown else ""
    detail = (
        f"{many} facts on the broker are unknown to this database, which is older{names}; "
        "versions go on after theirs; restore a newer backup of the database, or settle these by hand"
    )
    return Disagreement("facts.unknown", topic, None, detail)


def _columns(rows: Sequence[Any], many: int) -> list[list[Any]]:
    return [[row[n] for row in rows] for n in range(many)]
