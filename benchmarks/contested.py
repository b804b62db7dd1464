"""Everybody wants the same run: requests a second for its few seats, over HTTP one by one, in batches, and from a topic.

The whole system as `bina up` starts it, without the demonstration. Each way has a run of its own, of which all but
SEATS wait, and begins when all services have done what followed from the one before; a request counts once it is
decided. The baselines are what is wanted: 800 a second over HTTP, 3,000 from topics.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx

from bina.events import Envelope
from bina.events.agency import EnrollmentRequested
from bina.messaging import new_id
from bina.messaging.records import encode_headers, encode_value
from bina.web.access import Person, issue_token
from bina_local.broker import producer
from bina_local.context import Context
from bina_local.demo.load_doors import Doors
from bina_local.demo.load_quiet import Quiet

from .client import Client
from .figures import Figure, figure, say
from .scenarios import nip
from .system import BINA, start

AGENCY, SPACE = "5571", UUID("5b7a2f66-2f0e-4a0c-9a50-8b1f4f9f1b0e")
SEATS, PEOPLE = 100, 10_000
ALONE, BATCH = 3_000, 200
CLERKS, SENDERS = 128, 8
"""Who ask one by one at once, each within what one person may; who send batches."""
WANTED = {"http.single": 800.0, "http.batch": 800.0, "topic": 3_000.0}
API = "/enrollment/api/v1"


async def measure(runs: int) -> list[Figure]:
    """Requests a second of each way and run."""
    found: dict[str, list[float]] = {name: [] for name in WANTED}
    with tempfile.TemporaryDirectory(prefix="bina-bench-up-") as folder:
        system = await start(folder, "--empty")
        try:
            town = await _town(folder, runs)
            async with Doors.open(town.context, "contested") as doors, Quiet.open(doors, [AGENCY]) as quiet:
                for number in range(runs):
                    for name, ask in WAYS.items():
                        await quiet.everything()
                        found[name].append(await ask(town, f"BEREBUT-{name}-{number}"))
                    rates = (f"{name} {rate[-1]:,.0f}/s" for name, rate in found.items())
                    say(f"contested run {number + 1}: {', '.join(rates)}")
        finally:
            await system.stop()
    note = f"one run of {SEATS} seats; baseline is the target"
    return [figure(f"contested.{name}", found[name], "requests/s", [WANTED[name]], note) for name in WANTED]


@dataclass(frozen=True)
class Town:
    """The system with its agency's people and runs; `clerks` send."""

    context: Context
    clerks: Sequence["Clerk"]
    teller: httpx.AsyncClient

    async def stands(self, run: str) -> int:
        """How many of a run's requests were decided."""
        shown = (await self.teller.get(f"{API}/runs/{run}")).raise_for_status().json()
        return int(shown["taken"]) + int(shown["waiting"])


class Clerk:
    """Who asks, signed in, over a connection of their own."""

    def __init__(self, context: Context) -> None:
        self._http = Client(context.url)
        self._headers = {"Authorization": f"Bearer {_token(context.secret, 'operator')}"}

    async def send(self, path: str, body: Any) -> None:
        """Ask under a key of its own; whatever is not accepted ends the measurement."""
        headers = self._headers | {"Idempotency-Key": str(uuid4())}
        status = await self._http.post(f"{API}/{path}", headers, body)
        assert status < 300, status


