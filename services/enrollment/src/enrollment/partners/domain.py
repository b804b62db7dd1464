"""Who gives trainings beside the agencies' own people, and who may see how to reach them."""

from dataclasses import dataclass
from uuid import UUID

from bina.web.access import Person
from bina.web.permissions import reach_of

ACTION = "partner.record"
TEXT = 300
"""The longest text, in characters."""


@dataclass(frozen=True)
class Partner:
    """An institution, of `region`, that gives trainings with agencies; recorded by one, or by the platform (None)."""

    partner_id: UUID
    name: str
    kind: str
    region: str
    accreditation: str
    contact: str
    recorded_by: str | None = None


@dataclass(frozen=True)
class Speaker:
    """Somebody who speaks at sessions; `asn_id` where they are a civil servant in the register."""

    speaker_id: UUID
    name: str
    expertise: str
    region: str
    contact: str
    partner_id: UUID | None = None
    asn_id: UUID | None = None
    recorded_by: str | None = None


@dataclass(frozen=True)
class Given:
    """What somebody gave: runs and their sessions, and how many took part in those runs."""

    runs: int = 0
    sessions: int = 0
    participants: int = 0


def keeps(person: Person, recorded_by: str | None) -> bool:
    """Whether a record is somebody's to change, and so its contact theirs to see."""
    reach = reach_of(person, ACTION)
    return reach.everything or (recorded_by is not None and reach.agency_code == recorded_by)


def masked(contact: str) -> str:
    """`081234567890` → `08••••••••90`."""
    return f"{contact[:2]}{'•' * 8}{contact[-2:]}" if len(contact) > 6 else "•" * 8 if contact else ""
