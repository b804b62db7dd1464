"""What migrations carry over from a database in use."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from uuid import UUID, uuid4

import pytest_asyncio
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bina.events.enrollment import CertificateIssued, CertificateRevoked
from bina.messaging.records import encode_value
from bina_local.databases import DatabaseServer
from enrollment.app import service

from .story import CITY, REGENCY

TOLD = text(
    """INSERT INTO messaging.outbox (topic, key, version, event_id, type, time, correlation_id, causation_id,
        traceparent, value) VALUES ('enrollment.enrollments', :key, 1, :event, :type, now(), '', '', '', :value)"""
)
PAST = (
    "INSERT INTO programmes VALUES ('BTK', 'Bimtek', NULL, '', 16, '', '[]', '{}', NULL)",
    """INSERT INTO runs (run_id, run_code, programme_code, organiser, open_to, jp, job_levels, mode, location,
        starts_on, ends_on, seats) SELECT gen_random_uuid(), organiser, 'BTK', organiser, '{}', 16, '{}', '', '',
        '2026-10-05', '2026-10-06', 30 FROM unnest(ARRAY['5571', '5508']) AS organiser""",
    """INSERT INTO enrolments (enrollment_id, run_id, asn_id, attempt, agency_code, state, requested_at)
        SELECT gen_random_uuid(), run_id, gen_random_uuid(), 1, '5571', 'not_completed', now() FROM runs""",
)
ENROLLED = text("SELECT organiser, enrollment_id FROM enrolments JOIN runs USING (run_id)")
REVOKED = text("SELECT organiser, number, enrollment_id FROM revoked_certificates ORDER BY number")


def to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(service.migrations))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


@pytest_asyncio.fixture
async def engine(
    fresh_database: Callable[[str], Awaitable[str]], postgres: DatabaseServer
) -> AsyncIterator[AsyncEngine]:
    """A database of this service without tables."""
    engine = create_async_engine(postgres.migration_url(await fresh_database("enrollment")))
    yield engine
    await engine.dispose()


async def tell_revoked(connection: AsyncConnection, enrollment_id: UUID, number: str) -> None:
    """What a correction told that replaced a number."""
    ids = {"enrollment_id": enrollment_id, "asn_id": uuid4(), "run_id": uuid4()}
    for fact in (
        CertificateRevoked(**ids, number=number),
        CertificateIssued(**ids, number=f"{number}/new", issued_on=date(2026, 10, 6)),
    ):
        told = {"key": fact.key, "event": uuid4(), "type": fact.type, "value": encode_value(fact)}
        await connection.execute(TOLD, told)


async def test_certificates_that_fell_before_their_table_are_taken_from_what_was_told(engine: AsyncEngine):
    async with engine.begin() as connection:
        await connection.run_sync(to, "0003")
        for statement in PAST:
            await connection.execute(text(statement))
        rows = await connection.execute(ENROLLED)
        enrolled: dict[str, UUID] = {row.organiser: row.enrollment_id for row in rows}
        for organiser, number in ((CITY, "BTK/1"), (REGENCY, "BTK/2"), (CITY, "BTK/1")):
            await tell_revoked(connection, enrolled[organiser], number)
        await connection.run_sync(to, "0004")
        assert [tuple(row) for row in await connection.execute(REVOKED)] == [
            (CITY, "BTK/1", enrolled[CITY]),
            (REGENCY, "BTK/2", enrolled[REGENCY]),
        ]


async def test_a_ledger_of_one_row_for_each_enrolment_becomes_lines(engine: AsyncEngine):
    async with engine.begin() as connection:
        await connection.run_sync(to, "0009")
        for statement in PAST:
            await connection.execute(text(statement))
        await connection.execute(text("UPDATE enrolments SET state = 'completed', revision = 3"))
        await connection.execute(
            text(
                """INSERT INTO jp_entries (enrollment_id, asn_id, run_id, jp, earned_on)
                SELECT enrollment_id, asn_id, run_id, 16, '2026-10-06' FROM enrolments"""
            )
        )
        await connection.run_sync(to, "0013")
        kept = await connection.execute(
            text(
                """SELECT DISTINCT source, j.revision, minutes, earned_on, reverses FROM jp_entries AS j
                JOIN enrolments AS e ON e.enrollment_id = j.source_id AND e.asn_id = j.asn_id"""
            )
        )
        assert [tuple(row) for row in kept] == [("completion", 3, 16 * 45, date(2026, 10, 6), None)]


async def test_histories_begin_with_what_is_recorded(engine: AsyncEngine):
    unit, serving, left = uuid4(), uuid4(), uuid4()
    async with engine.begin() as connection:
        await connection.run_sync(to, "0014")
        await connection.execute(text("INSERT INTO agencies VALUES ('5571', 'Kota')"))
        sql = "INSERT INTO units (unit_id, agency_code, name, path) VALUES (:id, '5571', 'Dinas', ARRAY[CAST(:id AS uuid)])"
        await connection.execute(text(sql), {"id": unit})
        for id_, nip, left_on in ((serving, "1", None), (left, "2", date(2001, 1, 1))):
            await connection.execute(
                text(
                    """INSERT INTO asn (asn_id, nip, name, employment, agency_code, unit_id, position, position_type,
                    job_level, grade, gender, left_on, recorded_at) VALUES (:id, :nip, 'A', 'PNS', '5571', :unit,
                    'Arsiparis', '', '', '', '', :left_on, '2026-10-06 03:00+00')"""
                ),
                {"id": id_, "nip": nip, "unit": unit, "left_on": left_on},
            )
        await connection.run_sync(to, "0015")
        kept = await connection.execute(
            text("SELECT asn_id, from_on, until_on, unit_id, position, cause FROM placements")
        )
        assert [tuple(row) for row in kept] == [
            (serving, date(2026, 10, 6), None, unit, "Arsiparis", "start")
        ]
        states = await connection.execute(text("SELECT unit_id, name, closed_on FROM unit_states"))
        assert [tuple(row) for row in states] == [(unit, "Dinas", None)]


async def test_people_can_be_read_while_their_histories_are_written(engine: AsyncEngine):
    """The worker of the release before serves on: what closes a table to it comes after what takes long."""
    async with engine.begin() as connection:
        await connection.run_sync(to, "0014")
    told: list[str] = []
    async with engine.begin() as connection:
        event.listen(
            connection.sync_connection,
            "before_cursor_execute",
            lambda _c, _k, statement, *_more: told.append(" ".join(statement.split())),
        )
        await connection.run_sync(to, "0015")
    closing = [n for n, one in enumerate(told) if one.startswith(("ALTER TABLE asn", "ALTER TABLE units"))]
    filling = [n for n, one in enumerate(told) if "FROM asn" in one or "FROM units" in one]
    assert closing
    assert max(filling) < min(closing)
