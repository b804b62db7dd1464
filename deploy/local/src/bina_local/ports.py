"""Finds free TCP ports on the loopback interface."""

import secrets
import socket

HOST = "127.0.0.1"
BELOW_LENT = range(20_000, 32_768)
"""Linux lends 32768–60999 unless told otherwise, other systems 49152–65535."""


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def any_free() -> int:
    """A port that nobody listens on, from below those that the system lends to outgoing connections.

    One of those may be lent before the server that chose it listens.
    """
    while not is_free(port := secrets.choice(BELOW_LENT)):
        pass
    return port
