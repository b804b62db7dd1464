"""A running Bina as its command line and its demo world see it: addresses, and the right to ask."""

import getpass
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bina_local.addresses import SERVICES, Addresses
from bina_local.principals import BrokerServer, of_agency, secret_name
from bina_local.services import signing_secret
from bina_local.state import State

if TYPE_CHECKING:
    import httpx

    from bina.messaging.cluster import Cluster


class NotStartedError(RuntimeError):
    """No Bina was ever started from this state folder."""


@dataclass(frozen=True)
class Context:
    """Where a Bina runs, and with what secret."""

    state: State
    addresses: Addresses

    @classmethod
    def of(cls, root: Path | None = None) -> Self:
        """The Bina of a state folder. Raises NotStartedError when there was none."""
        state = State.at(root)
        addresses = Addresses.of(state)
        if not addresses.ports:
            raise NotStartedError(f"Belum ada Bina di {state.root}. Jalankan: bina up")
        return cls(state, addresses)

    @property
    def url(self) -> str:
        """The address that people type."""
        return self.addresses.url

    @property
    def broker(self) -> BrokerServer:
        """The broker and everybody's password."""
        return BrokerServer(self.state.secrets, self.addresses.ports["kafka"])

    @property
    def kafka(self) -> "Cluster":
        """The broker as its operator meets it."""
        return self.broker.cluster

    def kafka_of(self, agency: str) -> "Cluster":
        """The broker as an agency meets it, with its own credential.

        Raises ValueError for one that `bina agency add` was never called for.
        """
        principal = of_agency(agency)
        if secret_name(principal) not in self.state.secrets:
            raise ValueError(f"Instansi {agency} belum punya kredensial. Buat: bina agency add {agency} NAMA")
        return self.broker.as_(principal)

    @property
    def secret(self) -> str:
        """What signs sessions."""
        return signing_secret(self.state)

    def token(self, *roles: str, agency_code: str | None = None) -> str:
        """A short-lived machine session with the roles; `platform` when none is named."""
        from bina.web.access import Person, issue_token

        person = Person(None, _who(), frozenset(roles or ("platform",)), agency_code)
        return issue_token(person, self.secret, valid_for=timedelta(hours=1))

    def client(self, service: str, *roles: str, worker: str | None = None) -> "httpx.AsyncClient":
        """An HTTP client for one service, or one of its workers by name, signed in with the roles."""
        import ssl

        import httpx

        if service not in SERVICES:
            raise ValueError(f"layanan {service!r} tidak dikenal; pilih {', '.join(SERVICES)}")
        headers = {"Authorization": f"Bearer {self.token(*roles)}"}
        # plain HTTP on this machine: loading every trusted certificate, and a proxy, would only take time
        unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.AsyncClient(
            base_url=self.addresses.service(worker or service),
            headers=headers,
            timeout=30,
            verify=unused,
            trust_env=False,
        )


def _who() -> str:
    """The name that services keep beside what the command line did."""
    try:
        return f"bina ({getpass.getuser()})"
    except (KeyError, OSError):  # a user without a name, as in a container
        return "bina"
