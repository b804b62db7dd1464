"""A session's life: renewed while used, over when idle or old, ended everywhere, and no form lost with it."""

import re
import time
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI, Response
from sqlalchemy import text

from bina.events.enrollment import AsnErased, SessionEnded
from bina.web import access, forms, sessions
from bina.web.access import Person, Session, read_session, write_session
from bina.web.expiring import Expiring
from bina.web.forms import KEY_FIELD
from bina.web.retention import Periods
from bina.web.sessions import kept_forms
from bina.web.sessions.ended import LOOK_SECONDS, Ended
from web.conftest import SECRET, SULASTRI

PAGE = "/toy/me"


def brought(
    *, seen: float = 0, left: float = 3600, who: UUID | None = SULASTRI, session_id: UUID | None = None
) -> dict[str, str]:
    """The cookie of a session last seen so many seconds ago, with so many left; of a machine's where it is nobody's."""
    now = int(time.time())
    person = Person(who, "Sulastri", frozenset({"asn", "operator"}), "6472")
    session = Session(person, session_id or uuid4(), now - int(seen), now + int(left))
    return {"bina_session": write_session(session, SECRET)}


def opened(app: FastAPI, cookies: dict[str, str]) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    return httpx.AsyncClient(transport=transport, base_url="http://bina.test", cookies=cookies)


async def reads(app: FastAPI, **session) -> httpx.Response:
    async with opened(app, brought(**session)) as client:
        return await client.get("/toy/saya")


@pytest.mark.parametrize(
    ("session", "status"),
    [({}, 200), ({"seen": 3500}, 200), ({"seen": 3700}, 303), ({"left": -1}, 303), ({"left": 1}, 200)],
)
async def test_a_session_is_over_when_it_lies_unused_or_is_old(operating, session, status):
    assert (await reads(operating, **session)).status_code == status


async def test_a_session_in_use_is_renewed_once_a_minute_and_no_longer(operating):
    fresh, used = await reads(operating, seen=30), await reads(operating, seen=90, left=1200)
    assert "set-cookie" not in fresh.headers
    cookie = used.headers["set-cookie"]
    token = cookie.removeprefix("bina_session=").partition(";")[0].strip('"')
    renewed = read_session(token, SECRET)
    assert time.time() - renewed.seen < 30
    assert renewed.ends - time.time() < 1201  # the end does not move
    assert "HttpOnly" in cookie


