"""Streams of pages: what changed is told, nothing else, to whom it was shown, for as long as their session goes on."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from bina.events.enrollment import SessionEnded
from bina.web import limits, sessions, wire
from bina.web.access import Person, Session, sign
from bina.web.live import Hub, Subject, at_one_moment, hub, subjects
from bina.web.serve import _drain_when_told
from bina.web.sessions.ended import Ended
from serving import serving
from web.conftest import SECRET, token
from web.listening import listening, stream_of, write
from web.sample.live import NAMES, PEOPLE
from web.test_sessions import brought

PAGE = "/toy/orang"


@pytest_asyncio.fixture
async def served(operating: FastAPI) -> AsyncIterator[str]:
    async with serving(operating) as address:
        yield address


def reader(address: str, cookies: dict[str, str] | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=address, cookies=cookies or {"bina_session": token("asn")})


async def shown(client: httpx.AsyncClient) -> tuple[str, str]:
    """A page, which does not count as used by that."""
    return stream_of((await client.get(PAGE, headers={"X-Live": "1"})).text)


async def refusal(client: httpx.AsyncClient, href: str) -> tuple[int, str]:
    answer = await client.get(href, headers={"Accept": "text/event-stream"})
    return answer.status_code, answer.text


async def until(holds: Callable[[], object]) -> None:
    """What nothing announces."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_page_hears_of_a_change_under_the_version_that_it_then_has(service, served: str):
    async with reader(served) as client:
        href, version = await shown(client)
        async with listening(client, f"{href}&sejak={version}") as heard:
            await write(service.sessions, "Sulastri")
            (told,) = await heard.versions_after(0)
            assert (await shown(client))[1] == told != version
            await write(service.sessions, "Sulastri Handayani")
            again = (await heard.versions_after(1))[1]
        assert (await shown(client))[1] == again


