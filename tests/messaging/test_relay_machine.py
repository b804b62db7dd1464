"""The outbox and its relay, whatever the broker, the connection and a second relay do meanwhile."""

import asyncio
from collections import defaultdict
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from bina.events.evaluation import EvaluationTaskClosed
from bina.messaging import relay
from bina.messaging.database import sessions
from bina.messaging.metrics import Metrics
from bina.messaging.outbox import emit
from messaging.machines.bench import TIMEOUT, Bench, drive, seeds
from messaging.machines.wire import Log, Prompt, SimulatedProducer, Stream

KEYS = [UUID(int=number) for number in range(1, 4)]
REASONS = ("answered", "expired")
METRICS = Metrics()
key = st.sampled_from(KEYS)
either = st.integers(0, 1)
small = st.integers(0, 5)


class Command:
    """A transaction that tells facts and is still open."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.told: list[EvaluationTaskClosed] = []

    @property
    def keys(self) -> set[str]:
        return {event.key for event in self.told}


class Relaying:
    """One relay process: its connection, its producer, and the chunk it is in the middle of."""

    def __init__(self, connection: asyncpg.Connection, log: Log) -> None:
        self.connection = connection
        self.producer = SimulatedProducer(log)
        self.chunk: asyncio.Task[int] | None = None
        self.leading = False

    async def lead(self) -> bool:
        self.leading = self.leading or await self.connection.fetchval(
            "SELECT pg_try_advisory_lock($1)", relay.LOCK
        )
        return self.leading

    async def begin(self, producer: SimulatedProducer) -> None:
        """Start a chunk; goes on to where it waits for the broker, or to its end."""
        self.producer = producer
        self.chunk = asyncio.create_task(relay.publish_once(self.connection, producer, "toy", METRICS))
        started = asyncio.create_task(producer.started.wait())
        await asyncio.wait({self.chunk, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        for _ in range(5):
            await asyncio.sleep(0)

    @property
    def waits(self) -> bool:
        return bool(self.producer.under_way or self.producer.unanswered)

    async def end(self) -> BaseException | None:
        """What the chunk ended with, once every answer is in or lost."""
        assert self.chunk is not None
        [error] = await asyncio.gather(self.chunk, return_exceptions=True)
        self.chunk = None
        return error if isinstance(error, BaseException) else None

    async def die(self) -> None:
        """SIGKILL: no word to anybody; what is on the wire may still arrive."""
        if self.chunk is not None:
            self.chunk.cancel()
            await asyncio.gather(self.chunk, return_exceptions=True)
            self.chunk = None
        self.connection.terminate()


class RelayMachine(RuleBasedStateMachine):
    bench: Bench

    @initialize()
    def begin(self) -> None:
        self.bench.empty()
        self.sessions = sessions(self.bench.engine)
        self.log = Log()
        self.commands: dict[int, Command] = {}
        self.relays = [self._relay(), self._relay()]
        self.told: dict[Stream, list[bytes]] = defaultdict(list)
        self.red = False
        self.number = 0

    def _relay(self) -> Relaying:
        return Relaying(self.bench.do(asyncpg.connect(self.bench.dsn)), self.log)

    # Commands

    @rule(slot=either, keys=st.lists(key, min_size=1, max_size=3))
    def tells(self, slot: int, keys: list[UUID]) -> None:
        """A command tells facts; keys that another open one has told of would have it wait."""
        other = self.commands.get(1 - slot)
        free = [k for k in keys if other is None or str(k) not in other.keys]
        if free:
            command = self.commands.get(slot) or self.bench.do(self._open())
            self.commands[slot] = command
            events = [self._fact(k) for k in free]
            self.bench.do(emit(command.session, events))
            command.told += events

    async def _open(self) -> Command:
        session = self.sessions()
        await session.begin()
        return Command(session)

    def _fact(self, task_id: UUID) -> EvaluationTaskClosed:
        self.number += 1
        return EvaluationTaskClosed(
            task_id=task_id, respondent_id=UUID(int=self.number), reason=REASONS[self.number % 2]
        )

    @precondition(lambda self: self.commands)
    @rule(slot=either)
    def commits(self, slot: int) -> None:
        """The one named, or the only one that is open."""
        slot = slot if slot in self.commands else 1 - slot
        if command := self.commands.pop(slot, None):
            self.bench.do(self._close(command, commit=True))
            for event in command.told:
                self.told[event.destination, event.key].append(event.model_dump_json().encode())

    @precondition(lambda self: self.commands)
    @rule(slot=either)
    def rolls_back(self, slot: int) -> None:
        if command := self.commands.pop(slot, None):
            self.bench.do(self._close(command, commit=False))

    async def _close(self, command: Command, *, commit: bool) -> None:
        await (command.session.commit() if commit else command.session.rollback())
        await command.session.close()

    # The relay and the broker

    @rule(which=either, refuse_after=st.none() | st.integers(0, 3))
    def relay_begins(self, which: int, refuse_after: int | None) -> None:
        here, other = self.relays[which], self.relays[1 - which]
        if here.chunk is None:
            led = self.bench.do(here.lead())
            self._assert(led != other.leading, "one relay at a time")
            if led:
                self.bench.do(self._start(here, refuse_after))
                self._see_to(which)

    async def _start(self, here: Relaying, refuse_after: int | None) -> None:
        await here.begin(SimulatedProducer(self.log, refuse_after))

    @precondition(lambda self: any(r.producer.under_way for r in self.relays))
    @rule(which=either, partition=small, many=st.integers(1, 3))
    def broker_takes(self, which: int, partition: int, many: int) -> None:
        for _ in range(many):
            self.relays[which].producer.take(partition)
        self._see_to(which)

    @precondition(lambda self: any(r.producer.under_way for r in self.relays))
    @rule(which=either, partition=small)
    def broker_loses(self, which: int, partition: int) -> None:
        self.relays[which].producer.lose(partition)
        self._see_to(which)

    @precondition(lambda self: any(r.producer.unanswered for r in self.relays))
    @rule(which=either, record=small, arrives=st.booleans())
    def broker_answers(self, *, which: int, record: int, arrives: bool) -> None:
        self.relays[which].producer.answer(record, arrives=arrives)
        self._see_to(which)

    @rule(arrives=st.lists(st.booleans(), min_size=1, max_size=4))
    def all_is_published(self, arrives: list[bool]) -> None:
        """By the relay that leads, or by the first: all that is under way is taken, some answers are lost."""
        which = 1 if self.relays[1].leading else 0
        if self.relays[which].chunk is None:
            self.relay_begins(which, None)
        self.relays[which].producer.settle(arrives)
        self._see_to(which)

    @rule(which=either)
    def broker_does_all(self, which: int) -> None:
        self.relays[which].producer.settle([True])
        self._see_to(which)

    def _see_to(self, which: int) -> None:
        """A chunk whose answers are all in ends; after a failure the relay begins anew."""
        here = self.relays[which]
        if here.chunk is not None and not here.waits and self.bench.do(here.end()) is not None:
            self._anew(which)

    @rule(which=either)
    def relay_is_killed(self, which: int) -> None:
        self._anew(which)

    @precondition(lambda self: any(r.chunk for r in self.relays))
    @rule(which=either)
    def relay_is_frozen(self, which: int) -> None:
        """The server ends the connection of who was silent too long; the frozen one wakes up later."""
        here = self.relays[which]
        if here.chunk is not None and here.leading:
            self.bench.do(self._lock_out(here))

    def _anew(self, which: int) -> None:
        dead = self.relays[which]
        self.bench.do(self._lock_out(dead))
        self.bench.do(dead.die())
        self.relays[which] = self._relay()

    async def _lock_out(self, here: Relaying) -> None:
        """Until the server has let go of the lock, another would be refused it."""
        if not here.connection.is_closed():
            pid = here.connection.get_server_pid()
            await self.bench.observer.execute(f"SELECT pg_terminate_backend({pid})")
        if here.leading:
            await self.bench.observer.execute(
                f"SELECT pg_advisory_lock({relay.LOCK}); SELECT pg_advisory_unlock({relay.LOCK})"
            )
        here.leading = False

    # What always holds

    @invariant()
    def published_is_a_prefix(self) -> None:
        for stream, rows in self._outbox().items():
            published = [row["published"] for row in rows]
            self._assert(
                published == sorted(published, reverse=True), "a later fact is marked before an earlier"
            )
            self._assert([r["version"] for r in rows] == list(range(1, len(rows) + 1)), "versions have a gap")
            there = {sent.event_id for sent in self.log.records[stream]}
            marked = {str(row["event_id"]) for row in rows if row["published"]}
            self._assert(marked <= there, f"marked and not on the broker: {stream}")
            self._assert(there <= {str(row["event_id"]) for row in rows}, "published and never committed")

    @invariant()
    def broker_has_it_in_order(self) -> None:
        for stream in list(self.log.records):
            first = self.log.first(stream)
            self._assert([s.version for s in first] == list(range(1, len(first) + 1)), f"order of {stream}")
            self._assert([s.value for s in first] == self.told[stream][: len(first)], f"content of {stream}")

    @invariant()
    def the_broker_is_not_said_to_have_more_than_it_has(self) -> None:
        for row in self.bench.rows("SELECT * FROM messaging.published"):
            end = self.log.ends[row["topic"], row["partition"]]
            self._assert(row["next_offset"] <= end, f"{row['topic']} ends at {end}")

    def _outbox(self) -> dict[Stream, list[Any]]:
        streams: dict[Stream, list[Any]] = defaultdict(list)
        for row in self.bench.rows(
            """SELECT topic, key, version, event_id, published_at IS NOT NULL AS published
            FROM messaging.outbox ORDER BY id"""
        ):
            streams[row["topic"], row["key"]].append(row)
        return streams

    def _assert(self, holds: bool, what: str) -> None:  # noqa: FBT001 - as `assert` does
        self.red = self.red or not holds
        assert holds, what

    # Draining

    def teardown(self) -> None:
        if not hasattr(self, "relays"):
            return
        try:
            for slot in list(self.commands):
                self.commits(slot)
            if not self.red:
                self._drain()
        finally:
            for which in (0, 1):
                self.bench.do(self._lock_out(self.relays[which]))
                self.bench.do(self.relays[which].die())

    def _drain(self) -> None:
        for which in (0, 1):
            self._anew(which)
        self.bench.do(self._publish_all(self.relays[0]))
        self.published_is_a_prefix()
        for stream, told in self.told.items():
            assert [sent.value for sent in self.log.first(stream)] == told, f"lost: {stream}"
        assert all(row["published"] for rows in self._outbox().values() for row in rows)

    async def _publish_all(self, here: Relaying) -> None:
        assert await here.lead()
        producer = Prompt(self.log)
        while await relay.publish_once(here.connection, producer, "toy", METRICS):
            pass


@pytest.mark.timeout(TIMEOUT)
def test_relay_machine(bench: Bench):
    for number in seeds(6):
        drive(RelayMachine, bench, number)
