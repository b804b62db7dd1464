"""How often somebody may ask: a person, an agency as a whole, and an address that nobody has signed in from.

Token buckets in each worker's memory, without a query per request. What they protect is the worker itself, so what all
workers take grows with them: a budget is what one worker grants, and workers come and go while the others run.
"""

import math
import re
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from ipaddress import IPv6Address, ip_address, ip_network

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from bina.web.access import Person, visitor
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.problems import Problem, answer
from bina.web.tracing import PROBES

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_FREE = (*PROBES, "/static/")
_MINUTE = 60.0
_MOST_KEYS = 50_000
"""Buckets that are not full, of one budget; a bucket takes about 200 bytes. Past that the longest untouched goes."""


class Rates(BaseSettings):
    """Requests a minute that one worker takes; so many may also come at once. Names are prefixed with BINA_RATE_."""

    model_config = SettingsConfigDict(env_prefix="BINA_RATE_", extra="ignore")

    person_reads: int = Field(default=600, ge=1)
    """Pages and questions of one person; a page asks for its fragments too."""
    person_commands: int = Field(default=300, ge=1)
    """Forms and commands of one person."""
    agency_reads: int = Field(default=12_000, ge=1)
    """Pages and questions of all of an agency's people and machines together."""
    agency_commands: int = Field(default=6_000, ge=1)
    """Forms and commands of all of an agency's people and machines together."""
    address_reads: int = Field(default=1_200, ge=1)
    """Pages from one address without a session; a whole office may stand behind it."""
    address_commands: int = Field(default=240, ge=1)
    """Forms from one address without a session."""
    address_entries: int = Field(default=120, ge=1)
    """Sign-ins, uses of personal links and certificates' codes from one address, with or without a session: what
    guessing needs."""


class Buckets:
    """One budget's buckets by key. Kept is only when a bucket will be full again (the generic cell rate algorithm)."""

    def __init__(self, per_minute: int, most: int = _MOST_KEYS) -> None:
        self._cost = _MINUTE / per_minute
        self._most = most
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str, now: float) -> float:
        """Take a token; 0, or in how many seconds there will be one."""
        full_at = max(self._full_at.get(key, now), now) + self._cost
        wait = full_at - now - _MINUTE
        if wait > 0:
            return wait
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        self._forget(now)
        return 0.0

    def _forget(self, now: float) -> None:
        """Let go what is full again, a few at a time, and whatever is too many."""
        for _again in range(2):
            longest_untouched = next(iter(self._full_at.values()))
            if longest_untouched <= now or len(self._full_at) > self._most:
                self._full_at.popitem(last=False)


class Limiter:
    """All budgets of a worker."""

    def __init__(self, rates: Rates) -> None:
        self._budgets = {name: Buckets(per_minute) for name, per_minute in rates.model_dump().items()}

    def wait(self, charges: Sequence[tuple[str, str]]) -> float:
        """Charge (budget, key) each; 0, or how many seconds to wait."""
        now = time.monotonic()
        return max(self._budgets[budget].take(key, now) for budget, key in charges)


class RateLimit:
    """Answers 429 with `Retry-After` to whoever asks too often; probes and static files are free."""

    def __init__(self, app: ASGIApp, entries: Sequence[re.Pattern[str]]) -> None:
        """`entries`: paths at which somebody proves who they are."""
        self.app = app
        self.entries = entries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith(_FREE):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        wait = scope["app"].state.limiter.wait(list(self._charges(request)))
        if wait > 0:
            await (await answer(request, too_many(wait)))(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _charges(self, request: Request) -> Iterator[tuple[str, str]]:
        person, kind = visitor(request), "reads" if request.method in _READING else "commands"
        if person is None:
            yield f"address_{kind}", network_of(request)
        else:
            yield from _own(person, kind)
        if any(path.match(request.url.path) for path in self.entries):
            yield "address_entries", network_of(request)


def network_of(request: Request) -> str:
    """Whence it came: the address, of IPv6 the network that one subscriber is given."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else host


def too_many(seconds: float) -> Problem:
    """429: nothing was done; the same request may come again after `Retry-After` seconds."""
    wait = math.ceil(seconds)
    return Problem(
        "too-many-requests",
        429,
        _("Terlalu banyak permintaan dalam waktu singkat."),
        _("Permintaan ini belum diproses."),
        mend=counted("Tunggu %(n)s detik, lalu coba lagi.", wait) % {"n": wait},
        headers={"Retry-After": str(wait)},
    )


def _own(person: Person, kind: str) -> Iterator[tuple[str, str]]:
    """A person's budget and their agency's. A machine has its agency's alone, or one as large where it has none."""
    if person.person_id:
        yield f"person_{kind}", str(person.person_id)
    if person.agency_code or not person.person_id:
        yield f"agency_{kind}", person.agency_code or f"machine:{person.name}"
