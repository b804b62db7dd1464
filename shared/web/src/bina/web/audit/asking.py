"""Who asks, from where, for what: an entry's beginning, read off the request."""

import hashlib
import re
from uuid import UUID

from fastapi import Request

from bina.messaging import outbox, traceparent
from bina.web.access import visitor
from bina.web.audit.trail import Actor, Kind, Trail
from bina.web.forms import guest_id

_FAMILIES = ("Edg", "OPR", "Firefox", "Chrome", "Safari", "python-httpx", "curl")
"""Browsers and programs in the order in which they are to be told apart: each names those it descends from, too."""
_SECRETS = frozenset({"token"})
"""Path parameters that open something."""
_SHORT = re.compile(r"[\w.-]{1,64}")


def begun(request: Request, kind: Kind) -> Trail:
    """An entry about what this request does or reads."""
    place = _place(request)
    detail = {"place": place, "agent": _agent(request), "trace": _trace()}
    actor = _actor(request)
    trail = Trail(kind, _action(request), actor, {name: value for name, value in detail.items() if value})
    who = {"name": actor.name, "address": actor.address}
    trail.keep(
        "actor", {n: v for n, v in who.items() if v}, actor.person_id, actor.name.lower()[:200] or None
    )
    trail.note_about(*place.values())
    return trail


def _actor(request: Request) -> Actor:
    person, address = visitor(request), request.client.host if request.client else ""
    if person is not None:
        return Actor(
            "person" if person.person_id else "machine",
            person.person_id,
            tuple(person.roles),
            person.agency_code,
            person.unit_id,
            person.name,
            address,
        )
    if "token" in request.path_params:
        return Actor("link", address=address, ref=_ref(request.path_params["token"]))
    return Actor("guest", address=address, ref=_ref(guest_id(request)))


def _ref(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def _action(request: Request) -> str:
    """Method and route template: paths name people, templates do not."""
    route = getattr(request.scope.get("route"), "path", "")
    service, path = request.app.state.runtime.service.name, request.url.path
    api = f"/{service}/api/v1"
    return f"{request.method} {api + route if path.startswith(f'{api}/') and not route.startswith(api) else route}"


def _place(request: Request) -> dict[str, str]:
    """What the path names: ids and codes. Not what opens something, nor what could be a person's number."""
    given = {name: str(value) for name, value in request.path_params.items() if name not in _SECRETS}
    return {name: value for name, value in given.items() if _is_open(value)}


def _is_open(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return bool(_SHORT.fullmatch(value)) and not re.search(r"\d{16}", value)
    return True


def _agent(request: Request) -> str:
    """The browser's or program's family; the whole line would tell people apart."""
    line = request.headers.get("user-agent", "")
    return next((family for family in _FAMILIES if family in line), "lain" if line else "")


def _trace() -> str:
    """The id that facts told by this request carry, too: from here to everything that came of it."""
    found = traceparent.parse(outbox.trace.get())
    return f"{found.trace_id:032x}" if found else ""
