"""Speaking to the database: past SQLAlchemy, and while it is away."""

import asyncio
import traceback

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from bina.messaging import outbox
from bina.messaging.database import Question, connect, driver, is_transient, meanwhile, together
from bina.messaging.outbox import emit
from bina.messaging.testing import ServiceUnderTest
from messaging.facts import asn

REGISTER = "INSERT INTO people VALUES ('0192f0c1-0000-7000-8000-000000000001', 'Rahma Yulita')"


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (asyncpg.ConnectionDoesNotExistError("gone"), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.InternalClientError("another operation is in progress"), True),
        (InternalError("COMMIT", (), Exception("another operation is in progress")), True),
        (IntegrityError("INSERT", (), Exception("there already")), False),
        (asyncpg.exceptions.DataError("invalid input for query argument $1"), False),
        (asyncpg.DeadlockDetectedError("locked"), True),
        (asyncpg.UniqueViolationError("there already"), False),
        (ConnectionResetError(), True),
        (NoConnectionError("all connections are in use"), True),
        (LookupError(), False),
    ],
)
def test_only_what_passes_is_tried_again(error: Exception, *, passes: bool):
    assert is_transient(error) is passes


async def test_a_connection_lost_before_the_driver_is_asked_passes(service: ServiceUnderTest):
    with pytest.raises(Exception, match="clos") as lost:
        await _ask_a_dead_connection(service)
    assert is_transient(lost.value)


async def _ask_a_dead_connection(service: ServiceUnderTest) -> None:
    async with service.sessions() as session, session.begin():
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
        await service.rows("SELECT pg_terminate_backend(:pid)", pid=pid)
        await (await driver(session)).execute(REGISTER)


async def test_what_the_driver_is_asked_first_goes_with_the_transaction(service: ServiceUnderTest):
    async with service.sessions() as session:
        await (await driver(session)).execute(REGISTER)
        assert await session.scalar(text("SELECT name FROM people")) == "Rahma Yulita"
    assert await service.rows("SELECT name FROM people") == []


@pytest.mark.parametrize(
    ("sql", "values", "told"),
    [
        ("INSERT INTO people VALUES (:id, :name)", {"id": None}, "null value in column"),
        (
            "INSERT INTO people VALUES (CAST(:name AS uuid), :id)",
            {"id": ""},
            "invalid input for query argument",
        ),
    ],
)
async def test_an_error_names_no_values(service: ServiceUnderTest, sql: str, values: dict, told: str):
    with pytest.raises((asyncpg.PostgresError, asyncpg.DataError), match=told) as failed:
        await service.rows(sql, name="Rahma Yulita", **values)
    logged = "".join(traceback.format_exception(failed.value))
    assert told in logged
    assert "Rahma" not in logged.replace('name="Rahma Yulita"', "")


@pytest.mark.parametrize("few", [0, 50])
async def test_what_cannot_be_told_names_no_values(service: ServiceUnderTest, monkeypatch, few: int):
    monkeypatch.setattr(outbox, "FEW", few)
    person = asn().model_copy(update={"name": "Rahma Yulita" * 100_000})
    with pytest.raises(asyncpg.CheckViolationError) as failed:
        async with service.sessions() as session, session.begin():
            await emit(session, [person])
    assert "violates check constraint" in str(failed.value)
    assert str(person.asn_id) not in str(failed.value)


async def test_many_facts_are_numbered_per_key_and_told_in_order(service: ServiceUnderTest):
    people = [asn() for _ in range(3)]
    told = [people[n % 3].model_copy(update={"name": f"Pegawai {n}"}) for n in range(outbox.FEW + 5)]
    async with service.sessions() as session, session.begin():
        await emit(session, told[:4])
        await emit(session, told[4:])
        await emit(session, told[:2])
    rows = await service.rows("SELECT key, version, value FROM messaging.outbox ORDER BY id")
    expected = [*told, *told[:2]]
    assert [bytes(row.value) for row in rows] == [event.model_dump_json().encode() for event in expected]
    versions: dict[str, list[int]] = {}
    for row in rows:
        versions.setdefault(row.key, []).append(row.version)
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
    assert len(versions) == 3


