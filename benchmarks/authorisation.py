"""What it adds to a request to find out who asks and whether they may: one route, guarded and not, in turn.

Added are reading the session off its cookie, asking the database once a second which sessions ended, the action's row
of the table, and its reach. The application is called as the server calls it, without a socket.
"""

import time
from typing import Annotated, Any
from uuid import uuid4

from fastapi import FastAPI, Response
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp

import enrollment.app
from bina.messaging import Settings
from bina.messaging.database import create_engine, sessions
from bina.web.access import Person, issue_token
from bina.web.permissions import may
from bina.web.sessions import Asking

from .figures import Figure, figure, say
from .parts import Parts

ROUNDS, REQUESTS = 20, 500
TARGET_MS = 0.3
SECRET = "x" * 32


class _Runtime:
    """What a guarded request asks of the runtime."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.sessions = sessions(engine)


async def measure(parts: Parts, runs: int) -> list[Figure]:
    """Milliseconds a request more; the two take turns within a run."""
    engine = create_engine(await parts.database(enrollment.app.service))
    open_app, guarded = _application(engine, open_to_all=True), _application(engine, open_to_all=False)
    people = [Person(uuid4(), f"Pegawai {n}", frozenset({"asn", "head"}), "5571") for n in range(100)]
    cookies = [f"bina_session={issue_token(person, SECRET)}".encode() for person in people]
    added, bare = [], []
    for _ in range(runs):
        times: dict[bool, float] = {True: 0.0, False: 0.0}
        for _ in range(ROUNDS):
            for app, is_open in ((open_app, True), (guarded, False)):
                times[is_open] += await _ask(app, cookies)
        added.append((times[False] - times[True]) / (ROUNDS * REQUESTS) * 1000)
        bare.append(times[True] / (ROUNDS * REQUESTS) * 1000)
    await engine.dispose()
    say(f"authorisation: {added[-1]:.3f} ms on top of {bare[-1]:.3f} ms")
    note = f"on top of {sorted(bare)[runs // 2]:.3f} ms without; baseline is the target"
    return [figure("authorisation", added, "ms", [TARGET_MS], note)]


def _application(engine: AsyncEngine, *, open_to_all: bool) -> ASGIApp:
    app = FastAPI(docs_url=None, openapi_url=None)
    app.state.settings = Settings(
        database_url="postgresql+asyncpg://-", kafka="-", secret=SECRET, public_url="http://bench"
    )
    app.state.runtime = _Runtime(engine)
    if open_to_all:

        @app.get("/bench")
        async def anybody() -> Response:
            return Response(b"ok")

        return app

    @app.get("/bench")
    async def somebody(_person: Annotated[Person, may("jp.shares")]) -> Response:
        return Response(b"ok")

    app.add_middleware(Asking)
    return app


async def _ask(app: ASGIApp, cookies: list[bytes]) -> float:
    """Seconds that so many requests take, one after the other."""
    began = time.perf_counter()
    for number in range(REQUESTS):
        status = await _request(app, cookies[number % len(cookies)])
        assert status == 200, status
    return time.perf_counter() - began


async def _request(app: ASGIApp, cookie: bytes) -> int:
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/bench",
        "raw_path": b"/bench",
        "query_string": b"",
        "headers": [(b"host", b"bench"), (b"cookie", cookie)],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status
