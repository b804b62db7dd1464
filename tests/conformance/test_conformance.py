"""What every handler of every service must keep, shown by replaying each service's own story.

A story is a list of facts in a valid order that reaches every handler. However it is delivered, the service's
tables must end up the same.
"""

import importlib
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from bina.events import Event
from bina.messaging import Service, clock
from bina.messaging.records import Message
from bina.messaging.testing import ServiceUnderTest
from stories import module_of

pytestmark = pytest.mark.conformance

SERVICES = ("enrollment", "assessment", "evaluation", "notification")
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
LATER = NOW + timedelta(days=240)
HALFWAY = NOW + timedelta(days=190)
"""Between these two days windows of half a year begin and end."""
ORDERS = 8
"""How many orders of topics are tried beside the story's own and its reverse."""

AS_KNOWN = {"assessment.opened.v1": {"due_on"}}
"""Days that follow from another topic's state when the fact is told: a run moved before or after that."""

Make = Callable[[Service], Awaitable[ServiceUnderTest]]


async def prepared(make: Make, service: Service) -> ServiceUnderTest:
    """A service with what its commands record and no event brings (the story's `prepare`), if it has such."""
    made = await make(service)
    if prepare := getattr(module_of(service.name), "prepare", None):
        clock.move(NOW - datetime.now(UTC))
        await prepare(made)
    return made


