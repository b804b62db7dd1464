"""A machine's credential and what it may do: OAuth 2.0 client credentials (RFC 6749 §4.4), one agency's each."""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import unquote_plus
from uuid import UUID, uuid5

from bina.web.access import Person

VALID_FOR = timedelta(minutes=10)
"""How long a token opens the machine interface; then the machine asks for another."""
ROLE = "operator"


@dataclass(frozen=True)
class Machine:
    """An agency's system; `generation` counts how often its secret was renewed."""

    machine_id: UUID
    agency_code: str
    name: str
    generation: int = 1
    revoked_at: datetime | None = None

    @property
    def session_id(self) -> UUID:
        """All tokens of one secret are one session, so that they end with it."""
        return uuid5(self.machine_id, str(self.generation))

    def person(self) -> Person:
        """As whom it acts: its agency's operator, no natural person."""
        name = f"{self.name} ({self.machine_id})"  # whose commands are told apart by it
        return Person(None, name, frozenset({ROLE}), self.agency_code, session_id=self.session_id)


class Credential(NamedTuple):
    """What a machine shows."""

    client_id: UUID
    secret: str


def secret_of(machine: Machine, key: str) -> str:
    """Its secret, derived from the platform's: nothing that opens a door lies in the database."""
    named = f"machine/{machine.machine_id}/{machine.generation}"
    digest = hmac.digest(key.encode(), named.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def is_shown(credential: Credential, machine: Machine, key: str) -> bool:
    """Whether the credential is the machine's, as it is now."""
    expected = secret_of(machine, key)
    return machine.revoked_at is None and secrets.compare_digest(
        credential.secret.encode(), expected.encode()
    )


def basic(header: str) -> tuple[str, str] | None:
    """Client id and secret of an `Authorization: Basic` header, percent-encoded as RFC 6749 §2.3.1 asks."""
    scheme, _space, given = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _colon, secret = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return unquote_plus(name), unquote_plus(secret)
