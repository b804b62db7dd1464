from bina.messaging.relay import acknowledged_prefix


def row(number: int, key: str) -> dict:
    return {"id": number, "topic": "t", "key": key}


def test_only_the_acknowledged_prefix_of_a_key_is_marked():
    rows = [row(1, "a"), row(2, "b"), row(3, "a"), row(4, "b"), row(5, "a")]
    results = ["ok", "ok", ConnectionError(), "ok", "ok"]
    assert [r["id"] for r in acknowledged_prefix(rows, results)] == [1, 2, 4]


def test_everything_acknowledged_is_marked():
    rows = [row(1, "a"), row(2, "b")]
    assert acknowledged_prefix(rows, ["ok", "ok"]) == rows
