"""Where a worker goes on with the partitions it was given: at the database's position, whatever the broker's group says.

| The log, as seen from the database's position | Where it goes on | Told |
|---|---|---|
| has it; the group's offset is lower, gone or reset | at the database's position: nothing is read twice | in the log |
| has it; the group's offset is higher: an older database was restored | at the database's position | by name |
| no longer has it: retention took messages that were never applied | nowhere, until it is accepted | by name |
| ends before it, or holds another record there: an older broker was restored, or the topic was made anew | at the log's beginning; the inbox drops what is known | by name |
| the database knows no position of the topic: a new consumer | at the log's beginning | |
| the topic has grown by this partition | at its beginning, once all before it is applied: see `growth` | in the log |
| the database has taken messages, but kept no positions: the release before it did | at the group's offset | |

While that release runs beside this one, its workers move the group's offset alone. So a position taken from the group
stays the group's until a worker of this release takes the partition over.

A topic is made anew with its consumers stopped, or deleted for longer than their 30 s of metadata: who sees neither
could mistake the new log's offsets for the old one's.
"""

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from . import disagreements, growth, positions
from .cluster import Cluster
from .disagreements import Disagreement
from .logreader import UNMET, stamps
from .reading import Reached

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """One partition as broker and database know it. Offsets are next ones; timestamps are in ms.

    `stamp` is the timestamp of the last record applied, `found` that of the record which the log has there now.
    """

    partition: TopicPartition
    first: int
    end: int
    committed: int | None
    offset: int
    stamp: int = UNMET
    found: int | None = None


@dataclass(frozen=True)
class Course:
    """Where to go on, and what disagreed. `stops`: the database must not pass over what is missing."""

    offset: int
    told: Disagreement | None = None
    stops: bool = False


def course(place: Place) -> Course:
    """Decide for one partition; the module says what for which case."""
    topic, number = place.partition.topic, place.partition.partition
    span = f"the log holds {place.first} to {place.end}"
    other = place.found is not None and UNMET not in (place.stamp, place.found) and place.found != place.stamp
    if place.offset > place.end or other:
        detail = (
            f"applied up to {place.offset}, but {span} of another past; read from {place.first} on, what is known is "
            "dropped; if the broker was not restored on purpose, see what its producers report"
        )
        return Course(place.first, Disagreement("log.other", topic, number, detail))
    if place.offset < place.first:
        detail = (
            f"messages {place.offset} to {place.first - 1} were never applied and {span}; restore a newer backup of "
            "the database, or start once with BINA_ACCEPT_GAPS=true to go on without them"
        )
        return Course(place.offset, Disagreement("log.gap", topic, number, detail), stops=True)
    if place.committed is not None and place.committed > place.offset:
        detail = (
            f"the group had come to {place.committed}, this database only to {place.offset} (an older one was "
            "restored); read again from there"
        )
        return Course(place.offset, Disagreement("database.behind", topic, number, detail))
    return Course(place.offset)


@dataclass(frozen=True)
class Resumed:
    """Where to seek to; partitions that are new to a known topic; what stops the consumer."""

    offsets: Mapping[TopicPartition, int]
    grown: frozenset[TopicPartition]
    gaps: tuple[Disagreement, ...]


