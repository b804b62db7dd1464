import asyncio
from datetime import UTC, datetime

from aiokafka.partitioner import DefaultPartitioner

from bina.messaging.relay import _send, acknowledged_prefix


def row(number: int, key: str) -> dict:
    return {"id": number, "topic": "t", "key": key}


def test_only_the_acknowledged_prefix_of_a_key_is_marked():
    rows = [row(1, "a"), row(2, "b"), row(3, "a"), row(4, "b"), row(5, "a")]
    results = ["ok", "ok", ConnectionError(), "ok", "ok"]
    assert [r["id"] for r in acknowledged_prefix(rows, results)] == [1, 2, 4]


def test_everything_acknowledged_is_marked():
    rows = [row(1, "a"), row(2, "b")]
    assert acknowledged_prefix(rows, ["ok", "ok"]) == rows


class Growing:
    """A producer whose topic grows with each look at its map."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, int]] = []
        self._many = 3

    async def partitions_for(self, topic: str) -> set[int]:
        self._many *= 3
        return set(range(self._many))

    async def send(self, topic: str, value: bytes, *, key: bytes, partition: int, headers: object) -> object:
        self.sent.append((key, partition))
        answer = asyncio.get_running_loop().create_future()
        answer.set_result(None)
        return answer


async def test_a_chunk_goes_by_one_map_of_partitions():
    rows = [
        {
            "topic": "t",
            "key": f"key {n % 10}",
            "value": b"{}",
            "event_id": n,
            "type": "x.v1",
            "time": datetime(2026, 11, 20, tzinfo=UTC),
            "correlation_id": "",
            "causation_id": "",
            "version": 1 + n // 10,
            "traceparent": "",
        }
        for n in range(40)
    ]
    producer = Growing()
    await _send(producer, rows, "test")
    assert len(producer.sent) == 40
    assert len(set(producer.sent)) == 10
    place = DefaultPartitioner()
    assert all(partition == place(key, list(range(9)), ()) for key, partition in producer.sent)