async def test_a_machines_token_needs_no_renewing(operating):
    for who, status in ((None, 200), (SULASTRI, 401)):  # a person's does, whichever way it comes
        token = brought(seen=7200, who=who)["bina_session"]
        async with opened(operating, {}) as client:
            answer = await client.get("/toy/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.headers.get("set-cookie")) == (status, None)


async def test_what_anybody_may_keep_brings_no_session(operating):
    async with opened(operating, brought(seen=90)) as client:
        page = (await client.get("/toy/beranda")).text
        for path in (re.findall(r'href="(/static/[^"]+)"', page)[0], "/healthz"):
            assert "set-cookie" not in (await client.get(path)).headers, path


async def test_a_token_of_another_release_is_nobodys(operating):
    for claims in ({"exp": 2**40}, {"sid": "x", "seen": 0, "exp": 2**40}, []):
        token = access.serializer("session", SECRET).dumps(claims)
        async with opened(operating, {"bina_session": token}) as client:
            assert (await client.get("/toy/saya")).status_code == 303


async def test_a_newer_cookie_goes_before_a_renewed_one(operating):
    token = brought(seen=90)["bina_session"]

    async def answers(scope, receive, send):
        await Response("x", headers={"set-cookie": "bina_session=newer; Path=/"})(scope, receive, send)

    scope = {"type": "http", "method": "GET", "path": "/masuk/kembali", "query_string": b"", "app": operating}
    sent = []

    async def collect(message):
        sent.append(message)

    await sessions.Asking(answers)(
        {**scope, "headers": [(b"cookie", f"bina_session={token}".encode())]}, None, collect
    )
    assert [v for n, v in sent[0]["headers"] if n == b"set-cookie"] == [b"bina_session=newer; Path=/"]


class Away:
    """A database that does not answer, and how often it was asked."""

    def __init__(self, error: Exception) -> None:
        self.error, self.asked = error, 0

    def __call__(self):
        self.asked += 1
        raise self.error


async def test_while_ends_cannot_be_read_pages_go_on_and_changes_wait(operating, monkeypatch):
    away = Away(ConnectionRefusedError())
    monkeypatch.setattr(operating.state.runtime, "sessions", away)
    async with opened(operating, brought()) as client:
        assert (await client.get("/toy/saya")).status_code == 200
        assert (await client.post("/toy/kursi", data={"name": "Eka"})).status_code == 503
    assert away.asked == 1  # by the first; whoever comes within the second hears what it heard


async def test_a_known_end_stays_one_while_the_database_is_away(service):
    ended, known = Ended(), uuid4()
    async with service.sessions() as session, session.begin():
        await sessions.add_ended(session, [sessions.End(known, datetime.now(UTC) + timedelta(hours=1))])
    assert await ended.has(known, service.sessions)
    ended._asked -= LOOK_SECONDS
    assert await ended.has(known, Away(ConnectionResetError()))
    with pytest.raises(ConnectionResetError):
        await ended.has(uuid4(), Away(ConnectionResetError()))


async def test_a_clock_that_was_put_back_hides_no_end(service):
    ended, ahead, later = Ended(), uuid4(), uuid4()
    hour = datetime.now(UTC) + timedelta(hours=1)
    async with service.sessions() as session, session.begin():
        await sessions.add_ended(session, [sessions.End(ahead, hour)])
        await session.execute(text("UPDATE web.ended_sessions SET noted_at = now() + interval '10 min'"))
    assert await ended.has(ahead, service.sessions)
    async with service.sessions() as session, session.begin():
        await sessions.add_ended(session, [sessions.End(later, hour)])
    ended._asked -= LOOK_SECONDS
    assert await ended.has(later, service.sessions)


async def test_an_ended_session_opens_nothing_in_any_service(service, operating):
    ended, other = uuid4(), uuid4()
    told = SessionEnded(session_id=ended, until=datetime.now(UTC) + timedelta(hours=1))
    async with service.sessions() as session, session.begin():
        await sessions.ended.on_session_ended([told], session)
        await sessions.ended.on_session_ended([told], session)  # again, as after a redelivery
    assert (await reads(operating, session_id=ended)).status_code == 303
    assert (await reads(operating, session_id=other)).status_code == 200


async def test_ends_are_learned_while_serving_and_forgotten_in_time(service, monkeypatch):
    ended, first, late, old = Ended(), uuid4(), uuid4(), uuid4()
    hour = datetime.now(UTC) + timedelta(hours=1)

    async def end(*ends: sessions.End) -> None:
        async with service.sessions() as session, session.begin():
            await sessions.add_ended(session, ends)

    await end(sessions.End(first, hour), sessions.End(old, hour))
    assert await ended.has(first, service.sessions)
    # noted before `first`, committed after it was looked for
    async with service.sessions() as session, session.begin():
        await sessions.add_ended(session, [sessions.End(late, hour)])
        await session.execute(
            text("UPDATE web.ended_sessions SET noted_at = now() - interval '50 s' WHERE session_id = :id"),
            {"id": late},
        )
    assert not await ended.has(late, service.sessions)  # asked less than a second ago
    monkeypatch.setattr(ended, "_asked", time.monotonic() - LOOK_SECONDS)
    assert await ended.has(late, service.sessions)
    async with service.sessions() as session, session.begin():
        await session.execute(
            text("UPDATE web.ended_sessions SET until = now() - interval '1 s' WHERE session_id = :id"),
            {"id": old},
        )
    await end(sessions.End(uuid4(), hour))
    async with service.sessions() as session:
        left = {row.session_id for row in await session.execute(text("SELECT * FROM web.ended_sessions"))}
    assert old not in left
    assert first in left


def form_of(html: str) -> tuple[str, list[tuple[str, str]]]:
    action = re.findall(r'<form method="post" action="([^"]+)"', html)
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html)
    return unescape(action[-1]), [(name, unescape(value)) for name, value in fields]


async def seats(service, name: str) -> int:
    async with service.sessions() as session:
        found = await session.scalar(text("SELECT count(*) FROM people WHERE name = :name"), {"name": name})
    return int(found or 0)


async def lapses(app: FastAPI, cookies: dict[str, str], lapsed: dict[str, str], name: str) -> httpx.Response:
    """Fill in the form of a page, and send it when the session is over."""
    async with opened(app, cookies) as client:
        html = (await client.get("/toy/kursi")).text
        action = re.findall(r'<form method="post" action="(/toy/kursi[^"]*)"', html)[0]
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', html))
        client.cookies.clear()
        client.cookies.update(lapsed)
        return await client.post(action, data=hidden | {"name": name})


async def test_a_form_that_comes_too_late_is_kept_and_sent_after_signing_in(service, operating):
    session_id, name = uuid4(), "Bagus & <Putra>"
    late = await lapses(
        operating, brought(session_id=session_id), brought(session_id=session_id, seen=7200), name
    )
    assert late.status_code == 303
    path = unescape(httpx.URL(late.headers["location"]).params["lanjut"])
    assert path.startswith("/toy/lanjutkan/")
    assert await seats(service, name) == 0
    async with opened(operating, brought()) as client:
        html = (await client.get(path)).text
        assert "Isian Anda masih ada" in html
        assert "<dd>Bagus &amp; &lt;Putra&gt;</dd>" in html  # they see what they send
        action, fields = form_of(html)
        assert (action, dict(fields)["name"]) == ("/toy/kursi", name)
        for _ in range(2):  # a double click counts once
            assert (await client.post(action, data=dict(fields))).status_code == 303
    assert await seats(service, name) == 1
    assert KEY_FIELD in dict(fields)