async def _town(folder: str, runs: int) -> Town:
    adding = await asyncio.create_subprocess_exec(
        BINA,
        "agency",
        "add",
        AGENCY,
        "Pemerintah Kota Jambi",
        "--state",
        folder,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await adding.wait() == 0
    context = Context.of(Path(folder))
    async with _client(context, "platform") as platform:
        await _fill(platform, runs)
    return Town(context, [Clerk(context) for _ in range(CLERKS)], _client(context, "operator"))


def _client(context: Context, role: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {_token(context.secret, role)}"}
    return httpx.AsyncClient(base_url=context.url, headers=headers, trust_env=False, timeout=120)


def _token(secret: str, role: str) -> str:
    return issue_token(Person(uuid4(), "Uji", frozenset({role}), AGENCY), secret)


async def _fill(platform: httpx.AsyncClient, runs: int) -> None:
    for numbers in _cut(PEOPLE, 1_000):
        rows = [{"id": str(uuid5(SPACE, str(n))), "nip": nip(n), "name": f"Pegawai {n}"} for n in numbers]
        await _send(platform, "asn", {"items": [row | {"agency_code": AGENCY} for row in rows]})
    await _send(platform, "programmes", {"items": [{"code": "BEREBUT", "name": "Berebut Kursi", "jp": 20}]})
    dates = {"starts_on": "2099-01-01", "ends_on": "2099-01-05"}
    common = {"programme": "BEREBUT", "organiser": AGENCY, "seats": SEATS} | dates
    codes = [f"BEREBUT-{name}-{number}" for name in WANTED for number in range(runs)]
    await _send(platform, "runs", {"items": [common | {"code": code} for code in codes]})


async def _alone(town: Town, run: str) -> float:
    async def ask(clerk: Clerk, numbers: Sequence[int]) -> None:
        await clerk.send("enrolments", {"run": run, "nip": nip(numbers[0])})

    seconds = await _timed(town.clerks, _cut(ALONE, 1), ask)
    assert await town.stands(run) == ALONE
    return ALONE / seconds


async def _batches(town: Town, run: str) -> float:
    async def ask(clerk: Clerk, numbers: Sequence[int]) -> None:
        await clerk.send("events", [_sent(n, run) for n in numbers])

    seconds = await _timed(town.clerks[:SENDERS], _cut(PEOPLE, BATCH), ask)
    assert await town.stands(run) == PEOPLE
    return PEOPLE / seconds


Asking = Callable[[Clerk, Sequence[int]], Awaitable[None]]


async def _timed(clerks: Sequence[Clerk], waiting: Iterator[range], ask: Asking) -> float:
    """Seconds in which the clerks ask for all, each for the next ones that nobody asked for yet."""
    begun = time.perf_counter()
    await asyncio.gather(*(_in_turn(clerk, waiting, ask) for clerk in clerks))
    return time.perf_counter() - begun


async def _in_turn(clerk: Clerk, waiting: Iterator[range], ask: Asking) -> None:
    for numbers in waiting:
        await ask(clerk, numbers)


async def _topic(town: Town, run: str) -> float:
    cluster = town.context.kafka_of(AGENCY)
    records = [_record(n, run) for n in range(PEOPLE)]
    begun = time.perf_counter()
    async with producer(cluster) as kafka:
        for record in records:
            await kafka.send(f"agency.enrollments.{AGENCY}", **record)
        await kafka.flush()
    while await town.stands(run) < PEOPLE:  # noqa: ASYNC110 - another process decides
        await asyncio.sleep(0.02)
    return PEOPLE / (time.perf_counter() - begun)


def _sent(n: int, run: str) -> dict[str, Any]:
    event = EnrollmentRequested(nip=nip(n), run_code=run)
    envelope = _envelope(event)
    attributes = {"specversion": "1.0", "id": envelope.id, "source": "bench", "type": event.type}
    return attributes | {"time": envelope.time.isoformat(), "data": event.model_dump(mode="json")}


def _record(n: int, run: str) -> dict[str, Any]:
    event = EnrollmentRequested(nip=nip(n), run_code=run)
    headers = encode_headers(_envelope(event))
    return {"key": event.key.encode(), "value": encode_value(event), "headers": headers}


def _envelope(event: EnrollmentRequested) -> Envelope:
    return Envelope(str(new_id()), "bench", event.type, datetime.now(UTC), event.key)


async def _send(client: httpx.AsyncClient, path: str, body: Any) -> None:
    answer = await client.post(f"{API}/{path}", json=body, headers={"Idempotency-Key": str(uuid4())})
    answer.raise_for_status()


def _cut(count: int, size: int) -> Iterator[range]:
    return (range(place, min(place + size, count)) for place in range(0, count, size))


WAYS = {"http.single": _alone, "http.batch": _batches, "topic": _topic}
