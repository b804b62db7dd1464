"""The whole audit as a stream of records, enough to verify it where there is no database."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from bina.web.audit.digests import COLUMNS, FIRST, entry_of, instant
from bina.web.audit.expiring import LATEST

FORMAT = 1
CHUNK = 100
"""Entries that are in memory at once; one may tell of a thousand people."""
Fetch = Callable[..., Awaitable[Sequence[Mapping[str, Any]]]]
"""Asks the database once, in the driver's own form."""
Record = dict[str, Any]

_LAST = "SELECT coalesce(max(number), 0) AS number, clock_timestamp() AS at FROM audit.blocks"
_NEXT = "SELECT * FROM audit.blocks WHERE number > $1 AND number <= $2 ORDER BY number LIMIT 1"
_ENTRIES = f"SELECT {', '.join(COLUMNS)} FROM audit.entries WHERE id = ANY ($1::bigint[]) ORDER BY id"  # noqa: S608 - our own words
_VALUES = "SELECT entry_id, field, person_id, salt, value FROM audit.personal WHERE entry_id = ANY ($1::bigint[]) ORDER BY 1, 2"
_WAITING = "SELECT entry_id FROM audit.unsealed WHERE entry_id > $1 ORDER BY entry_id LIMIT $2"
_STRAYS = """SELECT id FROM audit.entries WHERE NOT EXISTS (SELECT FROM audit.unsealed WHERE entry_id = id)
    AND id NOT IN (SELECT unnest(entries) FROM audit.blocks) ORDER BY id LIMIT $1"""
_TWICE = """SELECT id FROM (
        SELECT unnest(entries) AS id FROM audit.blocks UNION ALL SELECT entry_id FROM audit.unsealed) AS sealed
    GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT $1"""


# Told at the end, whether sealed by then or not: what they took away may lack in what was read before. No transaction
# is open for as long as two minutes.
_LATER = f"""SELECT {", ".join(COLUMNS)} FROM audit.entries
    WHERE at > $1::timestamptz - interval '2 minutes' AND (kind = 'erasure' OR erased <> '{{}}') ORDER BY id"""  # noqa: S608 - our own words


async def records(fetch: Fetch, service: str) -> AsyncIterator[Record]:
    """Every block with its entries, then those not sealed yet, then what lies where it should not, then what was erased
    meanwhile. Each is asked for by itself: no snapshot is held for as long as somebody reads."""
    start = (await fetch(_LAST))[0]
    last, began = start["number"], start["at"]
    expired = (await fetch(LATEST))[0]["before"]
    yield {"type": "begin", "format": FORMAT, "service": service, "expired_before": expired or ""}
    number, blocks, head = 0, 0, FIRST.hex()
    while found := await fetch(_NEXT, number, last):
        block = _block(found[0])
        number, blocks, head = block["number"], blocks + 1, block["hash"]
        yield block
        async for record in _entries(fetch, block["entries"], "entry"):
            yield record
    async for record in _unsealed(fetch):
        yield record
    for kind, asked in (("stray", _STRAYS), ("twice", _TWICE)):
        for row in await fetch(asked, CHUNK):
            yield {"type": kind, "id": row["id"]}
    for row in await fetch(_LATER, began):
        yield {"type": "later", "entry": entry_of(row)}
    yield {"type": "end", "blocks": blocks, "head": head}


async def _unsealed(fetch: Fetch) -> AsyncIterator[Record]:
    after = 0
    while ids := [row["entry_id"] for row in await fetch(_WAITING, after, CHUNK)]:
        after = ids[-1]
        async for record in _entries(fetch, ids, "unsealed"):
            yield record


async def _entries(fetch: Fetch, ids: Sequence[int], kind: str) -> AsyncIterator[Record]:
    for start in range(0, len(ids), CHUNK):
        part = list(ids[start : start + CHUNK])
        values: dict[int, list[Record]] = {}
        for row in await fetch(_VALUES, part):
            values.setdefault(row["entry_id"], []).append(_value(row))
        for row in await fetch(_ENTRIES, part):
            yield {"type": kind, "entry": entry_of(row), "values": values.get(row["id"], [])}


def _block(row: Mapping[str, Any]) -> Record:
    return {
        "type": "block",
        "number": row["number"],
        "sealed_at": instant(row["sealed_at"]),
        "entries": list(row["entries"]),
        **{name: bytes(row[name]).hex() for name in ("leaves", "previous", "hash")},
    }


def _value(row: Mapping[str, Any]) -> Record:
    person = row["person_id"]
    return {
        **{name: row[name] for name in ("field", "value")},
        "person": str(person) if person else None,
        "salt": bytes(row["salt"]).hex(),
    }