async def test_the_stream_goes_through_whatever_stands_between_as_it_is(served: str):
    async with reader(served) as client:
        href, _version = await shown(client)
        async with client.stream("GET", href, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["cache-control"] == "no-store, no-transform"
            assert "content-encoding" not in answer.headers
            assert answer.headers["content-security-policy"]


async def test_who_comes_again_is_told_what_changed_meanwhile_and_nothing_else(service, served: str):
    async with reader(served) as client:
        href, version = await shown(client)
        async with listening(client, f"{href}&sejak={version}") as heard:
            await write(service.sessions, "Sulastri")
            (told,) = await heard.versions_after(0)
        await write(service.sessions, "Sulastri Handayani")
        # the header of a browser that comes again goes before the address, which is as old as the page
        async with (
            listening(client, f"{href}&sejak={version}", **{"Last-Event-ID": told}) as late,
            listening(client, f"{href}&sejak={version}") as heard,
        ):
            (newest,) = await late.versions_after(0)
            assert await heard.versions_after(0) == [newest]
        async with (
            listening(client, f"{href}&sejak={version}", **{"Last-Event-ID": newest}) as current,
            listening(client, f"{href}&sejak={version}") as heard,
        ):
            await heard.versions_after(0)
            await asyncio.sleep(2 * hub.LOOK_SECONDS)
            assert current.versions == []


async def test_many_streams_are_one_question_a_second(service, monkeypatch: pytest.MonkeyPatch):
    asked: list[tuple[str, list[str]]] = []
    load = Subject.load

    async def counted(self: Subject, session: object, keys: object) -> dict[str, str]:
        asked.append((self.name, sorted(keys)))
        return await load(self, session, keys)

    monkeypatch.setattr(Subject, "load", counted)
    made = Hub(service.sessions, [PEOPLE, NAMES], Ended(), most_of_one=100)
    ids = [str(uuid4()) for _n in range(30)]
    readers = [made.join(anybody(), {"names": [one]}, "", time.time() + 60) for one in ids]
    made.join(anybody(), {"people": ["all"]}, "", time.time() + 60)
    for one in readers:
        assert await one.next()
    assert asked == [("people", ["all"]), ("names", sorted(ids))]
    made.close()


async def test_a_subject_rests_for_as_long_as_it_says(service, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub, "LOOK_SECONDS", 0.01)
    made = Hub(service.sessions, [replace(PEOPLE, every=3600.0), NAMES], Ended())
    person = str(uuid4())
    slow, fast = (
        made.join(anybody(), about, "", time.time() + 60)
        for about in ({"people": ["all"]}, {"names": [person]})
    )
    first = await slow.next(), await fast.next()
    await write(service.sessions, "Sulastri")
    late = made.join(anybody(), {"people": ["all"]}, "", time.time() + 60)  # asks for nothing new
    assert await late.next() == first[0]
    made.close()


def anybody(agency: str = "6472") -> Session:
    person = Person(uuid4(), "Sulastri", frozenset({"asn"}), agency)
    return Session(person, uuid4(), int(time.time()), int(time.time()) + 3600)


async def test_nobody_asks_once_nobody_reads(service, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub, "LOOK_SECONDS", 0.01)
    made = Hub(service.sessions, [PEOPLE], Ended())
    one = made.join(anybody(), {"people": ["all"]}, "", time.time() + 60)
    await one.next()
    looking = made._looking
    made.leave(one)
    assert looking is not None
    await asyncio.wait_for(looking, 10)
    again = made.join(anybody(), {"people": ["all"]}, "", time.time() + 60)
    assert await again.next()
    made.close()


@pytest.mark.parametrize("kind", ["forged", "cut", "another session's", "another purpose's"])
async def test_a_token_that_is_not_the_readers_is_unknown(served: str, kind: str):
    async with reader(served) as client, reader(served) as other:
        href, _version = await shown(client)
        foreign, _version = await shown(other)
        tokens = {
            "forged": href[:-3] + ("aaa" if href[-3:] != "aaa" else "bbb"),
            "cut": href[:-20],
            "another session's": foreign,
            "another purpose's": "/toy/langsung?tentang=" + sign("task", {}, SECRET, timedelta(hours=1)),
        }
        status, said = await refusal(client, tokens[kind])
    assert status == 404
    assert "Siaran perubahan ini tidak dikenal." in said


async def test_a_token_past_its_time_is_refused_as_such(served: str, monkeypatch: pytest.MonkeyPatch):
    async with reader(served) as client:
        monkeypatch.setattr(subjects, "WORKDAY", timedelta(seconds=-1))
        href, _version = await shown(client)
        status, said = await refusal(client, href)
    assert status == 410
    assert "Siaran perubahan ini sudah berakhir." in said


async def test_without_a_session_there_is_no_stream(served: str):
    async with reader(served) as client:
        href, _version = await shown(client)
        client.cookies.clear()
        answer = await client.get(href)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/masuk")


async def test_a_session_that_ends_ends_its_streams_and_no_others(service, operating: FastAPI, served: str):
    mine, others = uuid4(), uuid4()
    async with (
        reader(served, brought(session_id=mine)) as client,
        reader(served, brought(session_id=others)) as other,
        listening(client, (await shown(client))[0]) as heard,
        listening(other, (await shown(other))[0]) as going_on,
    ):
        await going_on.versions_after(0)
        until = SessionEnded(session_id=mine, until=datetime.now(UTC) + timedelta(hours=1))
        async with service.sessions() as session, session.begin():
            await sessions.add_ended(session, [until])
        await asyncio.wait_for(heard.over.wait(), 10)
        assert not going_on.over.is_set()


@pytest.mark.parametrize("times", [{"left": 2}, {"seen": 3598}], ids=["old", "idle"])
async def test_a_stream_ends_when_its_sessions_time_is_over(served: str, times: dict[str, int]):
    async with (
        reader(served, brought(**times)) as client,
        listening(client, (await shown(client))[0]) as heard,
    ):
        await asyncio.wait_for(heard.over.wait(), 10)


async def test_a_page_that_keeps_itself_up_to_date_keeps_no_session_alive(served: str):
    async with reader(served, brought(seen=90)) as client:
        href, _version = await shown(client)
        quiet = await client.get(PAGE, headers={"X-Live": "1"})
        async with client.stream("GET", href) as stream:
            assert "set-cookie" not in stream.headers
        used = await client.get(PAGE)
    assert "bina_session" not in quiet.headers.get("set-cookie", "")
    assert "bina_session" in used.headers["set-cookie"]


async def test_a_page_that_asks_by_itself_takes_no_notice_away(served: str):
    async with reader(served) as client:
        form = (await client.get("/toy/isi/1")).text
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', form))
        await client.post("/toy/daftar", data=fields | {"name": "Sulastri"})
        quiet = (await client.get(PAGE, headers={"X-Live": "1"})).text
        next_page = (await client.get(PAGE)).text
    assert "Anda terdaftar." not in quiet
    assert "Anda terdaftar." in next_page


async def test_who_leaves_is_forgotten(operating: FastAPI, served: str):
    async with reader(served) as client, listening(client, (await shown(client))[0]) as heard:
        await heard.versions_after(0)
        assert len(operating.state.hub) == 1
    await until(lambda: not len(operating.state.hub))


async def test_a_database_that_is_away_ends_no_stream(service, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub, "LOOK_SECONDS", 0.01)
    load, failures = Subject.load, [ConnectionError("away"), ConnectionError("away")]

    async def failing(self: Subject, session: object, keys: object) -> dict[str, str]:
        if failures:
            raise failures.pop()
        return await load(self, session, keys)

    monkeypatch.setattr(Subject, "load", failing)
    made = Hub(service.sessions, [PEOPLE], Ended())
    assert await made.join(anybody(), {"people": ["all"]}, "", time.time() + 60).next()
    made.close()


async def test_a_question_that_cannot_be_asked_ends_all_streams(service, caplog: pytest.LogCaptureFixture):
    made = Hub(service.sessions, [Subject("broken", "SELECT key, version FROM nothing")], Ended())
    assert await made.join(anybody(), {"broken": ["all"]}, "", time.time() + 60).next() is None
    assert "streams end" in caplog.text


async def test_a_quiet_stream_says_now_and_then_that_it_goes_on(served: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub, "BEAT_SECONDS", 0.05)
    async with reader(served) as client:
        href, version = await shown(client)
        async with listening(client, f"{href}&sejak={version}") as heard:
            await until(lambda: heard.text.count(":\n\n") > 2)
            assert heard.versions == []


async def test_limits_on_requests_do_not_cut_a_stream(served: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(limits, "SLOWEST_BODY", 0.3)
    monkeypatch.setattr(hub, "BEAT_SECONDS", 0.1)
    async with reader(served) as client:
        href, version = await shown(client)
        async with listening(client, f"{href}&sejak={version}") as heard:
            await until(lambda: heard.text.count(":\n\n") > 9)
            assert not heard.over.is_set()


async def test_an_open_stream_does_not_hold_up_the_end_of_its_worker(operating: FastAPI):
    async with reader("http://127.0.0.1") as client:
        async with asyncio.timeout(20), serving(operating) as address:
            client.base_url = httpx.URL(address)
            href, _version = await shown(client)
            answer = await client.send(client.build_request("GET", href), stream=True)
            heard = asyncio.create_task(answer.aread())
            await asyncio.sleep(0)
        # `serving` has ended: uvicorn waits for open answers, and here no time would end that
        assert b"retry: " in await asyncio.wait_for(heard, 5)


async def test_a_worker_that_drains_sends_its_readers_to_another_one(operating: FastAPI, served: str):
    begun = _drain_when_told(operating)
    async with reader(served) as client:
        href, _version = await shown(client)
        async with listening(client, href) as heard:
            await heard.versions_after(0)
            os.kill(os.getpid(), signal.SIGUSR1)
            await asyncio.wait_for(heard.over.wait(), 10)
        assert (await refusal(client, href))[0] == 503
    await asyncio.gather(*begun)
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        asyncio.get_running_loop().remove_signal_handler(number)


async def test_a_stream_is_no_answers_time(operating: FastAPI, served: str):
    async with reader(served) as client:
        href, _version = await shown(client)
        asked = time.perf_counter()
        async with listening(client, href) as heard:
            came = time.perf_counter()
            await heard.versions_after(0)
        await until(lambda: _seconds(operating))
    assert _seconds(operating) < came - asked


def _seconds(app: FastAPI) -> float:
    registry = app.state.runtime.metrics.registry
    found = [s for f in registry.collect() for s in f.samples if s.labels.get("route") == "/toy/langsung"]
    return sum(s.value for s in found if s.name.endswith("_sum"))


async def test_what_is_read_at_one_moment_is_of_one_moment(service):
    async with service.sessions() as session:
        await at_one_moment(session)
        before = await PEOPLE.load(session, ["all"])
        await write(service.sessions, "Sulastri")
        assert await PEOPLE.load(session, ["all"]) == before
    async with service.sessions() as session:
        assert await PEOPLE.load(session, ["all"]) != before


async def test_a_page_of_nobody_has_no_stream(operating: FastAPI):
    transport = httpx.ASGITransport(operating)
    async with httpx.AsyncClient(transport=transport, base_url="http://bina.test") as client:
        assert "data-stream" not in (await client.get("/toy/beranda")).text


def test_equal_versions_need_equal_pages():
    about = {"a": ["1", "2"], "b": ["1"]}
    one = subjects.version_of(about, {"a": {"1": "x", "2": "y"}, "b": {"1": "z"}})
    assert one == subjects.version_of(about, {"b": {"1": "z"}, "a": {"2": "y", "1": "x"}})
    for other in (
        {"a": {"1": "y", "2": "x"}, "b": {"1": "z"}},
        {"a": {"1": "x", "2": "y"}},
        {"a": {"1": "xy", "2": ""}, "b": {"1": "z"}},
    ):
        assert subjects.version_of(about, other) != one
