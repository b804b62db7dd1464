"""Outermost layer of the application: which trace a request belongs to, how long it took, what it was answered."""

import time

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bina.messaging import telemetry
from bina.messaging.metrics import Metrics

PROBES = ("/healthz", "/readyz", "/metrics")
"""Asked every few seconds, and no beginning of anything."""
STREAM = "/langsung"
"""How the address of each service's stream ends: it goes on as long as somebody reads it."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Requests:
    """Counts, times and traces requests by their route's template: paths name people, and have no end."""

    def __init__(self, app: ASGIApp, service: str, metrics: Metrics) -> None:
        self.app = app
        self.api = f"/{service}/api/v1"
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        streams = scope["path"].endswith(STREAM)
        status, started, taken = 500, time.perf_counter(), 0.0

        async def noting(message: Message) -> None:
            nonlocal status, taken
            if message["type"] == "http.response.start":
                status, taken = message["status"], time.perf_counter() - started
            await send(message)

        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        given, keep = (
            Request(scope).headers.get("traceparent", ""),
            not (streams or scope["path"].startswith(PROBES)),
        )
        with telemetry.serving(method, given, keep=keep) as answered:
            try:
                await self.app(scope, receive, noting)
            finally:
                route = self._route_of(scope)
                answered(route, status)
                whole = time.perf_counter() - started
                self.metrics.answered(method, route or "other", status, taken if streams else whole)

    def _route_of(self, scope: Scope) -> str:
        """The template; empty where no route of the service was meant."""
        path: str = getattr(scope.get("route"), "path", "")
        return self.api + path if path and scope["path"].startswith(f"{self.api}/") else path