@dataclass
class Resumer:
    """Compares a consumer's partitions with its database, repairs what can be repaired and reports it."""

    make: async_sessionmaker[AsyncSession]
    cluster: Cluster
    accept_gaps: bool = False
    growth_seconds: float = math.inf
    """A partition that begins later by more than this, its topic got later."""

    async def resume(self, consumer: AIOKafkaConsumer, assigned: Iterable[TopicPartition]) -> Resumed:
        """Where to go on with these partitions. Raises KafkaError, and what is transient of the database."""
        assigned = list(assigned)
        # Before the database is asked: who had these partitions may end a batch now, first there and then here.
        committed = {p: await consumer.committed(p) for p in assigned}
        known = await self._known(consumer, {p.topic for p in assigned})
        known = await self._taken_over(known, committed)
        ours = [p for p in assigned if (p.topic, p.partition) in known]
        places = await self._places(consumer, {p: known[p.topic, p.partition] for p in ours}, committed)
        courses = {place.partition: self._accepted(place, course(place)) for place in places}
        await self._settle(courses, known)
        return Resumed(
            {p: found.offset for p, found in courses.items()},
            frozenset(assigned) - frozenset(ours),
            tuple(found.told for found in courses.values() if found.stops and found.told),
        )

    async def _known(self, consumer: AIOKafkaConsumer, topics: set[str]) -> Reached:
        """The database's positions; a topic that it meets for the first time gets those of its first partitions."""
        async with self.make() as session, session.begin():
            known = await positions.load(session, topics)
            unmet = topics - {topic for topic, _ in known}
            if not unmet:
                return known
            if await positions.kept_late(session):
                # All that it reads at once: as soon as one is kept, nobody can tell any more.
                await self._go_by_group(session, consumer, topics | consumer.subscription())
            else:
                await self._meet(session, consumer, unmet)
            return await positions.load(session, topics)

    async def _go_by_group(
        self, session: AsyncSession, consumer: AIOKafkaConsumer, topics: Iterable[str]
    ) -> None:
        found = _partitions(consumer, topics)
        first = dict(await consumer.beginning_offsets(found)) if found else {}
        first |= {p: c for p in found if (c := await consumer.committed(p)) is not None}
        late = {(p.topic, p.partition): (offset, positions.LATE) for p, offset in first.items()}
        await positions.meet(session, late)

    async def _meet(self, session: AsyncSession, consumer: AIOKafkaConsumer, topics: Iterable[str]) -> None:
        found = _partitions(consumer, topics)
        if not found:
            return
        later = await growth.later(consumer, found, self.growth_seconds)
        await growth.note(session, later)
        first = await consumer.beginning_offsets([p for p in found if p not in later])
        await positions.meet(session, {(p.topic, p.partition): (at, UNMET) for p, at in first.items()})

    async def _taken_over(self, known: Reached, committed: Mapping[TopicPartition, int | None]) -> Reached:
        nobody = (0, UNMET)
        late = {
            p: offset
            for p, offset in committed.items()
            if known.get((p.topic, p.partition), nobody)[1] == positions.LATE
        }
        if not late:
            return known
        async with self.make() as session, session.begin():
            await positions.take_over(session, late)
            return await positions.load(session, {topic for topic, _ in known})

    async def _places(
        self,
        consumer: AIOKafkaConsumer,
        known: Mapping[TopicPartition, tuple[int, int]],
        committed: Mapping[TopicPartition, int | None],
    ) -> list[Place]:
        first = await consumer.beginning_offsets(list(known))
        end = await consumer.end_offsets(list(known))
        asked = {
            p: offset - 1
            for p, (offset, stamp) in known.items()
            if stamp != UNMET and first[p] < offset <= end[p]
        }
        found = await stamps(self.cluster, asked)
        return [
            Place(p, first[p], end[p], committed[p], offset, stamp, found.get(p))
            for p, (offset, stamp) in known.items()
        ]

    def _accepted(self, place: Place, found: Course) -> Course:
        return Course(place.first, found.told) if found.stops and self.accept_gaps else found

    async def _settle(self, courses: Mapping[TopicPartition, Course], known: Reached) -> None:
        """Have the database know from where it is read; only what changes its mind is written."""
        moved = {
            (p.topic, p.partition): (found.offset, UNMET)
            for p, found in courses.items()
            if found.offset != known[p.topic, p.partition][0]
        }
        told = [found.told for found in courses.values() if found.told]
        if moved or told:
            async with self.make() as session, session.begin():
                await positions.write(session, moved)
                await disagreements.report(session, *told)


def _partitions(consumer: AIOKafkaConsumer, topics: Iterable[str]) -> list[TopicPartition]:
    return [TopicPartition(t, number) for t in topics for number in consumer.partitions_for_topic(t) or ()]
