"""Over HTTPS every cookie of ours is named `__Host-…`: a browser takes such a one from this host alone, never from a
neighbour's subdomain nor over plain HTTP. Inside, cookies have their plain names."""

from starlette.datastructures import MutableHeaders
from starlette.types import Scope

_OURS = "bina_"
_PREFIX = "__Host-"


def inward(scope: Scope) -> None:
    """Read prefixed cookies by their plain names; plain ones of those names, which anybody nearby can set, go."""
    scope["headers"] = [
        (name, _read(value.decode("latin-1")).encode("latin-1") if name == b"cookie" else value)
        for name, value in scope["headers"]
    ]


def outward(headers: MutableHeaders) -> None:
    """Prefix the cookies that an answer sets. Raises ValueError for one that no browser would take by that name."""
    for n, (name, value) in enumerate(headers.raw):
        if name == b"set-cookie" and value.startswith(_OURS.encode()):
            headers.raw[n] = (name, _PREFIX.encode() + _checked(value))


def _checked(cookie: bytes) -> bytes:
    told = {part.strip().lower() for part in cookie.split(b";")[1:]}
    if not {b"secure", b"path=/"} <= told:
        raise ValueError(f"{cookie.split(b'=')[0]!r} is not Secure, or its path is not /")
    return cookie


def _read(header: str) -> str:
    given = (cookie.strip() for cookie in header.split(";"))
    return "; ".join(cookie.removeprefix(_PREFIX) for cookie in given if not cookie.startswith(_OURS))
