"""One application per service: API under `/<service>/api/v1`, pages under `/<service>/…`, closed by default."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.responses import JSONResponse
from fastapi.routing import RouteContext, iter_route_contexts
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bina.messaging.database import is_transient
from bina.messaging.runtime import Runtime
from bina.web import ops, preferences, problems, static
from bina.web.access import open_to_all, task_link
from bina.web.audit import api as audit_api
from bina.web.audit import pages as audit_pages
from bina.web.audit.sealing import Sealer, sealer_of
from bina.web.branch import Branch
from bina.web.expiring import Expiring, Expiry
from bina.web.forms import form_guard
from bina.web.headers import Envelope
from bina.web.limits import BodyLimit
from bina.web.live import Hub, Subject
from bina.web.live import route as live
from bina.web.openapi import Application, dependencies_of
from bina.web.pages import Pages
from bina.web.permissions import TABLE, May, Table, is_guard
from bina.web.rates import Limiter, RateLimit, Rates
from bina.web.retention import Periods
from bina.web.sessions import Asking, kept_forms
from bina.web.sessions.ended import Ended
from bina.web.tracing import Requests

_READING = {"GET", "HEAD", "OPTIONS"}
_SCRAPE_SECONDS = 8.0
"""Shorter than Prometheus waits by default: what counts in this process is told although the database hangs."""
# FastAPI's own spans carry the path and the query, in which personal links' tokens and NIP stand.
_NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)


class UnguardedRoute(Exception):  # noqa: N818 - names the finding
    """A route that names no one who may enter, or a form that anyone's page could send."""


def create_app(
    runtime: Runtime,
    *,
    title: str,
    api_routers: Sequence[APIRouter] = (),
    page_routers: Sequence[APIRouter] = (),
    subjects: Sequence[Subject] = (),
    table: Table = TABLE,
    expiries: Sequence[Expiry] = (),
) -> FastAPI:
    """Put a service's routers into the shell.

    API routers are mounted under `/<service>/api/v1`; page routers write their full paths; `subjects` are
    what its pages hear of. Raises `UnguardedRoute`
    when a route carries none of `may(…)`, `Visitor`, `LinkedTask`, changes something by an action that only reads,
    is open without standing in the table, or takes an unguarded form.
    """
    service = runtime.service.name
    api = f"/{service}/api/v1"
    app = Application(
        title=title,
        openapi_url=f"{api}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        telemetry=_NO_TELEMETRY,
    )
    app.state.runtime = runtime
    app.state.settings = runtime.settings
    app.state.draining = False
    app.state.limiter = Limiter(Rates())
    app.state.periods = Periods.read(runtime.settings.retention)
    app.state.sealer = Sealer(runtime)
    app.state.ended = Ended()
    app.state.hub = Hub(runtime.sessions, [*ops.SUBJECTS, *subjects], app.state.ended)
    runtime.beside.append(app.state.sealer.run)
    runtime.hourly.append(Expiring(app.state.periods, expiries).run)
    app.state.shell_pages = Pages(service)
    problems.install(app)
    shell = (
        ops.page_router(service),
        audit_pages.page_router(service),
        preferences.router(service),
        kept_forms.router(service),
        live.router(service),
    )
    for router in (*page_routers, *shell):
        app.include_router(Branch(router), include_in_schema=False)
    for router in (*api_routers, ops.api_router(), audit_api.api_router()):
        app.include_router(Branch(router, api))  # routes are tried in turn, and pages are asked for most
    _refuse_unguarded(app, table)
    app.router.routes.append(static.route())
    app.include_router(_probes(), include_in_schema=False)
    app.add_middleware(BodyLimit)
    app.add_middleware(RateLimit, entries=_entries(app))
    app.add_middleware(Asking)
    app.add_middleware(Envelope, service=service)
    app.add_middleware(Requests, service=service, metrics=runtime.metrics)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    runtime: Runtime = app.state.runtime
    await runtime.start()
    try:
        yield
    finally:
        await runtime.stop()


def _probes() -> APIRouter:
    routes = APIRouter()

    @routes.get("/healthz")
    async def healthz(request: Request) -> Response:
        return _probe(request.app.state.runtime.healthy())

    @routes.get("/readyz")
    async def readyz(request: Request) -> Response:
        return _probe(request.app.state.runtime.ready())

    @routes.get("/readyz/http")
    async def takes_requests(request: Request) -> Response:
        """For a gateway: a worker takes requests even while the broker is away, until it is to end."""
        return _probe(not request.app.state.draining)

    @routes.get("/metrics")
    async def metrics(request: Request) -> Response:
        runtime: Runtime = request.app.state.runtime
        try:
            async with asyncio.timeout(_SCRAPE_SECONDS):
                await runtime.status()  # sets the gauges
                await sealer_of(request.app).measure()
        except Exception as error:
            if not is_transient(error):
                raise
            runtime.metrics.forget()
        return Response(generate_latest(runtime.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return routes


def _probe(ok: bool) -> Response:  # noqa: FBT001 - its one meaning is in the caller's name
    return JSONResponse({"ok": ok}, 200 if ok else 503)


def _refuse_unguarded(app: FastAPI, table: Table) -> None:
    for route in iter_route_contexts(app.routes):
        dependant: Dependant | None = getattr(route, "dependant", None)
        if dependant is None:
            continue
        calls = set(dependencies_of(dependant))
        if not any(is_guard(call) for call in calls):
            raise UnguardedRoute(f"{_name(route)} names no one who may enter")
        if _takes_form(route) and form_guard not in calls:
            raise UnguardedRoute(f"{_name(route)} takes a form without PageCommand or GuardedForm")
        _refuse_unlisted(route, calls, table)


def _refuse_unlisted(route: RouteContext, calls: set[object], table: Table) -> None:
    for guard, listed in ((open_to_all, table.visitor), (task_link, table.link)):
        if guard in calls and not names_of(route) & listed:
            raise UnguardedRoute(f"{_name(route)} is open, but not in access_table.toml")
    wrong = [
        call.action
        for call in calls
        if isinstance(call, May) and _writes(route) != (call.action in table.writes)
    ]
    if wrong:
        raise UnguardedRoute(f"{_name(route)} and {wrong}: one reads, the other writes")


def names_of(route: RouteContext) -> set[str]:
    """How the table may name a route: in full, or with `*` for the service."""
    method = next(iter(sorted(route.methods or ())))
    path = re.sub(r":\w+}", "}", route.path or "")
    return {f"{method} {path}", f"{method} /*/{path.partition('/')[2].partition('/')[2]}"}


def _writes(route: RouteContext) -> bool:
    return bool((route.methods or set()) - _READING)


def _entries(app: FastAPI) -> list[re.Pattern[str]]:
    """Where a person or a machine signs in, shows a personal link, or a certificate's code."""
    routes = [route for route in iter_route_contexts(app.routes) if getattr(route, "dependant", None)]
    links = [route.path_regex for route in routes if task_link in set(dependencies_of(route.dependant))]
    codes = re.compile("^/enrollment/(verifikasi|api/v1/certificates)/")
    return [re.compile("^(/masuk/kembali|/[a-z]+/api/v1/token)$"), codes, *links]


def _takes_form(route: RouteContext) -> bool:
    return _writes(route) and not problems.is_api(route.path or "")


def _name(route: RouteContext) -> str:
    return f"{'/'.join(sorted(route.methods or ()))} {route.path}"
