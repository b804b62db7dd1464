"""Who sees a NIP in full: those whom the table's action `nip.read` lets; everybody else sees its ends."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from bina.web.access import Person
from bina.web.permissions import reach_of

_NIP = re.compile(r"(?<!\d)\d{8}[ .-]?\d{6}[ .-]?\d[ .-]?\d{3}(?!\d)")
"""18 digits, in one or in the groups in which decrees write them."""


def masked(nip: str) -> str:
    """`198703032010011003` → `1987••••••••••1003`: enough to tell two people of one name apart."""
    return f"{nip[:4]}{'•' * (len(nip) - 8)}{nip[-4:]}" if len(nip) > 8 else "•" * len(nip)


def masked_in(text: str) -> str:
    """A text in which whatever looks like a NIP is masked."""
    return _NIP.sub(lambda found: masked(found[0]), text)


def told(reader: Person, answer: dict[str, Any]) -> dict[str, Any]:
    """An answer about anybody as a reader may see it: texts in it masked unless every NIP is theirs to read."""
    whole = reach_of(reader, "nip.read").everything
    return answer if whole else {name: _told(value) for name, value in answer.items()}


def nip_for(reader: Person, nip: str, asn_id: UUID, agency_code: str, unit_path: Sequence[UUID] = ()) -> str:
    """Somebody's NIP as a reader may see it."""
    return nip if reads_nip(reader, asn_id, agency_code, unit_path) else masked(nip)


def reads_nip(reader: Person, asn_id: UUID, agency_code: str, unit_path: Sequence[UUID] = ()) -> bool:
    """Whether a reader may see somebody's NIP in full."""
    return reach_of(reader, "nip.read").covers_person(asn_id, agency_code, unit_path)


def _told(value: Any) -> Any:
    if isinstance(value, str):
        return masked_in(value)
    if isinstance(value, list):
        return [_told(inner) for inner in value]
    return {name: _told(inner) for name, inner in value.items()} if isinstance(value, dict) else value
