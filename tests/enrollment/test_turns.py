"""Who asks for a seat at the same moment as others is decided with them, and is answered as if alone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from bina.web import turns

from .conftest import Site
from .story import CITY, OPEN, SMALL, asn_id, nip

PATH = "/enrollment/api/v1/enrolments"
LATER = range(3, 9)
"""Who gather while the first one's turn is at work."""


async def ask(site: Site, n: int, *, run: str = SMALL, key: str = "", **cookies: str) -> httpx.Response:
    headers = {"Idempotency-Key": key or str(uuid4()), "traceparent": trace_of(n)}
    async with site.client("asn", person=n) as client:
        client.cookies.update(cookies)
        return await client.post(PATH, json={"run": run, "note": f"catatan {n}"}, headers=headers)


def trace_of(n: int) -> str:
    return f"00-0af7651916cd43dd8448eb211c80{n:03d}c-b7ad6b7169203331-01"


@asynccontextmanager
async def occupied(site: Site) -> AsyncIterator[None]:
    """Nobody gets a seat of any run until this ends."""
    async with site.svc.sessions() as session, session.begin():
        await session.execute(text("SELECT FROM run_seats FOR UPDATE"))
        yield


async def together(site: Site, *asking: Any) -> list[httpx.Response]:
    """The first begins a turn that waits for the seats; the others gather behind it, in their order."""
    waiting = site.app.state.wishes._waiting
    async with occupied(site):
        tasks = [asyncio.ensure_future(asking[0])]
        await until(lambda: is_at_work(site) and not waiting)
        for place, one in enumerate(asking[1:], 1):
            tasks.append(asyncio.ensure_future(one))
            await until(lambda place=place: len(waiting) == place)
    return await asyncio.gather(*tasks)


def is_at_work(site: Site) -> bool:
    work = site.app.state.wishes._work
    return work is not None and not work.done()


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.002)


async def transactions(site: Site) -> list[int]:
    """How many commands were stored by each transaction, in the order of these."""
    rows = await site.svc.rows(
        "SELECT count(*) AS n FROM messaging.commands GROUP BY xmin::text::bigint ORDER BY xmin::text::bigint"
    )
    return [row.n for row in rows]


def outcomes(answers: Sequence[httpx.Response]) -> list[tuple[str, int | None]]:
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    return [(answer.json()["outcome"], answer.json()["position"]) for answer in answers]


async def test_who_asks_meanwhile_is_decided_together_in_the_order_of_arrival(site: Site):
    answers = await together(site, *(ask(site, n) for n in (2, *LATER)))
    assert await transactions(site) == [1, len(LATER)]
    seats = sum(outcome == "accepted" for outcome, _ in outcomes(answers))
    assert outcomes(answers)[seats:] == [("waitlisted", place) for place in range(1, 8 - seats)]


async def test_each_has_an_entry_a_trace_and_words_of_their_own(site: Site):
    await together(site, *(ask(site, n) for n in (2, *LATER)))
    entries = await site.svc.rows(
        "SELECT * FROM audit.entries WHERE action = 'POST /enrollment/api/v1/enrolments'"
    )
    assert {entry.actor_id for entry in entries} == {asn_id(n) for n in (2, *LATER)}
    assert all(
        [change["person"] for change in entry.detail["changes"]] == [str(entry.actor_id)] for entry in entries
    )
    said = await site.svc.rows("SELECT person_id, value FROM audit.personal WHERE field = 'why'")
    assert {(row.person_id, row.value) for row in said} == {
        (asn_id(n), f'"catatan {n}"') for n in (2, *LATER)
    }
    told = await site.svc.rows(
        "SELECT * FROM messaging.outbox WHERE traceparent LIKE '00-0af7%' ORDER BY traceparent"
    )
    assert [row.traceparent for row in told] == [trace_of(n) for n in (2, *LATER)]
    assert [str(asn_id(n)) in row.value.decode() for row, n in zip(told, (2, *LATER), strict=True)] == [
        True
    ] * 7


