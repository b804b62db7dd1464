"""What the ledger's commands take."""

from datetime import date
from typing import Annotated

from pydantic import Field

from bina.web.text import Code, Line
from enrollment.register.bodies import ROWS, Body, Nip

Year = Annotated[int, Field(ge=2000, le=2100)]


class OpeningRow(Body):
    """JP that somebody had in a year before this ledger began to count; `source` says where that is written."""

    nip: Nip
    year: Year
    jp: Annotated[int, Field(ge=0, le=2000)]
    source: Line
    earned_on: date | None = Field(
        default=None,
        description="a day of that year, if its contract year is to be told; 1 January when left out",
    )


class OpeningRows(Body):
    """Opening balances to load; a row that says what is known changes nothing, another takes its place."""

    items: Annotated[list[OpeningRow], Field(min_length=1, max_length=ROWS)]


class HistoryWord(Body):
    """Whether all JP of an agency's people in a year are in the ledger; `source` says what they were taken from."""

    agency_code: Code
    year: Year
    complete: bool
    source: Line
