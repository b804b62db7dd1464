from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from bina_local.databases import DatabaseServer
from evaluation.app import service


def plain(url: str) -> str:
    return url.replace("+asyncpg", "")


async def sign_in(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(plain(url))


@pytest_asyncio.fixture
async def own(migrated) -> AsyncIterator[asyncpg.Connection]:
    """Evaluation in its migrated database, as its own role."""
    connection = await sign_in(await migrated(service))
    yield connection
    await connection.close()


async def test_a_role_reads_and_writes_in_its_own_database(own: asyncpg.Connection):
    await own.execute("INSERT INTO messaging.facts (fact, key) VALUES ('f', 'k')")
    await own.execute("UPDATE messaging.facts SET version = 2")
    assert await own.fetchval("DELETE FROM messaging.facts RETURNING version") == 2
    await own.execute("CREATE TEMP TABLE passing (id int)")
    assert await own.fetchval("SHOW server_version") >= "18"


@pytest.mark.parametrize(
    "command",
    [
        "CREATE TABLE mine (id int)",
        "CREATE TABLE messaging.mine (id int)",
        "CREATE SCHEMA mine",
        "ALTER TABLE messaging.held ADD COLUMN mine int",
        "DROP TABLE messaging.held",
        "TRUNCATE messaging.outbox",
        "CREATE INDEX ON messaging.held (code)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
        "ALTER TABLE messaging.outbox DISABLE TRIGGER ALL",
        "GRANT evaluation_owner TO evaluation",
        "CREATE ROLE mine",
        "CREATE DATABASE mine",
        "SET ROLE evaluation_owner",
        "SET session_replication_role = replica",
        "SELECT pg_read_file('/etc/hostname')",
        "COPY messaging.held TO PROGRAM 'true'",
        "SELECT messaging.add_partition('held', 'held_2030_01', '1', '2')",
        "SELECT messaging.add_partition('outbox', 'outbox; DROP', '1', '2')",
        "SELECT messaging.drop_published_day('outbox_rest')",
        "SELECT messaging.drop_published_day('outbox_9999_01_01')",
    ],
)
async def test_what_a_service_has_no_use_for_is_refused(own: asyncpg.Connection, command: str):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await own.execute(command)


async def test_a_day_whose_facts_wait_is_not_dropped(own: asyncpg.Connection):
    day = "outbox_2020_01_01"
    await own.execute(f"SELECT messaging.add_partition('outbox', '{day}', '2020-01-01', '2020-01-02')")
    await own.execute(
        """INSERT INTO messaging.outbox (created_at, topic, key, version, event_id, type, time, correlation_id,
        causation_id, traceparent, value)
        VALUES ('2020-01-01', 't', 'k', 1, gen_random_uuid(), 'x', now(), '', '', '', 'v')"""
    )
    await own.execute(f"SELECT messaging.drop_published_day('{day}')")
    assert await own.fetchval(f"SELECT count(*) FROM messaging.{day}") == 1
    await own.execute("UPDATE messaging.outbox SET published_at = now()")
    await own.execute(f"SELECT messaging.drop_published_day('{day}')")
    assert await own.fetchval("SELECT to_regclass($1)", f"messaging.{day}") is None


async def test_a_database_from_before_changes_hands_with_what_is_in_it(postgres: DatabaseServer):
    await postgres.ensure_role("assessment")
    before = await postgres.connect()
    await before.execute("CREATE DATABASE of_before OWNER assessment")
    await before.close()
    url = postgres.url("of_before", "assessment")
    connection = await sign_in(url)
    await connection.execute(
        """CREATE SCHEMA messaging; CREATE TABLE kept (id int GENERATED ALWAYS AS IDENTITY, name text);
        CREATE TABLE messaging.told (id int); CREATE SEQUENCE counted;
        INSERT INTO kept (name) VALUES ('from before')"""
    )
    await connection.close()
    for _ in range(2):
        assert await postgres.ensure_database("of_before", role="assessment") == url
    connection = await sign_in(url)
    await connection.execute(
        "INSERT INTO kept (name) VALUES ('later'); INSERT INTO messaging.told VALUES (1)"
    )
    assert [row["name"] for row in await connection.fetch("SELECT name FROM kept")] == [
        "from before",
        "later",
    ]
    assert await connection.fetchval("SELECT nextval('counted')") == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("DROP TABLE kept")
    owner = await sign_in(postgres.migration_url(url))
    await owner.execute("ALTER TABLE kept ADD COLUMN new int; CREATE TABLE made_later (id int)")
    await owner.close()
    await connection.execute("INSERT INTO made_later VALUES (1)")
    await connection.close()


@pytest.mark.parametrize("other", ["enrollment", "postgres", "template1"])
async def test_a_role_is_refused_every_other_database(postgres: DatabaseServer, other: str):
    await postgres.ensure_database("enrollment")
    await postgres.ensure_database("assessment")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
        await asyncpg.connect(plain(postgres.url(other, role="assessment")))


async def test_a_wrong_password_is_refused(postgres: DatabaseServer):
    url = await postgres.ensure_database("evaluation")
    wrong = plain(url).replace(postgres.password("evaluation"), postgres.password("assessment"))
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(wrong)


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes"])
async def test_a_commit_is_on_the_disk(postgres: DatabaseServer, setting: str):
    connection = await postgres.connect()
    assert await connection.fetchval(f"SHOW {setting}") == "on"
    await connection.close()


async def test_a_fresh_database_copies_its_template(postgres: DatabaseServer, fresh_database):
    template = await fresh_database("notification")
    connection = await asyncpg.connect(plain(postgres.migration_url(template)))
    await connection.execute("CREATE TABLE told (id int); INSERT INTO told VALUES (1)")
    await connection.close()
    copy = await fresh_database("notification", template=template.rsplit("/", 1)[1])
    connection = await asyncpg.connect(plain(copy))
    assert await connection.fetchval("SELECT id FROM told") == 1
    await connection.close()
