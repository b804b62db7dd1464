"""What a service is told by its surroundings; every name is prefixed with BINA_."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from .cluster import Cluster


class Settings(BaseSettings):
    """Settings that every service shares; a missing one stops the start and is named."""

    model_config = SettingsConfigDict(env_prefix="BINA_", extra="ignore")

    database_url: str
    """postgresql+asyncpg://role:password@host:port/database, the service's own."""
    migration_url: str = Field(default="", repr=False)
    """The same database by the role that owns its tables, for the migration at the start; empty: the service's own."""
    kafka: str
    """Bootstrap servers, host:port[,host:port]."""
    kafka_user: str = ""
    """Who signs in to them, by SCRAM-SHA-512; empty where the broker asks nobody."""
    kafka_password: str = Field(default="", repr=False)
    kafka_tls: bool = False
    """Speak TLS with the brokers; SSL_CERT_FILE names an authority that this machine does not know."""
    http_host: str = "127.0.0.1"
    http_port: int = 8000
    trusted_proxies: str = "127.0.0.1"
    """Addresses or networks of the gateway, comma-separated: whom it names as the client is believed."""
    public_url: str = "http://127.0.0.1:8000"
    """Where people reach the gateway; links in notices begin with it."""
    secret: str = Field(min_length=16)
    """Signs sessions and personal links."""
    session_hours: float = Field(default=10.0, gt=0, le=144)
    """After so long a person signs in again, however busy they were; that a session ended is kept for seven days."""
    session_idle_minutes: float = Field(default=60.0, gt=0)
    """A person's session that nobody used for so long is over."""
    demo: bool = False
    """Allows demonstration sign-in and a movable business clock."""
    worker: int = Field(default=0, ge=0)
    """Number of this worker among its service's; part of the static member name."""
    timezone: str = "Asia/Jakarta"
    export_rows: int = Field(default=100_000, ge=1, le=1_000_000)
    """Most rows that a list gives out as one file."""
    max_records: int = Field(default=1000, ge=1, le=2000)
    """Most messages of one batch and transaction."""
    park_cap: int = Field(default=200, ge=1)
    """Failed messages of one topic, still open, at which that topic pauses."""
    wait_alert_seconds: float = Field(default=3600.0, gt=0)
    """A message that waits longer for another topic's fact raises an alert in the log."""
    accept_gaps: bool = False
    """Go on although the log has lost messages that were never applied; for one start, after reading which."""
    growth_seconds: float = Field(default=330.0, ge=0)
    """How long a topic's new partition is kept back: producers renew their map of partitions every 300 s or sooner."""
    retention: str = ""
    """Path of a site's own periods of keeping what names people, in the form of bina.web's retention.toml; they go first."""
    stall_seconds: float = 60.0
    """Without progress for so long while messages wait, the process ends and is started anew."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.kafka_user) != bool(self.kafka_password):
            raise ValueError("BINA_KAFKA_USER and BINA_KAFKA_PASSWORD go together")
        return self

    @property
    def cluster(self) -> Cluster:
        """The brokers, and the service's own right to them."""
        return Cluster(self.kafka, self.kafka_user, self.kafka_password, self.kafka_tls)
