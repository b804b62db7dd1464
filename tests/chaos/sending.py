"""Sends commands and events until their outcome is known; every try is in the journal before it goes out."""

import asyncio
import contextlib
import hashlib
from itertools import count
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from bina.messaging.cluster import Cluster
from bina_local.publication import RawRecord
from chaos.journal import Journal
from journeys.agency import id_of
from journeys.running import Caller

PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.4, 2.0
HTTP_SECONDS = 6.0
ACKNOWLEDGED, REFUSED, UNKNOWN = "acknowledged", "refused", "unknown"
UNDECIDED = {408, 425, 429}
IN_PROGRESS = "command-in-progress"


def outcome_of(answer: httpx.Response) -> str:
    """What an answer says of its command; a server that failed, or still works on it, says nothing."""
    if answer.is_success:
        return ACKNOWLEDGED
    if answer.status_code >= 500 or answer.status_code in UNDECIDED or IN_PROGRESS in answer.text:
        return UNKNOWN
    return REFUSED


class Commands:
    """HTTP commands, each with one Idempotency-Key for all its tries."""

    def __init__(self, journal: Journal, prefix: str) -> None:
        self._journal = journal
        self._keys = (f"{prefix}-{number:06}" for number in count(1))

    async def send(self, caller: Caller, path: str, body: Any, expected: str) -> Any:
        """Gives the answer's body; `expected` is noted for the comparison."""
        key = next(self._keys)
        attempt, answer, outcome = 0, None, UNKNOWN
        while answer is None or outcome == UNKNOWN:
            if attempt:
                await asyncio.sleep(pause_after(attempt))
            attempt += 1
            self._journal.write("command", key=key, attempt=attempt, path=path, body=body, expected=expected)
            answer, outcome, detail = await self._try(caller, path, body, key)
            self._journal.write("outcome", key=key, attempt=attempt, outcome=outcome, detail=detail)
        return answer.json()

    async def _try(
        self, caller: Caller, path: str, body: Any, key: str
    ) -> tuple[httpx.Response | None, str, str]:
        headers = {"Idempotency-Key": key}
        try:
            answer = await caller.http.post(path, json=body, headers=headers, timeout=HTTP_SECONDS)
        except httpx.HTTPError as error:
            return None, UNKNOWN, repr(error)
        outcome = outcome_of(answer)
        return answer, outcome, "" if outcome == ACKNOWLEDGED else f"{answer.status_code} {answer.text[:200]}"


class Publisher:
    """Agencies' events; one whose writing is in doubt is written again under its id, as an agency would.

    Some are written again although nothing went wrong: an export that was begun anew.
    """

    def __init__(self, journal: Journal, cluster: Cluster) -> None:
        self._journal = journal
        self._cluster = cluster
        self._producer: AIOKafkaProducer | None = None
        self._opening = asyncio.Lock()

    async def send(self, record: RawRecord, expected: list[list[str]], poison: str = "") -> None:
        """`expected`: which sequences of answers are right; `poison`: the name of what is wrong with it."""
        about = {"id": id_of(record), "topic": record.topic, "digest": digest(record.value)}
        for attempt in count(1):
            self._journal.write("event", **about, attempt=attempt, expected=expected, poison=poison)
            outcome, detail = await self._try(record)
            same = {"id": about["id"], "poison": poison, "attempt": attempt}
            self._journal.write("outcome", **same, outcome=outcome, detail=detail)
            if outcome != ACKNOWLEDGED:
                await asyncio.sleep(pause_after(attempt))
            elif attempt > 1 or poison or not _is_repeated(about["digest"]):
                return

    async def slip_in(self, record: RawRecord) -> None:
        """Write what no service told; once at least."""
        self._journal.write("slipped in", id=id_of(record), topic=record.topic)
        outcome, _ = await self._try(record)
        while outcome == UNKNOWN:
            await asyncio.sleep(PAUSE_SECONDS)
            outcome, _ = await self._try(record)

    async def _try(self, record: RawRecord) -> tuple[str, str]:
        producer = None
        try:
            producer = await self._open()
            await producer.send_and_wait(record.topic, record.value, record.key, headers=record.headers)
        except (KafkaError, OSError) as error:
            await self._give_up(producer)
            return UNKNOWN, repr(error)
        return ACKNOWLEDGED, ""

    async def _open(self) -> AIOKafkaProducer:
        async with self._opening:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self._cluster.client(),
                    acks="all",
                    enable_idempotence=True,
                    request_timeout_ms=10_000,
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def _give_up(self, producer: AIOKafkaProducer | None) -> None:
        """Its sequence numbers are not to be trusted any more."""
        if producer is not None and self._producer is producer:
            self._producer = None
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                await asyncio.wait_for(producer.stop(), 5)

    async def close(self) -> None:
        await self._give_up(self._producer)


def pause_after(attempt: int) -> float:
    return min(LONGEST_PAUSE_SECONDS, PAUSE_SECONDS * attempt)


def _is_repeated(digest: str) -> bool:
    return digest < "08"


def digest(value: bytes | None) -> str:
    return hashlib.sha256(value or b"").hexdigest()[:16]
