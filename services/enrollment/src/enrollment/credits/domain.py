"""What a person brings from elsewhere, what it counts for, and what is wrong with it."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from enrollment.entitlement.domain import LESSON, Source

Per = Literal["jp", "minutes", "day", "session", "activity", "semester"]
CERTIFICATE, CERTIFICATE_HOURS = "certificate", "certificate-minutes"
"""A training's certificate that says its JP, or how long it was."""
LARGEST_EVIDENCE = 2 << 20
"""Bytes."""
EARLIEST = date(2000, 1, 1)
TITLE, PROVIDER, NUMBER, REASON = 300, 300, 80, 1000
"""The longest texts, in characters."""
MOST = 100_000
_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)
ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


@dataclass(frozen=True)
class Form:
    """A form of learning: `jp` for each of what it is counted `per`; at most `a_day` JP or `a_month` sessions."""

    code: str
    per: Per
    jp: int = 0
    jp_abroad: int = 0
    a_day: int = 0
    a_month: int = 0


@dataclass(frozen=True)
class Conversions:
    """The forms that a site counts, by code, since when, and who says so."""

    effective_from: date
    source: str
    forms: Mapping[str, Form]


@dataclass(frozen=True)
class Credit:
    """What a person handed in. `amount` is counted by its form, `minutes` what that comes to; `granted` what counts.

    `revision` counts decisions; `answer` is the reason of the newest.
    """

    credit_id: UUID
    asn_id: UUID
    form: str
    title: str
    provider: str
    number: str
    starts_on: date
    ends_on: date
    abroad: bool
    amount: int
    minutes: int
    state: str
    asked_at: datetime
    granted: int = 0
    revision: int = 0
    decided_at: datetime | None = None
    answer: str = ""

    @property
    def days(self) -> int:
        """How long it was, both days included."""
        return (self.ends_on - self.starts_on).days + 1


CERTIFICATES = {
    form.code: form for form in (Form(CERTIFICATE, "jp", 1, 1), Form(CERTIFICATE_HOURS, "minutes"))
}


@lru_cache
def conversions(path: str = "") -> Conversions:
    """The table as shipped, or a site's own. Raises OSError, ValueError or KeyError for one that is none."""
    shipped = resources.files(__package__).joinpath("jp_conversions.toml")
    raw = tomllib.loads((Path(path) if path else shipped).read_text("utf-8"))
    forms = [_form(one) for one in raw.get("forms", ())]
    return Conversions(
        raw["effective_from"], raw["source"], CERTIFICATES | {form.code: form for form in forms}
    )


def _form(raw: dict[str, Any]) -> Form:
    return Form(**{"jp_abroad": raw.get("jp", 0)} | raw)


def source_of(form: str) -> Source:
    """How the ledger names what came by a form."""
    return "outside" if form in CERTIFICATES else "conversion"


def minutes_of(form: Form, amount: int, *, days: int, abroad: bool) -> int:
    """What an amount of learning comes to, in minutes of the ledger: summed first, then capped a day."""
    if form.per == "minutes":
        return min(amount, form.a_day * days * LESSON) if form.a_day else amount
    return amount * (form.jp_abroad if abroad else form.jp) * LESSON


def type_of(content: bytes) -> str | None:
    """The media type of evidence by its first bytes, whatever its name says; None for what is not taken."""
    return next((kind for signature, kind in _SIGNATURES if content.startswith(signature)), None)


Wrong = Literal[
    "title", "provider", "number", "order", "future", "early", "amount", "days", "month", "sessions",
]  # fmt: skip


def faults(credit: Credit, form: Form, taken: int, today: date) -> Iterator[Wrong]:
    """What is wrong with what is handed in. `taken`: sessions of that form that are counted already in that month."""
    yield from _wrong_texts(credit)
    if credit.ends_on < credit.starts_on:
        yield "order"
    elif credit.ends_on > today:
        yield "future"
    elif credit.starts_on < EARLIEST:
        yield "early"
    if not 0 < credit.amount <= MOST or credit.minutes > 2000 * LESSON:
        yield "amount"
    elif form.per == "day" and credit.amount > credit.days > 0:
        yield "days"
    elif form.a_month and (credit.starts_on.year, credit.starts_on.month) != (
        credit.ends_on.year,
        credit.ends_on.month,
    ):
        yield "month"
    elif form.a_month and taken + credit.amount > form.a_month:
        yield "sessions"


def _wrong_texts(credit: Credit) -> Iterator[Wrong]:
    if not 0 < len(credit.title) <= TITLE:
        yield "title"
    if not 0 < len(credit.provider) <= PROVIDER:
        yield "provider"
    if not 0 < len(credit.number) <= NUMBER:
        yield "number"
