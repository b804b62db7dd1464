"""The header `traceparent` of W3C Trace Context, as text and as numbers."""

import re
import secrets
from typing import NamedTuple

_FORM = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_SAMPLED = frozenset("13579bdf")


class Parsed(NamedTuple):
    """A valid header's parts."""

    trace_id: int
    span_id: int
    flags: int


def parse(text: str) -> Parsed | None:
    """The parts of a valid header."""
    found = _FORM.fullmatch(text)
    return Parsed(*(int(part, 16) for part in found.groups())) if found else None


def sampled(text: str) -> bool:
    """Whether who wrote the header keeps the trace. Asked for each message, so it looks at the flag alone."""
    return text[-1:] in _SAMPLED and len(text) == 55


def begun() -> str:
    """A trace that nobody keeps, so that what belongs together can still be told."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
