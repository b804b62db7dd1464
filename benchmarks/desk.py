"""The enrollment service as an application without a socket, on a database of its own: what its pages take is theirs alone."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx

import enrollment.app
from bina.messaging.runtime import Runtime
from bina.web.access import Person, issue_token
from enrollment.settings import EnrollmentSettings

from .parts import Parts

AGENCY, SPACE = "5571", UUID("0d6f7a52-6c80-4a5e-9a55-1a3c1f6f5c1f")
API = "/enrollment/api/v1"
_SECRET = "x" * 32


@dataclass(frozen=True)
class Desk:
    """Whoever asks: `platform` records, `operator` is the agency's."""

    runtime: Runtime
    platform: httpx.AsyncClient
    operator: httpx.AsyncClient

    async def record(self, what: str, rows: Sequence[dict[str, Any]]) -> None:
        """Rows of one kind, a thousand at a time."""
        for part in cut(rows, 1_000):
            await send(self.platform, what, {"items": part})


@contextlib.asynccontextmanager
async def desk(parts: Parts) -> AsyncIterator[Desk]:
    """A fresh one with its agency; its database goes with it."""
    url = await parts.database(enrollment.app.service)
    settings = EnrollmentSettings(
        database_url=url, kafka="127.0.0.1:1", secret=_SECRET, public_url="http://bench"
    )
    app = enrollment.app.create(settings)
    transport = httpx.ASGITransport(app)
    async with _client(transport, "platform") as platform, _client(transport, "operator") as operator:
        found = Desk(app.state.runtime, platform, operator)
        await found.record("agencies", [{"code": AGENCY, "name": "Instansi Pengukuran"}])
        yield found
    await app.state.runtime.engine.dispose()
    await parts.drop(url)


def person_id(number: int) -> str:
    """A person's identity by number."""
    return str(uuid5(SPACE, str(number)))


async def send(client: httpx.AsyncClient, path: str, body: Any) -> httpx.Response:
    """One command with a key of its own."""
    answer = await client.post(f"{API}/{path}", json=body, headers={"Idempotency-Key": str(uuid4())})
    return answer.raise_for_status()


def cut(rows: Sequence[dict[str, Any]], size: int) -> Iterator[Sequence[dict[str, Any]]]:
    """The rows in parts of a size."""
    return (rows[place : place + size] for place in range(0, len(rows), size))


def _client(transport: httpx.ASGITransport, role: str) -> httpx.AsyncClient:
    token = issue_token(Person(uuid4(), "Uji", frozenset({role}), AGENCY), _SECRET)
    return httpx.AsyncClient(
        base_url="http://bench",
        transport=transport,
        headers={"Authorization": f"Bearer {token}"},
        timeout=120,
    )
