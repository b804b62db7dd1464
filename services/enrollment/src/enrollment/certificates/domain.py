"""Rules of certificates: codes that open their page, numbers of an agency's series, what a certificate says."""

import re
import secrets
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from string import Formatter
from typing import Literal, NamedTuple
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, which people take for other signs."""
CODE_LENGTH = 16
"""Signs of five bits each: 80 bits, out of reach of guessing at any rate that is let through."""
LONGEST_NUMBER = 80
LONGEST_CODE = 20
"""As much of an agency's, programme's or run's code as a number has: the place in the series tells numbers apart."""
PATTERN = "{seq:04d}/{agency}/{programme}/{year}"
"""Numbers of an agency that chose no pattern of its own: `0001/5571/PBJ/2026`."""
ISSUE = "certificates.issue"
"""Due work: the rest of a run's certificates; its key is the run's id."""
CHUNK = 200
"""Certificates of one transaction, for which nobody else issues at that agency; a thousand took 0.2 s."""
Signature = Literal["unsigned", "pending", "signed"]
State = Literal["none", "valid", "revoked"]
_FIELDS = {"seq", "agency", "programme", "run", "year"}
_SEQ = re.compile(r"(0\d)?d?")
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


class BrokenPattern(ValueError):  # noqa: N818 - names the finding
    """A pattern that numbers could not be made by, or that would give one twice."""


@dataclass(frozen=True)
class Certificate:
    """A certificate as issued. `revision` is the result's at the issue, or once revoked the last that it said;
    `reason` why it was revoked."""

    certificate_id: UUID
    code: str
    enrollment_id: UUID
    organiser: str
    number: str
    issued_on: date
    revision: int = 1
    revoked_at: datetime | None = None
    reason: str = ""
    signature: Signature = "unsigned"
    signature_reference: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything that a certificate and its page say. `name` is empty once its person was erased; `revision` is the
    result's now."""

    certificate: Certificate
    asn_id: UUID
    agency_code: str
    name: str
    nip: str
    unit_path: tuple[UUID, ...]
    employer: str
    programme: str
    run_code: str
    organiser_name: str
    starts_on: date
    ends_on: date
    location: str
    completed_on: date
    jp: int
    revision: int

    @property
    def state(self) -> Literal["valid", "revoked", "erased"]:
        """Whether it holds; of a person who was erased nothing is told any more."""
        if not self.name:
            return "erased"
        return "revoked" if self.certificate.revoked_at else "valid"

    @property
    def is_corrected(self) -> bool:
        """Whether the result was corrected since, so that an older print may say something else."""
        return self.revision > self.certificate.revision


class Series(NamedTuple):
    """How the certificates of a run in a year are numbered; `agency` is its organiser."""

    pattern: str
    agency: str
    programme: str
    run: str
    year: int

    def number(self, place: int) -> str:
        """The number at a place, from 1."""
        named = {"agency": self.agency, "programme": self.programme, "run": self.run}
        short = {name: code[:LONGEST_CODE] for name, code in named.items()}
        return self.pattern.format(seq=place, year=self.year, **short)

    def after(self, last: int) -> Iterator[tuple[int, str]]:
        """From where it has got to on: (place, number)."""
        return ((place, self.number(place)) for place in count(last + 1))


class Candidate(NamedTuple):
    """Somebody who passed and has no certificate yet; `number` is the organiser's own, if it reported one."""

    enrollment_id: UUID
    asn_id: UUID
    number: str


def new_code() -> str:
    """A code that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def read_code(typed: str) -> str:
    """A code as it is kept, however somebody typed it; empty for what is none."""
    code = typed.strip().upper().translate(_MISREAD)
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else ""


def written(code: str) -> str:
    """A code in groups of four, as people read and type it."""
    return "-".join(code[place : place + 4] for place in range(0, CODE_LENGTH, 4))


def address_of(site: str, code: str) -> str:
    """Where anyone sees whether a certificate is valid: what its QR code holds."""
    return f"{site.rstrip('/')}/enrollment/verifikasi/{written(code)}"


def check_pattern(pattern: str) -> str:
    """A pattern that can be used; raises `BrokenPattern` for another. Nothing is filled in before it was looked at."""
    code = "X" * LONGEST_CODE
    if not _is_known(pattern):
        raise BrokenPattern(pattern)
    example = Series(pattern, code, code, code, 2026).number(9_999_999)
    if len(example) > LONGEST_NUMBER or not example.isprintable():
        raise BrokenPattern(pattern)
    return pattern


def _is_known(pattern: str) -> bool:
    """Whether it has the place once, the year, and nothing that is not ours; only the place may be filled up by zeros."""
    try:
        parts = [part[1:] for part in Formatter().parse(pattern) if part[1] is not None]
    except ValueError:
        return False
    names = [name for name, _form, _how in parts]
    plain = all(
        not how and (_SEQ.fullmatch(form or "") if name == "seq" else not form) for name, form, how in parts
    )
    return plain and names.count("seq") == 1 and "year" in names and set(names) <= _FIELDS


def free_numbers(tried: Iterable[tuple[int, str]], taken: AbstractSet[str]) -> list[str]:
    """Those of a series' numbers that nobody bears or bore; `taken` are those, in lower case."""
    return [number for _place, number in tried if number.lower() not in taken]
