"""Facts of the platform itself."""

from typing import ClassVar

from pydantic import Field

from .contract import Code, Event


class ClockMoved(Event):
    """A demonstration moved the business clock; every service follows. Never outside a demonstration."""

    topic: ClassVar[str] = "platform.clock"
    type: ClassVar[str] = "clock.moved.v1"
    state: ClassVar[bool] = True

    offset_seconds: int = Field(description="business time minus wall time")

    @property
    def key(self) -> str:
        """There is one clock."""
        return "clock"


class AuditSealed(Event):
    """A service sealed a block of its audit: the hash that its chain has had at this length ever since."""

    topic: ClassVar[str] = "audit"
    type: ClassVar[str] = "audit.sealed.v1"

    service: Code
    number: int = Field(ge=1, description="of the block, counted from 1")
    entries: int = Field(ge=1, description="that the block seals")
    hash: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the block and the one before it")

    @property
    def key(self) -> str:
        """One chain per service."""
        return self.service

    @property
    def destination(self) -> str:
        """Each service writes a topic of its own, so that none can tell another's chain."""
        return f"{self.service}.{self.topic}"
