"""Facts of the notification service: who was told what, by which channel, or why not."""

from typing import ClassVar, Literal

from .contract import Code, Event, Text
from .identity import Identity


class _OfRecipient(Event):
    topic: ClassVar[str] = "notification.deliveries"

    notice_id: Identity
    recipient_id: Identity
    kind: Code
    channel: Literal["inbox", "email"]
    about: Code

    @property
    def key(self) -> str:
        """One recipient's notices stay in order."""
        return str(self.recipient_id)


class NoticeDelivered(_OfRecipient):
    """A notice left through an outside channel and was taken by its server."""

    type: ClassVar[str] = "notice.delivered.v1"


class NoticeFailed(_OfRecipient):
    """A notice could not be delivered and will not be tried again."""

    type: ClassVar[str] = "notice.failed.v1"

    reason_code: Code
    reason: Text = ""
