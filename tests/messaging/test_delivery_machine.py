"""From the topics to effects: exactly once, in order per key, whatever crashes, comes twice, fails or comes late."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from bina.events import Envelope, Event
from bina.events.agency import EnrollmentRequested, RequestAnswered
from bina.events.enrollment import (
    AsnErased,
    AttendanceMet,
    EnrollmentAccepted,
    TrainingCompleted,
)
from bina.messaging import parked, release
from messaging import facts
from messaging.machines import ledger
from messaging.machines.bench import TIMEOUT, Bench, drive, seeds
from messaging.machines.consuming import Fate, Reaction, Worker
from messaging.machines.model import Model, Told
from messaging.machines.topics import AGENCIES, ENROLLMENTS, PARTITIONS, PEOPLE, TRAININGS, Round

SEATS = [UUID(int=number) for number in (1, 2, 3)]
RUNS = [UUID(int=number) for number in (11, 12)]
PERSONS = [UUID(int=number) for number in (21, 22)]
NIPS = ["198703032010011003", "199001012015011777"]
TIME = datetime(2026, 11, 20, 8, tzinfo=UTC)
KINDS = (EnrollmentAccepted, AttendanceMet, TrainingCompleted, TrainingCompleted)
EVERYTHING: Round = [(number, 2) for number in range(len(PARTITIONS))]
keys = st.sampled_from([*map(str, SEATS), *map(str, RUNS), *map(str, PERSONS), *NIPS])
rounds = st.lists(
    st.one_of(
        st.lists(st.tuples(st.integers(0, len(PARTITIONS) - 1), st.integers(1, 4)), min_size=1, max_size=5),
        st.permutations(EVERYTHING),
    ),
    min_size=1,
    max_size=2,
)
fates = st.one_of(st.just(Fate.GOES_WELL), st.sampled_from(Fate))
rarely = st.sampled_from([True] * 7 + [False])
which = st.integers(0, 9)
number = st.integers(0, 1)
facts_of_a_seat = st.tuples(st.sampled_from(KINDS), number, number, st.sampled_from([True] * 3 + [False]))
requests = st.tuples(
    st.sampled_from(AGENCIES), st.sampled_from("ab"), number, st.sampled_from(["PKA-1", "PKA-2"]), rarely
)


class DeliveryMachine(RuleBasedStateMachine):
    bench: Bench

    @initialize()
    def begin(self) -> None:
        self.bench.empty()
        ledger.failing.clear()
        self.model = Model()
        self.worker = Worker(self.bench, self.model.topics)
        self.ever_failing: set[str] = set()
        self.versions: Counter[tuple[str, str]] = Counter()
        self.seen: dict[UUID, int] = {}
        self.number = 0
        self.red = False
        self.changed = False

    # What is told

    @rule(seat=st.integers(0, 2), told=st.lists(facts_of_a_seat, min_size=1, max_size=4))
    def tells_of_a_seat(self, seat: int, told: list[tuple[type[Event], int, int, bool]]) -> None:
        for kind, run, person, readable in told:
            event = _seat(kind, SEATS[seat], RUNS[run], PERSONS[person])
            self._tell(ENROLLMENTS, seat % 2, event, readable=readable)

    @rule(run=st.sampled_from(RUNS))
    def announces(self, run: UUID) -> None:
        self._tell(TRAININGS, 0, facts.run(run))

    @rule(person=st.sampled_from(PERSONS))
    def records(self, person: UUID) -> None:
        name = f"v{self.versions[PEOPLE, str(person)] + 1}"
        self._tell(PEOPLE, 0, facts.asn(person, name))

    @rule(person=st.sampled_from(PERSONS), versioned=rarely)
    def erases(self, *, person: UUID, versioned: bool) -> None:
        self._tell(PEOPLE, 0, AsnErased(asn_id=person), versioned=versioned)

    @rule(requests=st.lists(requests, min_size=1, max_size=3))
    def requests(self, requests: list[tuple[str, str, int, str, bool]]) -> None:
        for agency, event_id, nip, code, readable in requests:
            event = EnrollmentRequested(nip=NIPS[nip], run_code=code)
            event.travelled(Envelope(event_id, agency, event.type, TIME, event.key, publisher=agency))
            self.model.tell(_partition(f"agency.enrollments.{agency}", nip), event, readable=readable)

    def _tell(
        self, topic: str, partition: int, event: Event, *, readable: bool = True, versioned: bool = True
    ) -> None:
        self.number += 1
        self.versions[topic, event.key] += 1
        version = self.versions[topic, event.key] if versioned else 0
        event_id = str(UUID(int=(1 << 120) + self.number))
        event.travelled(Envelope(event_id, "enrollment", event.type, TIME, event.key, version=version))
        self.model.tell(_partition(topic, partition), event, readable=readable)

    @rule(partition=st.sampled_from(PARTITIONS), many=st.integers(1, 4))
    def relay_repeats(self, partition: Any, many: int) -> None:
        self.model.repeat(partition, many)

    # What the consumer does

    @rule(rounds=rounds, fate=fates, calls=st.integers(0, 2), reaction=st.sampled_from(Reaction))
    def delivers(self, rounds: list[Round], fate: Fate, calls: int, reaction: Reaction) -> None:
        self.worker.deliver(rounds, fate, calls, reaction)
        self.changed = True

    @rule(rounds=rounds)
    def delivers_well(self, rounds: list[Round]) -> None:
        self.delivers(rounds, Fate.GOES_WELL, 0, Reaction.AGAIN)

    @rule(back=st.none() | which)
    def restarts(self, back: int | None) -> None:
        """With or without the loss of what the group had committed last."""
        self.worker.stop()
        if back is not None:
            self.model.topics.go_back(back)
        self.worker.restart()

    # What operators do

    @rule(key=keys)
    def breaks_or_mends(self, key: str) -> None:
        """A key that cannot be taken can be from now on, or the other way round."""
        self.ever_failing.add(key)
        ledger.failing.symmetric_difference_update({key})

    @rule(which=which, asked=st.sampled_from(["one", "all", "discard", "sweep"]))
    def operates(self, which: int, asked: str) -> None:
        """On parked messages. States are given up by nobody: the newest one replaces all before it."""
        rows = self._held("parked")
        chosen = rows[which % len(rows)] if rows else None
        if asked == "sweep":
            self.bench.do(self.worker.intake.sweep())
        elif asked == "all":
            self.redrives_all()
        elif chosen and asked == "one":
            self.bench.do(self.worker.intake.redrive([chosen["id"]]))
        elif chosen and chosen["topic"] != PEOPLE:
            self._discard(chosen)
        self.changed = True

    def redrives_all(self) -> None:
        self.bench.do(self.worker.intake.redrive([row["id"] for row in self._held("parked")]))
        self.changed = True

    def _discard(self, row: Any) -> None:
        self.model.given_up.add(_position(row))
        self.changed = True
        assert self.bench.do(self._give_up(row["id"]))

    async def _give_up(self, held_id: int) -> int:
        async with self.worker.sessions() as session, session.begin():
            chosen = parked.Choice(message=held_id)
            done = await parked.discard(session, chosen, "cannot be mended", "operator", newest=held_id)
            return done.count

    # What always holds

    @invariant()
    def what_always_holds(self) -> None:
        """To be seen in the database, which only what follows from a batch or an operator changes."""
        if not self.changed:
            return
        self.changed = False
        self.each_key_has_its_effects_once_and_in_order()
        self.each_effect_is_told_once()
        self.only_the_poison_is_parked()
        self.agencies_are_answered_once()
        self.nothing_waits_for_what_is_known()
        self.a_state_never_goes_back()
        self.the_broker_is_told_after_the_database()

    def each_key_has_its_effects_once_and_in_order(self) -> None:
        histories = self._histories()
        for topic, key in self.model.told:
            if topic in (ENROLLMENTS, TRAININGS):
                found, due = histories.get(key, []), list(map(str, self.model.effects(topic, key)))
                self._assert(found == due[: len(found)], f"{key}: {found} of {due}")

    def each_effect_is_told_once(self) -> None:
        histories = self._histories()
        done = [
            told.event_id
            for (topic, key), log in self.model.told.items()
            for told in _first(log)
            if isinstance(told.event, TrainingCompleted) and str(told.version) in histories.get(key, [])
        ]
        rows = self.bench.rows("SELECT causation_id FROM messaging.outbox WHERE topic LIKE 'evaluation.%'")
        self._assert(sorted(r["causation_id"] for r in rows) == sorted(done), "told otherwise than done")

    def only_the_poison_is_parked(self) -> None:
        unreadable = self.model.unreadable()
        for row in self._held("parked"):
            place = _position(row)
            if row["code"] == "id.conflict":
                self.model.conflicts.add(place)
            elif row["code"] == "LookupError":
                self._assert(row["key"] in self.ever_failing, f"{place} never failed")
            else:
                self._assert(place in unreadable, f"{place} can be read: {row['code']} {row['error']}")

    def agencies_are_answered_once(self) -> None:
        accepted, refused = self._answers()
        self._assert(all(len(a) == 1 for a in accepted.values()), f"accepted twice: {accepted}")
        self._assert(refused <= self.model.refusals(), "refused what can be taken")

    def nothing_waits_for_what_is_known(self) -> None:
        rows = self.bench.rows(
            """SELECT h.key, h.fact FROM messaging.held h JOIN messaging.facts f
            ON f.fact = h.fact AND f.key = h.fact_key WHERE h.state = 'waiting'"""
        )
        many = len(self._held("waiting", "behind", "parked"))
        self._assert(not rows or many > release.MOST, f"known, and yet waited for: {rows}")

    def a_state_never_goes_back(self) -> None:
        for person, version in self._people().items():
            self._assert(version >= self.seen.get(person, 0), f"{person} went back to {version}")
            self.seen[person] = version

    def the_broker_is_told_after_the_database(self) -> None:
        rows = self.bench.rows("SELECT * FROM messaging.positions")
        reached = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
        for partition, offset in self.model.topics.committed.items():
            self._assert(offset <= reached.get(tuple(partition), 0), f"{partition}: {offset} is not applied")

    def _histories(self) -> dict[str, list[str]]:
        rows = self.bench.rows("SELECT enrollment_id, history FROM seats")
        return {str(row["enrollment_id"]): row["history"].split() for row in rows}

    def _people(self) -> dict[UUID, int]:
        return {r["asn_id"]: int(r["name"][1:]) for r in self.bench.rows("SELECT * FROM people")}

    def _held(self, *states: str) -> list[Any]:
        return self.bench.rows("SELECT * FROM messaging.held WHERE state = ANY ($1) ORDER BY id", states)

    def _answers(self) -> tuple[dict[tuple[str, str], list[Any]], Counter[tuple[str, str]]]:
        """Per agency and id: what was accepted, and how often it was refused."""
        accepted: dict[tuple[str, str], list[Any]] = defaultdict(list)
        refused: Counter[tuple[str, str]] = Counter()
        for row in self.bench.rows(
            "SELECT value FROM messaging.outbox WHERE topic LIKE 'agency.%' ORDER BY id"
        ):
            answer = RequestAnswered.model_validate_json(row["value"])
            name = (answer.agency_code, answer.request_id)
            if answer.outcome == "accepted":
                accepted[name].append((answer.nip, answer.run_code))
            else:
                refused[name] += 1
        return accepted, refused

    def _assert(self, holds: bool, what: str) -> None:  # noqa: FBT001 - as `assert` does
        self.red = self.red or not holds
        assert holds, what

    # Draining

    def teardown(self) -> None:
        if not hasattr(self, "worker"):
            return
        try:
            if not self.red:
                self._drain()
        finally:
            self.worker.stop()
            ledger.failing.clear()

    def _drain(self) -> None:
        """What was waited for comes at last, handlers are mended, all is delivered and tried again."""
        ledger.failing.clear()
        for run in RUNS:
            self.announces(run)
        for person in PERSONS:
            self.records(person)
        self.restarts(None)
        while self.worker.behind:
            self.delivers_well([EVERYTHING])
        self.what_always_holds()
        self._settle()
        poison = (self.model.unreadable() | self._conflicting()) - self.model.given_up
        assert {_position(row) for row in self._held("parked")} == poison
        for row in self._held("parked"):
            self._discard(row)
        self._settle()
        self._is_complete()

    def _settle(self) -> None:
        """Mended, all that can go on does; a fact that only now takes effect frees others at once."""
        self.redrives_all()
        while self.bench.do(self.worker.intake.sweep()):
            self.redrives_all()
        self.what_always_holds()

    def _conflicting(self) -> set[Any]:
        """Requests that say something else than what was taken under their id."""
        accepted, _ = self._answers()
        taken = {name: set(answers) for name, answers in accepted.items()}
        for told in self.model.requests():
            if told.position in self.model.given_up - self.model.conflicts:
                taken.setdefault(_name(told), {_said(told)})
        assert taken.keys() == {_name(told) for told in self.model.requests()}, "a request without an answer"
        return {t.position for t in self.model.requests() if _said(t) not in taken[_name(t)]}

    def _is_complete(self) -> None:
        histories, people = self._histories(), self._people()
        for topic, key in self.model.told:
            if topic in (ENROLLMENTS, TRAININGS):
                assert histories.get(key, []) == list(map(str, self.model.effects(topic, key))), key
        for person in PERSONS:
            newest = self.model.state(str(person))
            gone = newest is None or isinstance(newest.event, AsnErased)
            assert people.get(person) == (None if gone else newest.version), person
        assert self._answers()[1] == self.model.refusals()
        assert self._held("parked", "behind") == []


def _seat(kind: type[Event], seat: UUID, run: UUID, person: UUID) -> Event:
    if kind is EnrollmentAccepted:
        return facts.accepted(seat, person)
    if kind is AttendanceMet:
        return facts.met(seat)
    return facts.completed(run, person, seat)


def _partition(topic: str, number: int) -> Any:
    return next(p for p in PARTITIONS if p.topic == topic and p.partition == number)


def _position(row: Any) -> Any:
    return row["topic"], row["partition"], row["offset"]


def _name(told: Told) -> tuple[str, str]:
    return told.message.publisher, told.event_id


def _said(told: Told) -> tuple[str, str]:
    assert isinstance(told.event, EnrollmentRequested)
    return told.event.nip, told.event.run_code


def _first(log: list[Told]) -> list[Told]:
    return list({told.event_id: told for told in reversed(log)}.values())


@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize("portion", [500, 2])
def test_delivery_machine(bench: Bench, portion: int, monkeypatch):
    """`portion`: held messages that one transaction sets free."""
    monkeypatch.setattr("bina.messaging.release.MOST", portion)
    for number in seeds(6):
        drive(DeliveryMachine, bench, number)
