"""Sending a request as somebody: with the session, the form's token and the command's key that it needs."""

import re
from collections.abc import Iterator, Mapping
from uuid import uuid4

import httpx
from fastapi import FastAPI, Request
from fastapi.routing import RouteContext, iter_route_contexts

from bina.web.access import Person, issue_token, read_token
from bina.web.app import names_of
from bina.web.forms import form_token
from bina.web.permissions import May

from .inventory import ROUTES
from .law import Asker
from .people import ASKER, HERE
from .trying import Ask, Tried
from .worlds import SECRET

REFUSALS = {"not-signed-in", "forbidden", "out-of-scope", "not-found", "nip-other-agency"}


def guarded(app: FastAPI) -> Iterator[tuple[str, RouteContext, str]]:
    """(method and path, route, action) of every route that names one; those that erase come last."""
    found = []
    for route in iter_route_contexts(app.routes):
        for call in _calls(getattr(route, "dependant", None)):
            if isinstance(call, May):
                method = next(iter(sorted(route.methods or ())))
                path = re.sub(r":\w+}", "}", route.path or "")
                found.append((f"{method} {path}", route, call.action))
    return iter(sorted(found, key=lambda one: (one[0].startswith("DELETE"), "ops" not in one[0], one[0])))


def tried(name: str, route: RouteContext) -> Tried:
    known = [ROUTES[one] for one in sorted(names_of(route)) if one in ROUTES]
    assert known, (
        f"{name} is new: say in tests/access/inventory.py, under ROUTES, with whose records it is tried and how its"
        f" path ({', '.join(re.findall(r'{(.+?)}', name)) or 'no parameters'}), query, body or form is filled"
    )
    return known[0]


def browser(app: FastAPI, asker: Asker) -> httpx.AsyncClient:
    cookies = {"bina_guest": "guest-of-the-tests"}
    if asker.roles:
        person = Person(ASKER.asn_id, ASKER.name, frozenset(asker.roles), HERE, asker.unit)
        cookies["bina_session"] = issue_token(person, SECRET)
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    return httpx.AsyncClient(transport=transport, base_url="http://bina.test", cookies=cookies)


async def send(app: FastAPI, client: httpx.AsyncClient, name: str, ask: Ask) -> httpx.Response:
    method, _space, template = name.partition(" ")
    path = template.format_map({key: str(value) for key, value in ask.path.items()})
    options: dict[str, object] = {"params": {key: str(value) for key, value in ask.query.items()}}
    if method != "GET" and "/api/" in path:
        options |= {"headers": {"Idempotency-Key": uuid4().hex}}
        options |= {"json": ask.json} if method != "DELETE" else {}
    elif method != "GET":
        options |= {"data": {**_hidden(app, client), **{k: str(v) for k, v in ask.form.items()}}}
    return await client.request(method, path, **options)  # type: ignore[arg-type]


def refused(answer: httpx.Response) -> bool:
    if answer.status_code == 303:
        return answer.headers["location"].startswith("/masuk")
    if answer.status_code not in (401, 403, 404, 409):
        return False
    if "json" in answer.headers["content-type"]:
        return answer.json()["type"].removeprefix("urn:bina:problem:") in REFUSALS
    return answer.status_code != 409 or "instansi lain" in answer.text


def _hidden(app: FastAPI, client: httpx.AsyncClient) -> Mapping[str, str]:
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    scope = {"type": "http", "method": "GET", "path": "/", "app": app, "query_string": b""}
    request = Request({**scope, "headers": [(b"cookie", cookies.encode())]})
    session = client.cookies.get("bina_session")
    request.state.visitor = read_token(session, SECRET) if session else None
    return {"form_token": form_token(request), "command_key": uuid4().hex}


def _calls(dependant: object) -> Iterator[object]:
    for inner in getattr(dependant, "dependencies", ()):
        yield inner.call
        yield from _calls(inner)
