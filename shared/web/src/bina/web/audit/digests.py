"""What the chain covers, in bytes: the same from the database and from an exported file. No I/O."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

FIRST = bytes(32)
"""What the first block has as the hash of the one before."""
WIDTH = 32
COLUMNS = (
    "id", "at", "kind", "actor", "actor_id", "roles", "agency_code", "unit_id", "action", "about", "on_behalf",
    "erased", "detail", "personal",
)  # fmt: skip
"""Of an entry, all that it has."""

Entry = dict[str, Any]
"""An entry in JSON's own types: times as `instant` writes them, ids of people as text."""


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: Any) -> bytes:
    """JSON without blanks, keys sorted: one text for one value."""
    return _CANONICAL.encode(value).encode()


def instant(at: datetime) -> str:
    """A time to the microsecond, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def leaf_of(entry: Entry) -> bytes:
    """An entry's digest."""
    return hashlib.sha256(canonical({name: entry[name] for name in COLUMNS})).digest()


def block_hash(number: int, sealed_at: str, entries: Sequence[int], leaves: bytes, previous: bytes) -> bytes:
    """A block's hash: over its entries' ids and digests, and the block before it."""
    head = canonical([number, sealed_at, list(entries)])
    return hashlib.sha256(len(head).to_bytes(8, "big") + head + leaves + previous).digest()


def value_digest(salt: bytes, value: str) -> str:
    """The digest that an entry keeps of a personal value; without the salt, erased with it, nobody can try values."""
    return hashlib.sha256(salt + value.encode()).hexdigest()


def entry_of(row: Mapping[str, Any]) -> Entry:
    """A row of `audit.entries`, as the driver gives it, in JSON's own types."""
    return {
        **{name: row[name] for name in ("id", "kind", "actor", "agency_code", "action")},
        "at": instant(row["at"]),
        **{name: row[name] and str(row[name]) for name in ("actor_id", "unit_id")},
        **{name: list(map(str, row[name])) for name in ("roles", "about", "on_behalf", "erased")},
        **{name: _json(row[name]) for name in ("detail", "personal")},
    }


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
