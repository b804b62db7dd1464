"""An agency listens to its answers while the broker comes and goes."""

import asyncio
import json

from aiokafka.errors import KafkaError

from bina.messaging.cluster import Cluster
from bina_local.broker import reader

PAUSE_SECONDS = 0.4


class Ears:
    """Hears one agency's answers from the beginning of its topic, and tells whoever waits for one."""

    def __init__(self, cluster: Cluster, agency: str) -> None:
        self._cluster = cluster
        self._topic = f"agency.outcomes.{agency}"
        self._heard: set[str] = set()
        self._awaited: dict[str, asyncio.Event] = {}
        self._task = asyncio.create_task(self._listen())

    async def answer_to(self, event_id: str) -> None:
        """Return once an event was answered."""
        if event_id not in self._heard:
            await self._awaited.setdefault(event_id, asyncio.Event()).wait()

    def _hear_of(self, event_id: str) -> None:
        self._heard.add(event_id)
        if event_id in self._awaited:
            self._awaited.pop(event_id).set()

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except (KafkaError, OSError):
                await asyncio.sleep(PAUSE_SECONDS)

    async def _hear(self) -> None:
        async with reader(self._cluster, self._topic) as client:
            while True:
                for batch in (await client.getmany(timeout_ms=500)).values():
                    for record in batch:
                        self._hear_of(json.loads(record.value or b"{}")["request_id"])

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
