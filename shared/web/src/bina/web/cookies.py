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
    """Prefix the cookies that an answer sets; they are `Secure` and of path `/`, as browsers ask for."""
    for n, (name, value) in enumerate(headers.raw):
        if name == b"set-cookie" and value.startswith(_OURS.encode()):
            headers.raw[n] = (name, _PREFIX.encode() + value)


def _read(header: str) -> str:
    given = (cookie.strip() for cookie in header.split(";"))
    return "; ".join(cookie.removeprefix(_PREFIX) for cookie in given if not cookie.startswith(_OURS))