@pytest.fixture(params=SERVICES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def service(name: str) -> Service:
    found = importlib.import_module(f"{name}.app").service
    return replace(found, loops=())


@pytest.fixture
def story(name: str) -> list[tuple[Event, str]]:
    clock.move(NOW - datetime.now(UTC))  # its days count from the same day, whenever it is told
    told = module_of(name).story()
    return [item if isinstance(item, tuple) else (item, "") for item in told]


def records(under_test: ServiceUnderTest, story: Sequence[tuple[Event, str]]) -> list[Message]:
    clock.move(NOW - datetime.now(UTC))
    return [under_test.message(event, agency=agency) for event, agency in story]


async def tables(under_test: ServiceUnderTest) -> dict[str, list[str]]:
    """Every row of the service's own tables, without wall-time bookkeeping, counts of answers, which broken copies get
    too, and states of units, which are of the moment of a command; after all due work."""
    await under_test.does_due_work(HALFWAY)
    await under_test.does_due_work(LATER)
    names = await under_test.rows(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (ARRAY['alembic_version', 'agency_tallies', 'unit_states'])"
    )
    found = {}
    for row in names:
        rows = await under_test.rows(
            f"SELECT (to_jsonb(t) - 'recorded_at')::text AS line FROM public.\"{row.name}\" t"
        )
        found[row.name] = sorted(line.line for line in rows)
    return found


async def told(under_test: ServiceUnderTest) -> Counter[str]:
    """What the service told, in no order: type, key and facts, without the envelope. Whoever was merged is told of under
    the one id before, under the other after."""
    pairs = await under_test.rows("SELECT gone_id::text, kept_id::text FROM messaging.merged_people")
    lines = [
        f"{event.type} {event.key} {event.model_dump_json(exclude=AS_KNOWN.get(event.type))}"
        for event in await under_test.emitted()
    ]
    for gone, kept in pairs:
        lines = [line.replace(gone, kept) for line in lines]
    return Counter(lines)


@dataclass(frozen=True)
class Outcome:
    """All that a service knows and said in the end."""

    tables: dict[str, list[str]]
    told: Counter[str]

    def check(self, other: "Outcome", where: object = "", *, answers: int = 0) -> None:
        """Assert that another delivery led to the same; `answers` more were told to agencies of what was broken."""
        assert other.tables == self.tables, where
        assert self.told - other.told == Counter(), where
        more = other.told - self.told
        assert [line.split()[0] for line in more.elements()] == ["request.answered.v1"] * answers, (
            where,
            more,
        )


async def outcome(under_test: ServiceUnderTest) -> Outcome:
    return Outcome(await tables(under_test), await told(under_test))


async def deliver(make: Make, service: Service, batches: Sequence[Sequence[Message]]) -> ServiceUnderTest:
    under_test = await prepared(make, service)
    for batch in batches:
        if batch:
            await under_test.receives_raw(*batch)
    return under_test


@pytest.fixture
async def expected(under_test: Make, service: Service, story) -> tuple[Outcome, list[Message]]:
    first = await prepared(under_test, service)
    messages = records(first, story)
    for message in messages:
        await first.receives_raw(message)
    assert await first.held() == []
    return await outcome(first), messages


async def test_the_story_reaches_every_handler(service: Service, story):
    reached = {type(event) for event, _ in story}
    wanted = set(service.reactions(demo=False).wanted.values())
    assert wanted - reached == set()


async def test_one_batch_is_as_good_as_single_messages(under_test: Make, service: Service, expected):
    whole, messages = expected
    whole.check(await outcome(await deliver(under_test, service, [messages])))


async def test_redelivery_changes_nothing(under_test: Make, service: Service, expected):
    whole, messages = expected
    again = [[m, m._replace(offset=m.offset + 10_000)] for m in messages]
    twice = await deliver(
        under_test, service, [*again, [m._replace(offset=m.offset + 20_000) for m in messages]]
    )
    whole.check(await outcome(twice))


async def test_topics_may_come_in_any_order(under_test: Make, service: Service, expected):
    whole, messages = expected
    by_topic: dict[str, list[Message]] = {}
    for message in messages:
        by_topic.setdefault(message.topic, []).append(message)
    orders = list(itertools.permutations(by_topic))
    chosen = [orders[-1], *random.Random(20).sample(orders, min(ORDERS, len(orders)))]
    for order in chosen:
        shuffled = await deliver(under_test, service, [by_topic[topic] for topic in order])
        assert await shuffled.held() == [], order
        whole.check(await outcome(shuffled), order)


async def test_a_failed_transaction_leaves_nothing(under_test: Make, service: Service, expected, monkeypatch):
    whole, messages = expected
    fragile = await prepared(under_test, service)
    react = fragile.reactions.react
    fail = True

    async def react_then_lose_the_database(*arguments) -> list[Event]:
        found = await react(*arguments)
        if fail:
            raise ConnectionError
        return found

    monkeypatch.setattr(fragile.reactions, "react", react_then_lose_the_database)
    for message in messages:
        fail = True
        with pytest.raises(ConnectionError):
            await fragile.receives_raw(message)
        fail = False
        await fragile.receives_raw(message)
    whole.check(await outcome(fragile))


async def test_a_key_that_fails_harms_no_other_and_is_made_good(
    under_test: Make, service: Service, expected, monkeypatch
):
    whole, messages = expected
    fragile = await prepared(under_test, service)
    react = fragile.reactions.react
    chosen = next(
        m for m in messages if not m.foreign and m.topic.startswith(("enrollment.enr", "assessment"))
    )
    broken = True

    async def refuse_the_chosen(contract, events, session) -> list[Event]:
        if broken and any(event.key == chosen.key for event in events):
            raise LookupError(chosen.key)
        return list(await react(contract, events, session))

    monkeypatch.setattr(fragile.reactions, "react", refuse_the_chosen)
    await fragile.receives_raw(*messages)
    held = await fragile.rows("SELECT id, topic, key, state FROM messaging.held ORDER BY id")
    parked = [row for row in held if row.state == "parked"]
    assert {row.key for row in parked} == {chosen.key}
    broken = False
    await fragile.intake.redrive([row.id for row in parked])
    await fragile.intake.sweep()
    assert await fragile.held() == []
    whole.check(await outcome(fragile))


async def test_bad_payloads_are_parked_and_harm_nothing(under_test: Make, service: Service, expected):
    whole, messages = expected
    kinds = {message.header("ce_type"): message for message in messages if message.value is not None}
    bad = [
        message._replace(record_key=b"bad", value=value, offset=50_000 + number)
        for number, (message, value) in enumerate(
            itertools.product(kinds.values(), (b"{", b"{}", b'{"a":NaN}'))
        )
    ]
    robust = await prepared(under_test, service)
    taken = await robust.receives_raw(*bad, *messages)
    assert taken.parked == len(bad)
    foreign = sum(message.foreign for message in bad)
    whole.check(await outcome(robust), answers=foreign)
