"""What is counted of agencies' messages."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from bina.events.agency import Problem, RequestAnswered, ResultAnswered
from bina.web.masking import masked_in

Way = Literal["topic", "http", "file"]
Outcome = Literal["accepted", "waitlisted", "withdrawn", "refused"]
WAYS: Sequence[Way] = ("topic", "http", "file")
OUTCOMES: Sequence[Outcome] = ("accepted", "waitlisted", "withdrawn", "refused")
DAYS = 30
"""So many days are shown, today with them."""
KEPT = timedelta(days=400)
"""Counts are kept for this year's comparison with the last one, and say nothing of persons."""
OTHER = "row.moved"
"""Why a file's row was not applied, where that is told in words and not by a code."""
_CODE = re.compile(r"[a-z_]+(\.[a-z_]+)*")
_LONGEST = 120


class Answer(NamedTuple):
    """What became of one message; `code` says why it was refused, `example` by what its sender finds it."""

    agency_code: str
    outcome: str
    code: str = ""
    example: str = ""


class Tally(NamedTuple):
    """So many answers alike, and the last of them."""

    agency_code: str
    outcome: str
    code: str
    messages: int
    example: str


class Sum(NamedTuple):
    """What became of a day's messages."""

    day: date
    accepted: int = 0
    waitlisted: int = 0
    withdrawn: int = 0
    refused: int = 0

    @property
    def taken(self) -> int:
        """What had its effect at once: seats, results, and seats given back."""
        return self.accepted + self.withdrawn

    @property
    def all(self) -> int:
        """Every message."""
        return self.taken + self.waitlisted + self.refused


class Refusal(NamedTuple):
    """Messages that were refused for one reason."""

    code: str
    messages: int
    last_at: datetime
    way: str
    example: str


def answer_of(told: RequestAnswered | ResultAnswered) -> Answer:
    """What an agency was told of one of its events."""
    code = first_error(told.problems) if told.outcome == "refused" else ""
    return Answer(told.agency_code, told.outcome, code, f"{told.request_id} · {told.run_code}")


def first_error(problems: Iterable[Problem]) -> str:
    """By what a refusal is counted; empty where nothing refuses."""
    return next((problem.code for problem in problems if problem.severity == "error"), "")


def code_of(reason: str) -> str:
    """A row's reason as a code: the register's own words may name somebody, and are not counted by."""
    return reason if _CODE.fullmatch(reason) else OTHER


def tallied(answers: Iterable[Answer]) -> list[Tally]:
    """Answers counted, by what is alike in them; only the last of each is an example, without anybody's NIP."""
    found: dict[tuple[str, str, str], tuple[int, str]] = {}
    for one in answers:
        key = one.agency_code, one.outcome, one.code
        found[key] = found.get(key, (0, ""))[0] + 1, one.example
    return [
        Tally(*key, count, masked_in(example.strip(" ·"))[:_LONGEST])
        for key, (count, example) in found.items()
    ]


def days_until(today: date, known: Mapping[date, Sum]) -> list[Sum]:
    """The last `DAYS` days, each with its sum; nothing came on those that are not known."""
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    return [known.get(day, Sum(day)) for day in days]
