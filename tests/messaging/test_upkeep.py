"""What a service does for itself: partitions, connections, alarms."""

import logging
import socket
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from bina.messaging.database import connect
from bina.messaging.inbox import month_bounds
from bina.messaging.maintenance import keep_partitions
from bina.messaging.old_waits import OldWaits
from bina.messaging.reconcile import next_night
from bina.messaging.settings import Settings
from bina.messaging.testing import ServiceUnderTest
from messaging.facts import NIP, accepted, asn, completed, run

KEEPALIVES = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")


async def test_rows_ahead_of_their_time_move_into_their_partitions(service: ServiceUnderTest):
    now = datetime.now(UTC)
    low, high, month_after = month_bounds(month_bounds(now)[2])
    ahead, later = UUID(int=low.int + 7), UUID(int=high.int + 2**113)
    tomorrow = (now + timedelta(days=1)).replace(hour=12)
    await service.receives(accepted())
    async with service.sessions() as session, session.begin():
        await session.execute(
            text("INSERT INTO messaging.inbox SELECT unnest(CAST(:ids AS uuid[]))"), {"ids": [ahead, later]}
        )
        await session.execute(
            text(
                """INSERT INTO messaging.outbox (created_at, topic, key, version, event_id, type, time,
                    correlation_id, causation_id, traceparent, value)
                VALUES (CAST(:at AS timestamptz), 't', 'k', 1, :id, 'x', now(), '', '', '', 'v')"""
            ),
            {"at": tomorrow, "id": uuid4()},
        )
    before = await service.rows("SELECT id FROM messaging.outbox")
    for _ in range(2):
        async with service.sessions() as session, session.begin():
            await keep_partitions(session)
    rows = await service.rows("SELECT event_id, tableoid::regclass::text AS part FROM messaging.inbox")
    parts = {row.event_id: row.part for row in rows}
    assert parts[ahead] == f"messaging.inbox_{month_after - timedelta(days=1):%Y_%m}"
    assert parts[later] == "messaging.inbox_rest"
    assert len(parts) == 3
    [told] = await service.rows("SELECT id, tableoid::regclass::text AS part FROM messaging.outbox")
    assert told.part == f"messaging.outbox_{tomorrow:%Y_%m_%d}"
    assert [told.id] == [row.id for row in before]


async def test_a_moved_id_is_still_known(service: ServiceUnderTest):
    low, _, _ = month_bounds(month_bounds(datetime.now(UTC))[2])
    event = accepted()
    service.message(event)
    message = service.message(event.travelled(event.envelope._replace(id=str(UUID(int=low.int + 9)))))
    assert (await service.receives_raw(message)).applied == 1
    async with service.sessions() as session, session.begin():
        await keep_partitions(session)
    assert (await service.receives_raw(message)).repeated == 1


async def test_a_dead_server_is_noticed_by_pool_and_relay(service: ServiceUnderTest):
    relay = await connect(str(service.engine.url.render_as_string(False)).replace("+asyncpg", ""), "test")
    try:
        assert [await relay.fetchval(f"SHOW {name}") for name in KEEPALIVES] == ["10", "5", "3"]
        assert await relay.fetchval("SHOW idle_session_timeout") == "10s"
        assert keeps_alive(relay)
    finally:
        await relay.close()
    async with service.engine.connect() as pooled:
        shown = [(await pooled.execute(text(f"SHOW {name}"))).scalar() for name in KEEPALIVES]
        assert shown == ["10", "5", "3"]
        assert keeps_alive((await pooled.get_raw_connection()).driver_connection)


def keeps_alive(connection) -> bool:
    connected = connection._transport.get_extra_info("socket")
    return bool(connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))


async def test_an_old_wait_is_logged_with_its_fact_and_then_rests(service: ServiceUnderTest, caplog):
    training = run()
    await service.receives(asn(), completed(training.run_id, uuid4()))
    waits = OldWaits(seconds=3600)
    await check(service, waits, 0)
    assert caplog.records == []
    async with service.sessions() as session, session.begin():
        await session.execute(text("UPDATE messaging.held SET first_seen = now() - interval '2 hours'"))
    await check(service, waits, 0)
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert str(training.run_id) in record.message
    assert "training.announced.v1" in record.message
    assert "1 messages wait" in record.message
    await check(service, waits, 599)
    assert len(caplog.records) == 1
    await check(service, waits, 600)
    assert len(caplog.records) == 2


async def test_an_old_wait_of_an_agencys_message_names_no_person(service: ServiceUnderTest, caplog):
    await service.receives(completed(uuid4(), uuid4()))
    async with service.sessions() as session, session.begin():
        await session.execute(
            text(
                """UPDATE messaging.held SET first_seen = now() - interval '2 hours',
                topic = 'agency.enrollments.5571', key = :nip, fact_key = :nip"""
            ),
            {"nip": NIP},
        )
    await check(service, OldWaits(seconds=3600), 0)
    [record] = caplog.records
    assert "agency.enrollments.5571" in record.message
    assert "1 messages wait" in record.message
    assert NIP not in record.message


async def check(service: ServiceUnderTest, waits: OldWaits, now: float) -> None:
    async with service.sessions() as session:
        await waits.check(session, now)


@pytest.mark.parametrize(
    ("now", "night"),
    [
        ("2026-11-20T18:59:00+00:00", "2026-11-21T02:00:00+07:00"),
        ("2026-11-20T19:00:00+00:00", "2026-11-22T02:00:00+07:00"),
        ("2026-11-20T16:00:00+00:00", "2026-11-21T02:00:00+07:00"),
    ],
)
def test_the_next_night_is_the_fields_own(now: str, night: str):
    assert next_night(datetime.fromisoformat(now)) == datetime.fromisoformat(night)


async def test_what_takes_too_long_every_hour_undoes_no_partitions(service: ServiceUnderTest):
    """Each thing by itself: the server ends a transaction that takes a minute."""
    url = service.engine.url.render_as_string(hide_password=False)
    runtime = service.runtime(Settings(database_url=url, kafka="127.0.0.1:1", secret="x" * 32))
    done = []

    async def deletes_for_ever(session):
        await session.execute(text("SET LOCAL statement_timeout = 1"))
        await session.execute(text("SELECT pg_sleep(10)"))

    async def deletes(session):
        locks = "SELECT count(*) FROM pg_locks WHERE relation = 'messaging.outbox'::regclass"
        done.append(await session.scalar(text(locks)))

    runtime.hourly[:] = [deletes_for_ever, deletes]
    await runtime.keep_up()
    assert done == [0], "nothing that new partitions lock is held"
    day = f"outbox_{datetime.now(UTC) + timedelta(days=3):%Y_%m_%d}"
    assert await service.rows("SELECT FROM pg_class WHERE relname = :day", day=day)
