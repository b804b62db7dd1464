"""Codes that prove where somebody is: another one every half minute, on the screen of the room. No I/O.

A code is made of the session and the step of time by the service's own secret, so nothing is stored. Steps are of wall
time: phones know nothing of a demonstration's moved clock.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

STEP = timedelta(seconds=30)
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Thirty signs that nobody takes for another one."""
LENGTH = 6
CLOCKS_DIFFER = timedelta(minutes=2)
"""By how much a phone's clock may be wrong."""


def step_of(at: datetime) -> int:
    """The number of the half minute."""
    return int(at.timestamp() // STEP.total_seconds())


def code_at(session_id: UUID, step: int, secret: str) -> str:
    """The code that a session's screen shows during a step."""
    key = hmac.digest(secret.encode(), f"bina.attendance/{session_id}".encode(), hashlib.sha256)
    number = int.from_bytes(hmac.digest(key, step.to_bytes(8, "big"), hashlib.sha256)[:8], "big")
    signs = []
    for _place in range(LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        signs.append(ALPHABET[rest])
    return "".join(signs)


def normal(typed: str) -> str:
    """A code as it was typed or read, without what people put between: `k7m-2qx` is `K7M2QX`."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())[: LENGTH + 1]


def is_current(typed: str, session_id: UUID, at: datetime, secret: str) -> bool:
    """Whether the screen shows this code now, or showed it one step before."""
    return _is_among(typed, session_id, (step_of(at), step_of(at) - 1), secret)


def was_current(typed: str, session_id: UUID, at: datetime, secret: str) -> bool:
    """Whether it was so at a time that a phone's clock said."""
    first, last = step_of(at - CLOCKS_DIFFER - STEP), step_of(at + CLOCKS_DIFFER)
    return _is_among(typed, session_id, range(first, last + 1), secret)


def device_in(session_id: UUID, device: str, secret: str) -> str:
    """What a device is called within one session; nobody can tell that it was the same one in another."""
    words = f"bina.device/{session_id}/{device}"
    return hmac.digest(secret.encode(), words.encode(), hashlib.sha256).hex()[:32]


def _is_among(typed: str, session_id: UUID, steps: range | tuple[int, ...], secret: str) -> bool:
    given = normal(typed).encode()
    found = [hmac.compare_digest(given, code_at(session_id, step, secret).encode()) for step in steps]
    return any(found)
