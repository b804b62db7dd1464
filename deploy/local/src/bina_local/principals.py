"""Who signs in to the broker: one secret per principal, kept in the state folder."""

from typing import TYPE_CHECKING

from bina_local.ports import HOST

if TYPE_CHECKING:
    from bina.messaging.cluster import Cluster
    from bina_local.state import Secrets

BROKER = "broker"
"""The broker itself. Its password stands in its settings, not in its log: any log opens with it."""
OPERATOR = "operator"
"""Whoever runs Bina: topics, credentials, the demo's clock, looking at everything."""
MASTERS = (BROKER, OPERATOR)
"""To whom the broker refuses nothing."""


def of_agency(code: str) -> str:
    """An agency's principal."""
    return f"agency.{code}"


def secret_name(principal: str) -> str:
    """Under which name its password is kept."""
    return f"kafka.{principal}"


class BrokerServer:
    """A running Kafka whose principals' passwords lie in `secrets`."""

    def __init__(self, secrets: "Secrets", port: int) -> None:
        self.secrets = secrets
        self.port = port

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"{HOST}:{self.port}"

    @property
    def cluster(self) -> "Cluster":
        """The broker as its operator meets it."""
        return self.as_(OPERATOR)

    def as_(self, principal: str) -> "Cluster":
        """The broker as somebody else meets it."""
        from bina.messaging.cluster import Cluster  # who only starts processes does without client libraries

        return Cluster(self.bootstrap, principal, self.password(principal))

    def password(self, principal: str) -> str:
        """A principal's password, made at first use."""
        return self.secrets.get(secret_name(principal))
