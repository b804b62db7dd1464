"""A request for somebody who serves at another agency."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

State = Literal["open", "accepted", "refused", "withdrawn", "expired"]
REASON = 500
"""Characters of a reason, and of an answer."""
EXPIRED = "transfers.expired"
"""Due work: nobody answered."""


@dataclass(frozen=True)
class Transfer:
    """`agency_code` asks for whoever has `nip`, from `since` on; `asn_id` is who that is, None where nobody is: the
    agency that asks sees both alike. `due_at`: unanswered till then it is over."""

    transfer_id: UUID
    asn_id: UUID | None
    nip: str
    agency_code: str
    since: date
    reason: str
    asked_at: datetime
    due_at: datetime
    state: State = "open"
    decided_at: datetime | None = None
    answer: str = ""
