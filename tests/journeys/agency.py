"""An agency's own system: it knows its two topics and the contracts' words, and nothing else of Bina."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from bina_local.broker import reader, records_until_end
from bina_local.publication import RawRecord, send_raw
from journeys.running import Bina, eventually

REQUEST = "enrollment.requested.v1"
WITHDRAWAL = "withdrawal.requested.v1"
RESULT = "training.result.reported.v1"

Answers = dict[str, list[dict[str, Any]]]
"""What was answered, by the request's id, in order."""


class AgencySystem:
    def __init__(self, bina: Bina, code: str) -> None:
        self._bina = bina
        self.code = code
        self.inbound = f"agency.enrollments.{code}"

    def record(
        self, kind: str, body: dict[str, Any], *, event_id: str = "", at: datetime | None = None
    ) -> RawRecord:
        """A CloudEvent in Kafka's binary mode."""
        headers = {
            "ce_specversion": "1.0",
            "ce_id": event_id or str(uuid4()),
            "ce_source": f"urn:simpeg:{self.code}",
            "ce_type": kind,
            "ce_time": (at or self._bina.now()).isoformat(),
            "content-type": "application/json",
        }
        return RawRecord(
            self.inbound,
            str(body["nip"]).encode(),
            [(name, text.encode()) for name, text in headers.items()],
            json.dumps(body).encode(),
        )

    async def publish(self, records: Iterable[RawRecord]) -> list[str]:
        """Write records one after the other; gives their ids."""
        records = list(records)
        await send_raw(self._bina.kafka_of(self.code), records)
        return [id_of(record) for record in records]

    async def tell(self, kind: str, **body: Any) -> dict[str, Any]:
        """Publish one event and wait for its answer."""
        (id_,) = await self.publish([self.record(kind, body)])
        (answer,) = (await self.answers([id_]))[id_]
        return answer

    async def answers(self, ids: Iterable[str], seconds: float = 90) -> Answers:
        """Every answer so far, once each of the ids has one."""
        wanted = set(ids)

        async def all_answered() -> Answers | None:
            found = await self.answered()
            return found if wanted <= found.keys() else None

        return await eventually(all_answered, seconds)

    async def answered(self) -> Answers:
        """Every answer on the agency's topic up to now.

        Kafka may carry a fact again after a crash; by CloudEvents it is the same one, by its id.
        """
        found: Answers = defaultdict(list)
        seen: set[bytes] = set()
        async with reader(self._bina.kafka_of(self.code), f"agency.outcomes.{self.code}") as client:
            async for record in records_until_end(client):
                own_id = dict(record.headers)["ce_id"]
                if own_id not in seen:
                    seen.add(own_id)
                    answer = json.loads(record.value or b"{}")
                    found[answer["request_id"]].append(answer)
        return dict(found)


def id_of(record: RawRecord) -> str:
    return dict(record.headers).get("ce_id", b"").decode(errors="replace")


def codes_of(answer: dict[str, Any]) -> list[str]:
    """The codes of an answer's problems."""
    return [problem["code"] for problem in answer["problems"]]
