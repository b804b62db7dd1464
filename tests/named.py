"""Asking a service everything it answers, to see whose names it shows and whether that was noted; and an entry to show."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from bina.messaging.testing import ServiceUnderTest
from bina.web.audit import store
from bina.web.audit.searching import Sought, find
from bina.web.audit.trail import Actor, Trail

EXPORTS = ("/ops/audit/ekspor.csv", "/ops/audit/ekspor.xlsx", "/ops/audit/ekspor.jsonl", "/ops/audit/export")
"""They name everybody: that the audit was taken along is what is noted."""
PROBES = ("/metrics", "/healthz", "/readyz", "/static", "/masuk")


@dataclass
class Shown:
    """Who was named by which address: with a reading of it, and without."""

    noted: list[tuple[str, UUID]] = field(default_factory=list)
    escaped: list[tuple[str, UUID]] = field(default_factory=list)


def addresses(app: FastAPI, fillers: Mapping[str, str], more: Iterable[str] = ()) -> list[str]:
    """Every address that answers, its parameters filled in."""
    paths = {
        re.sub(r":\w+}", "}", route.path or "")
        for route in iter_route_contexts(app.routes)
        if "GET" in (route.methods or ())
    }
    known = {"held_id": "1", "cause": "0" * 12, "redrive_id": "1", "entry_id": "1", "form": "csv"}
    known |= {"kept_id": str(uuid4())} | dict(fillers)
    return [*sorted(path.format(**known) for path in paths if not path.startswith(PROBES)), *more]


async def shown_to(
    client: httpx.AsyncClient,
    service: ServiceUnderTest,
    asked: Iterable[str],
    people: Mapping[UUID, Sequence[str]],
    *,
    reader: UUID | None = None,
) -> Shown:
    """Ask all of it; `people`: what tells that somebody is named, such as a name or a NIP. The reader may be."""
    shown = Shown()
    for path in asked:
        before = await _newest(service)
        answer = (await client.get(path, headers={"X-Fragment": "1"})).text
        noted = await _noted_since(service, before)
        for person, words in people.items():
            if person != reader and any(word in answer for word in words):
                told = str(person) in noted or ("audit" in noted and path.endswith(EXPORTS))
                (shown.noted if told else shown.escaped).append((path, person))
    return shown


async def _newest(service: ServiceUnderTest) -> int:
    return (await service.rows("SELECT coalesce(max(id), 0) AS id FROM audit.entries"))[0].id


async def _noted_since(service: ServiceUnderTest, before: int) -> set[str]:
    async with service.sessions() as session:
        found = await find(session, Sought(kind="reading"), limit=20)
    return {about for entry in found if entry.id > before for about in entry.about}


async def entered(service: ServiceUnderTest, person: UUID, values: Mapping[str, object]) -> int:
    """An entry that names somebody; gives its id."""
    trail = Trail("command", "POST /uji", Actor("service"))
    trail.changed("asn", person, None, values, person=person)
    async with service.sessions() as session, session.begin():
        await store.add(session, trail)
    return await _newest(service)
