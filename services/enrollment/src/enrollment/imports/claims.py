"""What one row (or one agency's event) claims, in normal form.

A claim holds None where a cell was empty, absent or wrong; its `…Values` has all that is required. The register's
rules take claims, so that one rule serves a row with an unreadable cell, an accepted row and an event.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from enrollment.imports.columns import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentClaim:
    """A person (NIP of 18 digits) for a run (code in normal form)."""

    nip: str | None = None
    run_code: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentValues(EnrolmentClaim):
    """An enrolment request without a wrong cell."""

    nip: str
    run_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultClaim:
    """A training result; `result` is passed, failed or withdrawn, `status_text` the field's word for it.

    `jp` in jam pelajaran of 45 minutes; scores 0–100.
    """

    nip: str | None = None
    run_code: str | None = None
    result: Literal["passed", "failed", "withdrawn"] | None = None
    status_text: str | None = None
    completed_on: date | None = None
    jp: int | None = None
    pre_score: Decimal | None = None
    post_score: Decimal | None = None
    certificate_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultValues(ResultClaim):
    """A training result without a wrong cell."""

    nip: str
    run_code: str
    result: Literal["passed", "failed", "withdrawn"]
    status_text: str
    completed_on: date
    jp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonClaim:
    """A person's record; choices in their canonical words, `sex` L or P, `employment` PNS or PPPK."""

    nip: str | None = None
    name: str | None = None
    agency_code: str | None = None
    unit: str | None = None
    position: str | None = None
    position_type: str | None = None
    level: str | None = None
    grade: str | None = None
    sex: str | None = None
    email: str | None = None
    phone: str | None = None
    supervisor_nip: str | None = None
    employment: str | None = None
    appointment: str | None = None
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonValues(PersonClaim):
    """A person's record without a wrong cell."""

    nip: str
    name: str
    agency_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceClaim:
    """JP that a person had in a year before the ledger began: a calendar year, of a PPPK the contract's that begins in it.

    `source` says where that is written.
    """

    nip: str | None = None
    year: int | None = None
    jp: int | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceValues(BalanceClaim):
    """A balance without a wrong cell."""

    nip: str
    year: int
    jp: int
    source: str


Claim = EnrolmentClaim | ResultClaim | PersonClaim | BalanceClaim
Values = EnrolmentValues | ResultValues | PersonValues | BalanceValues

CLAIMS: dict[Kind, type[EnrolmentClaim | ResultClaim | PersonClaim | BalanceClaim]] = {
    Kind.PENDAFTARAN: EnrolmentClaim,
    Kind.KELULUSAN: ResultClaim,
    Kind.PEGAWAI: PersonClaim,
    Kind.SALDO_JP: BalanceClaim,
}
VALUES: dict[Kind, type[EnrolmentValues | ResultValues | PersonValues | BalanceValues]] = {
    Kind.PENDAFTARAN: EnrolmentValues,
    Kind.KELULUSAN: ResultValues,
    Kind.PEGAWAI: PersonValues,
    Kind.SALDO_JP: BalanceValues,
}


def about(claim: Claim) -> str:
    """The run or the year that a claim is about; empty where none is said, and for a person's record."""
    if isinstance(claim, PersonClaim):
        return ""
    return str((claim.year if isinstance(claim, BalanceClaim) else claim.run_code) or "")
