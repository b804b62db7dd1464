"""From a candidate's rows to a table: the header row, the columns, the rows that are data."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice, zip_longest

from enrollment.imports.cells import Broken, Cells, CellValue, collapsed, is_empty, raw_text
from enrollment.imports.columns import Column, Configuration, Kind, configuration, header_key
from enrollment.imports.source import Candidate, Detected, FileError

_HEADER_WITHIN = 20
_LEAST_KNOWN = 2
_MOST_COLUMNS = 1_000
_MOST_CELLS = 5_000_000
_RUNNING_NUMBER = re.compile(r"([0-9]{1,3})|\(([0-9]{1,3})\)")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it stands in the file: its header and its data rows, each with its spreadsheet row (1-based).

    `kind` is what it was read as; `guessed` says that the encoding was guessed.
    """

    kind: Kind
    detected: Detected
    header: tuple[str, ...]
    rows: tuple[tuple[int, Cells], ...]
    epoch: date
    guessed: bool = False

    def cell(self, row: Cells, place: int) -> CellValue:
        """The cell of a row at a header place; None past the row's end."""
        return row[place] if place < len(row) else None


@dataclass(frozen=True, slots=True)
class Header:
    """A candidate's header row as one kind of file sees it."""

    candidate: Candidate
    kind: Kind
    row: int
    texts: tuple[str, ...]
    known: frozenset[str]

    @property
    def complete(self) -> bool:
        """Whether every required column is there."""
        return required_names(self.kind) <= self.known


def required_names(kind: Kind) -> frozenset[str]:
    """The columns that a file of this kind must have."""
    return frozenset(c.name for c in configuration().columns[kind] if c.required)


def known_columns(kind: Kind, texts: Sequence[str]) -> Iterator[tuple[int, Column]]:
    """(place, column) of each header text that this kind knows."""
    by_header = configuration().by_header(kind)
    for place, text in enumerate(texts):
        if column := by_header.get(header_key(text)):
            yield place, column


def find_headers(candidate: Candidate, kinds: Sequence[Kind]) -> list[Header]:
    """For each kind the first of the first 20 rows that has at least two of its columns, if there is one."""
    rows = islice(candidate.rows(_MOST_COLUMNS + 1), _HEADER_WITHIN)
    texts = [tuple(collapsed(value) for value in row) for row in rows]
    headers = (_find_header(candidate, kind, texts) for kind in kinds)
    return [header for header in headers if header]


def _find_header(candidate: Candidate, kind: Kind, rows: Sequence[tuple[str, ...]]) -> Header | None:
    for number, texts in enumerate(rows, 1):
        known = frozenset(column.name for _, column in known_columns(kind, texts))
        if len(known) >= _LEAST_KNOWN:
            if len(texts) > _MOST_COLUMNS:
                raise FileError("file.too_large")
            return Header(candidate, kind, number, _without_blank_end(texts), known)
    return None


def _without_blank_end(texts: tuple[str, ...]) -> tuple[str, ...]:
    width = max((place for place, text in enumerate(texts, 1) if header_key(text)), default=0)
    return texts[:width]


def read_table(header: Header, *, guessed: bool) -> Sheet:
    """The data rows under a header; raises `FileError` (too many rows or cells, a quotation mark never closed)."""
    rows: list[tuple[int, Cells]] = []
    most = configuration().limits.max_rows
    for numbered in _data_rows(header):
        rows.append(numbered)
        if len(rows) > most:
            raise FileError("file.too_large")
    detected = replace(header.candidate.detected, header_row=header.row)
    return Sheet(header.kind, detected, header.texts, tuple(rows), header.candidate.epoch, guessed)


def _data_rows(header: Header) -> Iterator[tuple[int, Cells]]:
    keys = tuple(map(header_key, header.texts))
    nip_places = _nip_places(header)
    below = islice(header.candidate.rows(len(keys)), header.row, None)
    seen_filled, cells = False, 0
    for number, row in enumerate(below, header.row + 1):
        cells += len(row)
        if cells > _MOST_CELLS:
            raise FileError("file.too_large")
        if not row or all(map(is_empty, row)):
            continue
        first, seen_filled = not seen_filled, True
        if not (_is_note(row, nip_places) or _repeats_header(row, keys) or (first and _is_numbering(row))):
            yield number, row


def _nip_places(header: Header) -> tuple[int, ...]:
    return tuple(place for place, column in known_columns(header.kind, header.texts) if column.name == "NIP")


def _is_note(row: Cells, nip_places: tuple[int, ...]) -> bool:
    """A row without NIP with one filled cell (numbers, signatures), or a total."""
    if any(_says_nip(row[place]) for place in nip_places if place < len(row)):
        return False
    filled = [value for value in row if not is_empty(value)]
    return len(filled) == 1 or collapsed(filled[0]).casefold().startswith(("jumlah", "total"))


def _says_nip(value: CellValue) -> bool:
    """Whether a NIP is meant, however damaged: in a sheet without number column, totals stand in this one."""
    return isinstance(value, Broken) or any(ch.isdigit() for ch in raw_text(value))


def _repeats_header(row: Cells, keys: tuple[str, ...]) -> bool:
    return len(row) <= len(keys) and all(
        header_key(collapsed(value)) == key for value, key in zip_longest(row, keys)
    )


def _is_numbering(row: Cells) -> bool:
    numbers = [_running_number(value) for value in row if not is_empty(value)]
    return len(numbers) > 1 and numbers == list(range(1, len(numbers) + 1))


def _running_number(value: CellValue) -> int | None:
    match = _RUNNING_NUMBER.fullmatch(collapsed(value))
    return int(match[1] or match[2]) if match else None


def is_ignored(configured: Configuration, text: str) -> bool:
    """Whether a header is that of a number column, or blank."""
    return configured.ignores(header_key(text))
