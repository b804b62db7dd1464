"""What is fetched while another batch is applied: in its order, and never committed before its turn."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition

from bina.events import Event
from bina.messaging import Runtime, consumer
from bina.messaging.ahead import Ahead, Batch
from bina.messaging.intake import TopicFailingError
from bina.messaging.reading import Read
from messaging.facts import accepted, asn, met
from messaging.watching import Start, seats, send, true, until

pytestmark = pytest.mark.kafka


def record(offset: int) -> ConsumerRecord:
    return ConsumerRecord("enrollment.enrollments", 0, offset, 0, 0, b"", b"{}", None, 0, 2, ())


class CrashError(Exception):
    """Something that no retry mends."""


class Takes:
    """Stands before a runtime's `take`: stops at each batch while `go` is clear; raises `errors` first."""

    def __init__(self, runtime: Runtime, monkeypatch) -> None:
        self.runtime, self._take = runtime, runtime.intake.take
        self.seen: list[str] = []
        self.errors: list[Exception] = []
        self.go = asyncio.Event()
        self.go.set()
        monkeypatch.setattr(runtime.intake, "take", self)

    async def __call__(self, batch):
        self.seen += [type(a.event).__name__ for a in batch.arrived]
        await self.go.wait()
        if self.errors:
            raise self.errors.pop()
        return await self._take(batch)

    async def fetched(self) -> int:
        """How far fetching has come, on all partitions."""
        kafka = self.runtime.consumer.kafka
        return sum([await kafka.position(p) for p in kafka.assignment()])

    async def reached(self, key, wanted: str) -> bool:
        return (await seats(self.runtime, key)).get(key) == wanted


async def one_ahead(takes: Takes, producer: AIOKafkaProducer, first: Event, second: Event) -> None:
    """One fact in hand, the other fetched ahead."""

    async def caught_up() -> bool:
        return not sum((await takes.runtime.status()).lag.values())

    await until(caught_up)
    takes.go.clear()
    takes.seen.clear()
    before = await takes.fetched()
    await send(producer, first, second)

    async def both() -> bool:
        return bool(takes.seen) and await takes.fetched() == before + 2

    await until(both)
    assert len(takes.seen) == 1


async def two_of_a_key(takes: Takes, producer: AIOKafkaProducer):
    seat = accepted()
    await one_ahead(takes, producer, seat, met(seat.enrollment_id))
    assert takes.seen == ["EnrollmentAccepted"]
    return seat.enrollment_id


async def test_after_a_failed_batch_the_one_fetched_ahead_waits_its_turn(start: Start, producer, monkeypatch):
    takes = Takes(await start(max_records=1), monkeypatch)
    key = await two_of_a_key(takes, producer)
    takes.errors = [CrashError()]
    takes.go.set()
    await until(lambda: takes.reached(key, "am"))
    assert takes.seen == ["EnrollmentAccepted", "EnrollmentAccepted", "AttendanceMet"]


async def test_after_a_failed_batch_the_one_fetched_ahead_of_another_topic_comes_too(
    start: Start, producer, monkeypatch
):
    takes = Takes(await start(max_records=1), monkeypatch)
    await one_ahead(takes, producer, accepted(), asn())
    takes.errors = [CrashError()]
    takes.go.set()
    await until(lambda: true({"EnrollmentAccepted", "AsnRecorded"} <= set(takes.seen[1:])))


async def test_a_paused_topic_takes_along_what_was_fetched_ahead(start: Start, producer, monkeypatch):
    monkeypatch.setattr(consumer, "PAUSE_SECONDS", 0.1)
    takes = Takes(await start(max_records=1), monkeypatch)
    key = await two_of_a_key(takes, producer)
    takes.errors = [TopicFailingError("enrollment.enrollments")]
    takes.go.set()
    await until(lambda: takes.reached(key, "am"))
    assert takes.seen == ["EnrollmentAccepted", "EnrollmentAccepted", "AttendanceMet"]


async def test_what_is_fetched_ahead_is_neither_committed_nor_taken_for_done(
    start: Start, producer, monkeypatch
):
    first = await start("toy-ahead", max_records=1)
    takes = Takes(first, monkeypatch)
    key = await two_of_a_key(takes, producer)
    assert sum((await first.status()).lag.values()) == 2
    died = asyncio.Event()

    async def die(_):
        died.set()
        raise CrashError

    monkeypatch.setattr(first.intake, "take", die)
    takes.go.set()
    await died.wait()
    assert await takes.reached(key, "a")
    await first.stop()
    second = await start("toy-ahead", url=first.settings.database_url)

    async def there() -> bool:
        return (await seats(second, key)).get(key) == "am"

    await until(there)


async def applied_unheard(start: Start, producer: AIOKafkaProducer, group: str, monkeypatch) -> Runtime:
    """A runtime that applied a fact and whose every word to the group is lost from then on."""
    first = await start(group)

    async def unheard(*_):
        await asyncio.Event().wait()

    monkeypatch.setattr(first.consumer.kafka, "commit", unheard)
    monkeypatch.setattr(consumer, "COMMIT_LIMIT_SECONDS", 0.2)
    seat = accepted()
    await send(producer, seat)
    await until(lambda: Takes(first, monkeypatch).reached(seat.enrollment_id, "a"))
    return first


async def test_who_cannot_reach_the_group_stops_all_the_same(start: Start, producer, monkeypatch):
    first = await applied_unheard(start, producer, "toy-unheard", monkeypatch)
    async with asyncio.timeout(20):
        await first.stop()


async def test_a_successor_tells_the_group_what_its_forerunner_applied(start: Start, producer, monkeypatch):
    first = await applied_unheard(start, producer, "toy-succeeded", monkeypatch)
    await first.stop()
    second = await start("toy-succeeded", url=first.settings.database_url)

    async def told() -> bool:
        kafka, reached = second.consumer.kafka, await second.consumer.positions()
        return bool(reached) and all([await kafka.committed(p) == end for p, (_, end) in reached.items()])

    await until(told)


def test_what_a_rebalance_brings_again_is_left_out():
    partition, batch = TopicPartition("enrollment.enrollments", 0), Batch()
    added = [batch.add(partition, [record(n) for n in offsets]) for offsets in ((5, 6), (4, 5, 6, 7), (4, 5))]
    assert [[r.offset for r in new] for new in added] == [[5, 6], [7], []]
    assert [r.offset for r in batch.records] == [5, 6, 7]
    assert (batch.first, batch.after) == ({partition: 5}, {partition: 8})


class Log:
    """What a consumer finds on one partition, fetch by fetch."""

    def __init__(self, *found: int) -> None:
        self.found = list(found)

    async def getmany(self, **_: int) -> dict[TopicPartition, list[ConsumerRecord]]:
        here, self.found = self.found, []
        return {TopicPartition("enrollment.enrollments", 0): [record(n) for n in here]} if here else {}


async def test_what_comes_while_a_batch_is_applied_goes_with_the_next():
    log, ahead = Log(1), Ahead(lambda _: Read(), 50)
    first = await ahead.next(log)
    await asyncio.sleep(0.01)  # what was there by then is fetched
    log.found = [2, 3]
    second = await ahead.next(log)
    assert [[r.offset for r in batch.records] for batch in (first, second)] == [[1], [2, 3]]
    ahead.drop()
