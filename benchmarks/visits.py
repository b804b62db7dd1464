"""Who looks at which page of the demonstration world: the mix of an office's day, through the gateway."""

import asyncio
import contextlib
import random
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from bina.web.access import Person, issue_token
from bina_local.addresses import Addresses
from bina_local.services import signing_secret
from bina_local.state import State

from .system import start

PEOPLE = 400
SHARES = {"asn": 80, "head": 8, "operator": 8, "platform": 4}
"""Of a hundred visits, by role."""
PLACES = {
    "asn": (
        "/beranda",
        "/evaluation/potongan/beranda",
        "/assessment/potongan/beranda",
        "/notification/potongan/beranda",
        "/enrollment/katalog",
        "/enrollment/angkatan/{run}",
        "/enrollment/jp",
        "/assessment/tes",
        "/assessment/profil",
        "/evaluation/tugas",
        "/notification/kotak-masuk",
        "/notification/preferensi",
    ),
    "head": ("/beranda", "/enrollment/instansi", "/evaluation/dampak"),
    "operator": ("/enrollment/angkatan/{run}", "/evaluation/penilai", "/notification/buku-kirim"),
    "platform": ("/enrollment/ops", "/evaluation/ops", "/notification/ops", "/enrollment/ops/audit"),
}


@dataclass(frozen=True)
class Visit:
    """A person's look at a page."""

    path: str
    token: str


@dataclass(frozen=True)
class Site:
    """The running demonstration: its address, whoever may sign in, what may be looked at."""

    url: str
    secret: str
    people: Sequence[dict[str, Any]]
    runs: Sequence[dict[str, Any]]

    def visits(self, count: int, seed: int = 4) -> list[Visit]:
        """So many, the same for the same seed; each person comes about as often as any other."""
        drawn = random.Random(seed)
        tokens: dict[tuple[str, str], str] = {}
        found = []
        for _ in range(count):
            (role,) = drawn.choices([*SHARES], [*SHARES.values()])
            who, run = drawn.choice(self.people), drawn.choice(self.runs)
            if role == "operator":  # of a run that their agency organises
                who = next((p for p in self.people if p["agency_code"] == run["organiser"]), who)
            token = tokens.setdefault((who["id"], role), self.token(who, role))
            found.append(Visit(drawn.choice(PLACES[role]).format(run=run["code"]), token))
        return found

    def token(self, who: dict[str, Any], role: str) -> str:
        """A session of a person in a role, besides that of an ASN."""
        roles = frozenset({"platform"} if role == "platform" else {"asn", role})
        return issue_token(Person(UUID(who["id"]), who["name"], roles, who["agency_code"]), self.secret)


@contextlib.asynccontextmanager
async def demonstration() -> AsyncIterator[Site]:
    """`bina up` with its demonstration world in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="bina-bench-up-") as folder:
        system = await start(folder)
        try:
            state = State.at(Path(folder))
            yield await _look_around(Addresses.of(state).url, signing_secret(state))
        finally:
            await system.stop()


async def _look_around(url: str, secret: str) -> Site:
    token = issue_token(Person(None, "bench", frozenset({"platform"})), secret)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=60) as http:
        people, runs = await asyncio.gather(_all(http, "asn", PEOPLE), _all(http, "runs", PEOPLE))
    return Site(url, secret, people, runs)


async def _all(http: httpx.AsyncClient, what: str, most: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while len(found) < most:
        answer = (
            (await http.get(f"/enrollment/api/v1/{what}", params={"limit": 200, **cursor}))
            .raise_for_status()
            .json()
        )
        found += answer["items"]
        if not answer["next"]:
            break
        cursor = {"cursor": answer["next"]}
    return found[:most]