async def test_few_forms_are_kept_and_none_for_long(service, operating, monkeypatch):
    monkeypatch.setattr(kept_forms, "MOST", 2)
    for number in range(3):
        session_id = uuid4()
        await lapses(
            operating,
            brought(session_id=session_id),
            brought(session_id=session_id, seen=7200),
            f"F {number}",
        )
    async with service.sessions() as session, session.begin():
        kept = (await session.execute(text("SELECT kept_id, fields FROM web.kept_forms"))).all()
        assert len(kept) == 2
        assert "F 0" not in str(kept)
        old, other = (row.kept_id for row in kept)
        await session.execute(
            text("UPDATE web.kept_forms SET kept_at = now() - interval '25 h' WHERE kept_id = :id"),
            {"id": old},
        )
    async with opened(operating, brought()) as client:
        assert (await client.get(f"/toy/lanjutkan/{old}")).status_code == 404
        assert (await client.get(f"/toy/lanjutkan/{other}")).status_code == 200
    async with service.sessions() as session, session.begin():
        await Expiring(Periods.read()).run(session)
        assert await session.scalar(text("SELECT count(*) FROM web.kept_forms")) == 1
        await sessions.ended.on_asn_erased([AsnErased(asn_id=SULASTRI)], session)
        assert await session.scalar(text("SELECT count(*) FROM web.kept_forms")) == 0


async def test_a_form_too_long_is_not_kept(service, operating, monkeypatch):
    monkeypatch.setattr(kept_forms, "LARGEST", 100)
    session_id = uuid4()
    late = await lapses(
        operating, brought(session_id=session_id), brought(session_id=session_id, seen=7200), "x" * 100
    )
    assert "lanjutkan" not in late.headers["location"]


async def test_what_an_ended_session_sends_is_not_kept(service, operating):
    """Ended is not over: whoever holds its token may be somebody else."""
    session_id = uuid4()
    async with service.sessions() as session, session.begin():
        await sessions.add_ended(session, [sessions.End(session_id, datetime.now(UTC) + timedelta(hours=1))])
    late = await lapses(operating, brought(), brought(session_id=session_id), "Gita")
    assert "lanjutkan" not in late.headers["location"]


async def test_a_kept_form_is_its_senders_alone(operating):
    session_id = uuid4()
    late = await lapses(
        operating, brought(session_id=session_id), brought(session_id=session_id, seen=7200), "Citra"
    )
    path = httpx.URL(late.headers["location"]).params["lanjut"]
    async with opened(operating, brought(who=uuid4())) as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert "Citra" not in answer.text


async def test_a_form_of_an_earlier_session_is_kept_and_led_back_to(service, operating):
    """Signed in anew in another tab: the old tab's form counts only once its sender has looked at it."""
    late = await lapses(operating, brought(), cookies := brought(), "Eka")
    assert (late.status_code, await seats(service, "Eka")) == (303, 0)
    assert late.headers["location"].startswith("/toy/lanjutkan/")
    async with opened(operating, cookies) as client:
        action, fields = form_of((await client.get(late.headers["location"])).text)
        assert (await client.post(action, data=dict(fields))).status_code == 303
    assert await seats(service, "Eka") == 1


async def test_a_form_older_than_a_day_is_kept_and_led_back_to(service, operating, monkeypatch):
    monkeypatch.setattr(forms, "FORM_SECONDS", -1)
    late = await lapses(operating, cookies := brought(), cookies, "Fajar")
    assert (late.status_code, await seats(service, "Fajar")) == (303, 0)
    assert late.headers["location"].startswith("/toy/lanjutkan/")


async def test_what_comes_under_a_personal_link_is_not_kept(service, operating):
    """Its address would stand in the database, and on a page, and opens the task."""
    link = access.issue_task_link(uuid4(), SECRET, datetime.now(UTC) + timedelta(days=1))
    async with opened(operating, brought()) as client:
        html = (await client.get("/toy/kursi")).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', html))
        assert (await client.post(f"/toy/tugas/{link}", data=hidden | {"name": "Joko"})).status_code == 200
        client.cookies.clear()
        client.cookies.update(brought())
        late = await client.post(f"/toy/tugas/{link}", data=hidden | {"name": "Joko"})
    assert late.status_code == 403
    async with service.sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM web.kept_forms")) == 0


async def test_what_another_person_was_given_is_refused(service, operating):
    late = await lapses(operating, brought(), brought(who=uuid4()), "Hana")
    assert (late.status_code, await seats(service, "Hana")) == (403, 0)
    async with service.sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM web.kept_forms")) == 0


async def test_what_another_site_sends_is_refused_and_not_kept(service, operating):
    async with opened(operating, brought()) as client:
        html = (await client.get("/toy/kursi")).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', html))
        client.cookies.clear()
        client.cookies.update(brought())  # signed in anew
        far = {"Sec-Fetch-Site": "cross-site"}
        answer = await client.post("/toy/kursi", data=hidden | {"name": "Indra"}, headers=far)
    assert answer.status_code == 403
    async with service.sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM web.kept_forms")) == 0


async def test_what_another_persons_page_sent_is_not_kept(service, operating):
    late = await lapses(operating, brought(who=uuid4()), brought(seen=7200), "Dewi")
    assert httpx.URL(late.headers["location"]).params["lanjut"] == "/"
    async with service.sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM web.kept_forms")) == 0
