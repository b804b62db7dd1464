import asyncpg
import pytest

from bina_local.databases import DatabaseServer


def plain(url: str) -> str:
    return url.replace("+asyncpg", "")


async def test_a_role_works_in_its_own_database(postgres: DatabaseServer):
    url = await postgres.ensure_database("enrollment")
    connection = await asyncpg.connect(plain(url))
    await connection.execute("CREATE TABLE mine (id int)")
    assert await connection.fetchval("SELECT count(*) FROM mine") == 0
    assert await connection.fetchval("SHOW server_version") >= "18"
    await connection.execute("DROP TABLE mine")
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
    connection = await asyncpg.connect(plain(template))
    await connection.execute("CREATE TABLE told (id int); INSERT INTO told VALUES (1)")
    await connection.close()
    copy = await fresh_database("notification", template=template.rsplit("/", 1)[1])
    connection = await asyncpg.connect(plain(copy))
    assert await connection.fetchval("SELECT id FROM told") == 1
    await connection.close()
