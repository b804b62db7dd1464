"""What the services count while they live: a life's figures end with it, so they are read again and again."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

EVERY_SECONDS = 1.0
COUNTED = {"bina_messages_total", "bina_transient_retries_total", "bina_outbox_published_total"}
Figures = Counter[str]


def figures_of(text: str) -> Figures:
    """The counters looked at, by name or, for messages, by outcome."""
    found: Figures = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in COUNTED:
                found[sample.labels.get("outcome", sample.name)] += int(sample.value)
    return found


class Counts:
    """Sums over all lives of all services; a life's last second is not in them."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self._last: dict[str, Figures] = {name: Counter() for name in ports}
        self._ended: Figures = Counter()
        self._task: asyncio.Task[None]

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch())

    @property
    def total(self) -> Figures:
        """What all lives counted, as far as it was heard."""
        return sum(self._last.values(), Counter(self._ended))

    async def _watch(self) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as http:
            while True:
                for name, port in self._ports.items():
                    with contextlib.suppress(httpx.HTTPError):
                        answer = await http.get(f"http://127.0.0.1:{port}/metrics")
                        self.heard(name, figures_of(answer.text))
                await asyncio.sleep(EVERY_SECONDS)

    def heard(self, name: str, now: Figures) -> None:
        """A figure that fell belongs to a new life."""
        before = self._last[name]
        if any(now[figure] < many for figure, many in before.items()):
            self._ended += before
        self._last[name] = now

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
