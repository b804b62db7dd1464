"""Unix sockets inside the state folder, however long its path is: the system takes a hundred characters at most."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 100


def listen(path: Path) -> socket.socket:
    """A socket that only its owner can connect to; one left by an earlier process is replaced."""
    path.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX)
    with _short(path) as address:
        server.bind(address)
    path.chmod(0o600)
    server.listen(64)
    return server


def connect(path: Path, seconds: float) -> socket.socket:
    """Connect to a listening socket; whatever it is asked then may take `seconds`. Raises OSError."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(seconds)
    try:
        with _short(path) as address:
            client.connect(address)
    except OSError:
        client.close()
        raise
    return client


@contextmanager
def _short(path: Path) -> Iterator[str]:
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
