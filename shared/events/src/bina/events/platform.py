"""Facts of the platform itself."""

from typing import ClassVar

from pydantic import Field

from .contract import Event


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