async def test_what_a_migration_changed_is_prepared_anew(service: ServiceUnderTest, postgres):
    async def ask_on_both() -> list[list[str]]:
        async with service.sessions() as one, service.sessions() as other:
            return [list((await each.execute(text("SELECT * FROM wide"))).keys()) for each in (one, other)]

    await service.rows("SELECT")
    url = service.engine.url.render_as_string(hide_password=False)
    owner = await asyncpg.connect(postgres.migration_url(url).replace("+asyncpg", ""))
    await owner.execute("CREATE TABLE wide AS SELECT 1 AS a")
    try:
        assert await ask_on_both() == [["a"], ["a"]]
        await owner.execute("ALTER TABLE wide ADD COLUMN b int")
        with pytest.raises(asyncpg.InvalidCachedStatementError) as stale:
            await ask_on_both()
        assert is_transient(stale.value)
        assert await ask_on_both() == [["a", "b"], ["a", "b"]]
    finally:
        await owner.execute("DROP TABLE wide")
        await owner.close()


@pytest.mark.parametrize("turns", range(30))
async def test_whoever_is_cancelled_leaves_no_transaction_open(service: ServiceUnderTest, turns: int):
    async def register() -> None:
        async with service.sessions() as session, session.begin():
            await session.execute(text(f"{REGISTER} ON CONFLICT DO NOTHING"))

    await service.rows("SELECT")  # a connection lies in the pool
    given_up = asyncio.create_task(register())
    for _ in range(turns):
        await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    await register()
    await service.engine.dispose()  # what was not committed goes with its connection
    assert len(await service.rows("SELECT FROM people")) == 1


async def test_work_that_fails_is_told_once_the_answer_is_there(service: ServiceUnderTest):
    with pytest.raises(ZeroDivisionError):
        async with service.sessions() as session, session.begin():
            await meanwhile(session.scalar(text("SELECT 1 FROM pg_sleep(0.05)")), lambda: 1 // 0)


async def test_the_database_works_meanwhile(service: ServiceUnderTest):
    async with service.sessions() as session:
        assert await meanwhile(session.scalar(text("SELECT 1")), lambda: "done") == (1, "done")


async def test_whoever_falls_silent_with_a_lock_loses_it_in_a_transaction_too(service: ServiceUnderTest):
    dsn = service.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await connect(dsn, "test")
    try:
        async with connection.transaction():
            limits = [
                await connection.fetchval(f"SHOW {name}")
                for name in ("idle_session_timeout", "idle_in_transaction_session_timeout")
            ]
    finally:
        await connection.close()
    assert limits == ["10s", "10s"]


async def test_questions_asked_together_are_answered_each_for_itself(service: ServiceUnderTest):
    counting = text("SELECT n, :word FROM generate_series(CAST(:first AS int), :first + 1) AS n")
    nobody = Question(text("SELECT 1 WHERE CAST(:never AS boolean)"), {"never": False}, list)
    async with service.sessions() as session:
        found = await together(
            session,
            Question(counting, {"first": 1, "word": "a"}, list),
            nobody,
            Question(counting, {"first": 5, "word": "b"}, dict),
        )
    assert found == ([(1, "a"), (2, "a")], [], {5: "b", 6: "b"})


async def test_rows_asked_for_together_are_locked(service: ServiceUnderTest):
    async with service.sessions() as session, session.begin():
        await session.execute(text(REGISTER), {})
    locking = Question(text("SELECT name FROM people FOR SHARE"), {}, list)
    async with service.sessions() as session, session.begin(), service.sessions() as other:
        assert await together(session, locking, locking) == ([("Rahma Yulita",)], [("Rahma Yulita",)])
        with pytest.raises(asyncpg.LockNotAvailableError):
            await other.execute(text("SELECT FROM people FOR UPDATE NOWAIT"), {})
