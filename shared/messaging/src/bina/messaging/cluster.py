"""How a Kafka cluster is reached, and as whom; every client is made with what this says."""

import ssl
from dataclasses import dataclass, field
from typing import Any

MECHANISM = "SCRAM-SHA-512"


@dataclass(frozen=True)
class Cluster:
    """`servers`: host:port[,host:port]. Without a user nobody signs in, as at a broker without locks."""

    servers: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False

    def client(self) -> dict[str, Any]:
        """What each aiokafka consumer, producer and admin client is given."""
        return {"bootstrap_servers": self.servers, "security_protocol": self.protocol, **self._credential()}

    def settings(self) -> dict[str, Any]:
        """The same in a service's settings, by field name."""
        told = {"kafka": self.servers, "kafka_user": self.user, "kafka_password": self.password}
        return {**told, "kafka_tls": str(self.tls).lower()}

    @property
    def protocol(self) -> str:
        """Kafka's word for the two choices."""
        return ("SASL_" if self.user else "") + ("SSL" if self.tls else "PLAINTEXT")

    @property
    def ssl_context(self) -> ssl.SSLContext | None:
        """Trusts what this machine trusts; SSL_CERT_FILE names a cluster's own authority."""
        return ssl.create_default_context() if self.tls else None

    def _credential(self) -> dict[str, Any]:
        signed = {
            "sasl_mechanism": MECHANISM,
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password,
        }
        return {"ssl_context": self.ssl_context, **(signed if self.user else {})}
