"""What a relay tells of facts that its database does not know."""

from types import SimpleNamespace
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import TopicPartition

from bina.messaging import published
from bina.messaging.published import Comparison, _unknown
from bina.messaging.testing import ServiceUnderTest
from messaging.facts import NIP

TOPIC = "toy.facts"
PLACE = TopicPartition(TOPIC, 0)


def test_a_report_names_keys():
    assert "(keys 5571, 5572, …)" in _unknown("enrollment.agencies", 3, ["5571", "5572"]).detail


def test_but_no_persons():
    assert NIP not in _unknown("agency.outcomes.5571", 2, [NIP]).detail


def record(number: int) -> SimpleNamespace:
    headers = [("ce_id", str(uuid4()).encode()), ("ce_aggregateversion", b"%d" % (number // 10 + 1))]
    key = b"%d" % (number % 10)
    return SimpleNamespace(
        topic=TOPIC, partition=0, offset=number, timestamp=number, key=key, headers=headers
    )


async def looks(connection: asyncpg.Connection) -> int:
    """How often anybody looked through the outbox."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    return await connection.fetchval(
        "SELECT sum(seq_scan + idx_scan) FROM pg_stat_user_tables WHERE relname LIKE 'outbox%'"
    )


async def taken_over(connection: asyncpg.Connection, monkeypatch, chunk: int) -> int:
    """Take over a log that comes in such chunks; how many looks through the outbox it took."""

    async def between(*_: object):
        for start in range(0, 1000, chunk):
            yield [record(number) for number in range(start, start + chunk)]

    monkeypatch.setattr(published, "between", between)
    before = await looks(connection)
    await Comparison(connection, "", "toy", lambda: None)._take_over({PLACE: 0}, {PLACE: 1000})
    return await looks(connection) - before


@pytest.fixture
async def connection(service: ServiceUnderTest):
    url = service.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    found = await asyncpg.connect(url)
    yield found
    await found.close()


async def test_a_long_log_is_taken_over_with_as_many_looks_as_a_short_one(
    service: ServiceUnderTest, connection: asyncpg.Connection, monkeypatch
):
    at_once = await taken_over(connection, monkeypatch, 1000)
    assert at_once > 0
    rows = await service.rows("SELECT key, version FROM messaging.streams ORDER BY key")
    assert [(row.key, row.version) for row in rows] == [(str(n), 100) for n in range(10)]
    [(detail,)] = await service.rows("SELECT detail FROM messaging.disagreements")
    assert detail.startswith("1000 facts on the broker are unknown")
    assert "(keys 0, 1, 2, 3, 4, …)" in detail
    [(end,)] = await service.rows("SELECT next_offset FROM messaging.published")
    assert end == 1000
    await connection.execute("DELETE FROM messaging.streams")
    assert at_once == await taken_over(connection, monkeypatch, 10)
