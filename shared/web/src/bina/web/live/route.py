"""`GET /<service>/langsung`: the stream of one page, as `text/event-stream`."""

from collections.abc import AsyncIterator
from random import randrange
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from bina.web.access import Person, Session, secret_of, settings_of
from bina.web.live.hub import Hub, Reader
from bina.web.live.subjects import read_stream
from bina.web.permissions import may
from bina.web.sessions.cookie import idle_of
from bina.web.tracing import STREAM

HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
"""What stands between neither packs nor gathers lines."""


def router(service: str) -> APIRouter:
    """The one stream route of a service."""
    routes = APIRouter()

    @routes.get(f"/{service}{STREAM}")
    async def stream(
        request: Request,
        _person: Annotated[Person, may("live.read")],
        tentang: Annotated[str, Query(max_length=16_000)],
        sejak: Annotated[str, Query(max_length=40)] = "",
    ) -> Response:
        """What the page that was given this token is about has changed since the version `sejak`, or the one in
        `Last-Event-ID`. Ends with the session, which it does not keep alive."""
        session: Session = request.state.session
        about = read_stream(tentang, session.session_id, secret_of(request))
        until = min(session.ends, session.seen + idle_of(settings_of(request)).total_seconds())
        hub: Hub = request.app.state.hub
        reader = hub.join(session, about, request.headers.get("last-event-id") or sejak, until)
        return StreamingResponse(_lines(hub, reader), media_type="text/event-stream", headers=HEADERS)

    return routes


async def _lines(hub: Hub, reader: Reader) -> AsyncIterator[str]:
    """Events, each of them the page's newest version; after the end the browser comes again within a few seconds."""
    try:
        yield f"retry: {randrange(1000, 5000)}\n\n"  # noqa: S311 - only spreads what would come at once
        while (version := await reader.next()) is not None:
            yield f"event: changed\nid: {version}\ndata: {version}\n\n" if version else ":\n\n"
    finally:
        hub.leave(reader)