async def test_who_is_refused_harms_no_other_and_is_told_in_their_own_language(site: Site):
    answers = await together(
        site,
        ask(site, 2),
        ask(site, 3),
        ask(site, 4, run="TIDAK-ADA"),
        ask(site, 5, run="TIDAK-ADA", bina_bahasa="en"),
        ask(site, 6),
    )
    assert [answer.status_code for answer in answers] == [201, 201, 409, 409, 201]
    titles = [answer.json().get("title") for answer in answers]
    assert (titles[2], titles[3]) == (
        "Permintaan ini tidak dapat diterima.",
        "This request cannot be accepted.",
    )
    assert sum(await transactions(site)) == 3


async def test_the_same_command_sent_twice_at_once_acts_once(site: Site):
    key = str(uuid4())
    answers = await together(site, ask(site, 2), ask(site, 3, key=key), ask(site, 3, key=key), ask(site, 4))
    assert answers[1].json() == answers[2].json()
    assert await transactions(site) == [1, 1, 1]


async def test_a_clerk_asks_beside_employees_and_for_nobody_elses(site: Site):
    async def clerk(n: int, code: str) -> httpx.Response:
        return await site.command("enrolments", {"run": OPEN, "nip": nip(n)}, "operator", agency=code)

    answers = await together(site, ask(site, 2), clerk(3, CITY), clerk(21, CITY), ask(site, 4))
    assert [answer.status_code for answer in answers] == [201, 201, 409, 201]


async def test_a_turn_that_fails_is_taken_by_each_alone(site: Site, monkeypatch):
    decide = site.app.state.wishes._decide

    async def fails(session, asked):
        if len(asked) > 1:
            raise ValueError("one of them")
        return await decide(session, asked)

    monkeypatch.setattr(site.app.state.wishes, "_decide", fails)
    answers = await together(site, *(ask(site, n) for n in (2, *LATER)))
    assert len(outcomes(answers)) == 7
    assert await transactions(site) == [1] * 7


async def test_who_goes_away_asks_for_nothing_and_takes_nobody_along(site: Site):
    leaving = asyncio.ensure_future(asyncio.sleep(0))

    async def goes() -> None:
        nonlocal leaving
        leaving = asyncio.ensure_future(ask(site, 3))
        with pytest.raises(asyncio.CancelledError):
            await leaving

    async def sees_off() -> httpx.Response:
        leaving.cancel()
        return await ask(site, 4)

    answers = await together(site, ask(site, 2), goes(), sees_off())
    assert [answers[0].status_code, answers[2].status_code] == [201, 201]
    rows = await site.svc.rows(
        "SELECT asn_id FROM enrolments WHERE asn_id = ANY (:ids)", ids=[asn_id(2), asn_id(3), asn_id(4)]
    )
    assert {row.asn_id for row in rows} == {asn_id(2), asn_id(4)}


async def test_what_has_no_room_is_to_come_later(site: Site, monkeypatch):
    monkeypatch.setattr(turns, "ROOM", 0)
    answer = await ask(site, 2)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    monkeypatch.setattr(turns, "ROOM", 1)
    assert (await ask(site, 2)).status_code == 201


async def test_a_turn_that_the_database_loses_leaves_nothing_and_may_come_again(site: Site, monkeypatch):
    """What was answered is there, what is not was not: also for those who were decided together."""
    decide, keys = site.app.state.wishes._decide, {n: str(uuid4()) for n in (2, *LATER)}

    async def dies(session, asked):
        found = await decide(session, asked)
        if len(asked) > 1:
            pid = await session.scalar(text("SELECT pg_backend_pid()"))
            async with site.svc.sessions() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        return found

    monkeypatch.setattr(site.app.state.wishes, "_decide", dies)
    answers = await together(site, *(ask(site, n, key=keys[n]) for n in keys))
    assert [answer.status_code for answer in answers] == [201] + [503] * len(LATER)
    rows = await site.svc.rows(
        "SELECT asn_id FROM enrolments JOIN runs USING (run_id) WHERE run_code = :run", run=SMALL
    )
    assert [row.asn_id for row in rows] == [asn_id(2)]
    monkeypatch.setattr(site.app.state.wishes, "_decide", decide)
    again = await asyncio.gather(*(ask(site, n, key=keys[n]) for n in keys))
    assert again[0].json() == answers[0].json()
    assert len(outcomes(again)) == 7
