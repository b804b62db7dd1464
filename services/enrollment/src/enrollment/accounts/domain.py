"""Rules of signing in: what is kept of a sign-in under way, and whose account a provider speaks of."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from bina.events.enrollment import SessionEnded
from bina.web.access import Session

_NIP = re.compile(r"\d{18}")


@dataclass(frozen=True)
class Attempt:
    """A sign-in under way, kept by the browser alone: what its answer must name (RFC 9700 §2.1, OpenID Connect Core §3.1)."""

    binding: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))


@dataclass(frozen=True)
class Account:
    """Whom the provider vouches for: its own name of them, never given to another, and the NIP it knows, if any."""

    issuer: str
    subject: str
    nip: str = ""
    provider_session: str = ""
    id_token: str = ""


@dataclass(frozen=True)
class OpenSession:
    """A session as enrollment remembers it, so that it can be ended from elsewhere."""

    session_id: UUID
    asn_id: UUID
    until: datetime
    id_token: str = ""

    def ended(self) -> SessionEnded:
        """The fact that it ended before its time."""
        return SessionEnded(session_id=self.session_id, until=self.until)


def ended_of(own: Session) -> SessionEnded:
    """The fact that a session ended before its time, by what its token says."""
    return SessionEnded(session_id=own.session_id, until=datetime.fromtimestamp(own.ends, UTC))


def nip_of(claim: object) -> str:
    """The NIP in a claim, spaces and dots aside; empty where there is none."""
    digits = re.sub(r"[\s.]", "", str(claim or ""))
    return digits if _NIP.fullmatch(digits) else ""
