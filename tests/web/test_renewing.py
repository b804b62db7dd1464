"""A page that renews itself notes whom it shows: each once in a while, who is new at once, a person's own look always."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from bina.web.audit.renewing import EVERY
from bina.web.audit.searching import Sought
from bina.web.expiring import Expiring
from bina.web.retention import Periods
from web.auditing import Audited, app_over, client_of
from web.conftest import SAMPLE_TABLE

PAGE = "/toy/orang"


async def come(audited: Audited, *names: str) -> list[UUID]:
    """People who stand on the page from now on."""
    people = [uuid4() for _ in names]
    async with audited.service.sessions() as session, session.begin():
        for asn_id, name in zip(people, names, strict=True):
            await session.execute(
                text("INSERT INTO people VALUES (:id, :name)"), {"id": asn_id, "name": name}
            )
    return people


async def look(client: httpx.AsyncClient, path: str = PAGE) -> None:
    assert (await client.get(path)).status_code == 200


async def renew(client: httpx.AsyncClient, path: str = PAGE) -> int:
    return (await client.get(path, headers={"X-Live": "1"})).status_code


async def noted(audited: Audited) -> list[set[str]]:
    """Whom each reading names, the oldest first."""
    return [set(entry.about) for entry in await audited.entries(Sought(kind="reading"))]


async def pass_time(audited: Audited, much: timedelta) -> None:
    async with audited.service.sessions() as session, session.begin():
        await session.execute(
            text("UPDATE audit.shown SET since = since - CAST(:much AS interval)"), {"much": much}
        )


def all_of(*people: UUID) -> set[str]:
    return {str(one) for one in people}


async def test_the_same_people_are_noted_once_and_who_is_new_at_once(audited: Audited):
    first, second = await come(audited, "Ratna", "Wahyu")
    async with client_of(audited.app) as client:
        await look(client)
        assert [await renew(client) for _ in range(3)] == [200] * 3
        assert await noted(audited) == [all_of(first, second)]
        (third,) = await come(audited, "Yosef")
        assert [await renew(client) for _ in range(2)] == [200] * 2
    assert await noted(audited) == [all_of(first, second), all_of(third)]
    (*_others, last) = await audited.entries(Sought(kind="reading"))
    assert last.detail["people"] == 1


async def test_whoever_calls_the_page_up_is_noted_each_time(audited: Audited):
    people = await come(audited, "Ratna", "Wahyu")
    async with client_of(audited.app) as client:
        for _ in range(3):
            await look(client)
            await renew(client)
    assert await noted(audited) == [all_of(*people)] * 3


async def test_a_renewal_that_nobody_looked_at_before_is_noted(audited: Audited):
    people = await come(audited, "Ratna")
    async with client_of(audited.app) as client:
        assert [await renew(client) for _ in range(2)] == [200] * 2
    assert await noted(audited) == [all_of(*people)]


async def test_another_session_and_another_page_are_noted_for_themselves(audited: Audited):
    people = await come(audited, "Ratna")
    async with client_of(audited.app) as one, client_of(audited.app) as other:
        await look(one)
        await renew(other)
        await renew(one, f"{PAGE}?halaman=2")
        for _ in range(2):
            await renew(one)
            await renew(other)
            await renew(one, f"{PAGE}?halaman=2")
    assert await noted(audited) == [all_of(*people)] * 3


async def test_after_its_while_a_page_that_stays_open_notes_everybody_again(audited: Audited):
    people = await come(audited, "Ratna", "Wahyu")
    async with client_of(audited.app) as client:
        await look(client)
        await pass_time(audited, EVERY - timedelta(minutes=1))
        await renew(client)
        assert len(await noted(audited)) == 1
        await pass_time(audited, timedelta(minutes=2))
        await renew(client)
        await renew(client)
    assert await noted(audited) == [all_of(*people)] * 2


@pytest.mark.parametrize("known", [True, False], ids=["over", "never looked at"])
async def test_of_several_workers_one_notes_it(audited: Audited, *, known: bool):
    people = await come(audited, "Ratna", "Wahyu")
    second, session_id = app_over(audited.service, SAMPLE_TABLE), uuid4()
    async with (
        client_of(audited.app, session_id=session_id) as here,
        client_of(second, session_id=session_id) as there,
    ):
        if known:
            await look(here)
            await renew(there)
            assert len(await noted(audited)) == 1
            await pass_time(audited, EVERY)
        assert set(await asyncio.gather(*(renew(client) for client in (here, there) * 4))) == {200}
    await second.state.runtime.engine.dispose()
    assert await noted(audited) == [all_of(*people)] * (2 if known else 1)


async def test_what_could_not_be_noted_is_not_shown_and_not_taken_for_noted(audited: Audited):
    async with client_of(audited.app) as client:
        (first,) = await come(audited, "Ratna")
        await look(client)
        (second,) = await come(audited, "Wahyu")
        async with audited.without_marks():
            assert await renew(client) == 500
        assert await renew(client) == 200
    assert await noted(audited) == [all_of(first), all_of(second)]


async def test_nobody_can_be_read_off_what_is_kept_and_it_goes(audited: Audited):
    (whom,) = await come(audited, "Ratna")
    async with client_of(audited.app) as client, client_of(audited.app) as later:
        await look(client)
        await pass_time(audited, EVERY + timedelta(seconds=1))
        await look(later)
    rows = await audited.service.rows("SELECT to_jsonb(s)::text AS line FROM audit.shown s")
    assert len(rows) == 2
    assert not any(str(whom) in row.line for row in rows)
    async with audited.service.sessions() as session, session.begin():
        await Expiring(Periods.read()).run(session)
    assert len(await audited.service.rows("SELECT FROM audit.shown")) == 1
