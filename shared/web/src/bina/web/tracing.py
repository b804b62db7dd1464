"""Which trace a request belongs to, by W3C Trace Context: its caller's, or one that begins with it."""

import re
import secrets

from starlette.requests import Request

_VALID = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def traceparent_of(request: Request) -> str:
    """The header `traceparent` of everything that this request leads to."""
    given = request.headers.get("traceparent", "")
    return given if _VALID.fullmatch(given) else _begun()


def _begun() -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
