"""What a person asks of their own data, and until when it is to be answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

ERASURE = "erasure"
"""Asks for everything to go; all other fields ask for something to be mended."""
OTHER = "other"
"""Something that is no field of the register: whoever decides mends it where it is kept."""
FIELDS = (
    "name", "nip", "position", "job_level", "grade", "gender", "started_on", "email", "phone", "supervisor_nip", OTHER,
)  # fmt: skip
OF_CONTACT = frozenset({"email", "phone"})
ANSWER_WITHIN = timedelta(hours=72)
"""3×24 hours (UU 27/2022 Pasal 30)."""
WANTED_LENGTH, REASON_LENGTH = 300, 1000


@dataclass(frozen=True)
class DataRequest:
    """One request; `wanted` is what a field should say, `answer` the reason given with the decision."""

    request_id: UUID
    asn_id: UUID
    field: str
    wanted: str
    reason: str
    state: str
    asked_at: datetime
    due_at: datetime
    decided_at: datetime | None = None
    answer: str = ""

    def is_overdue(self, now: datetime) -> bool:
        """Whether the time to answer is over."""
        return self.state == "open" and now > self.due_at
