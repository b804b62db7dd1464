"""From the bytes of a file to the one table it means. Content decides, never the name's extension."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from enrollment.imports import delimited, opendocument, packages, workbooks
from enrollment.imports.cells import Cells, is_empty
from enrollment.imports.columns import Kind, configuration
from enrollment.imports.problems import Problem, warning
from enrollment.imports.source import Candidate, Candidates, Detected, FileError
from enrollment.imports.tables import Header, Sheet, find_headers, read_table

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls, and .xlsx with a password
_PDF = b"%PDF-"


@dataclass(frozen=True, slots=True)
class FileRefused:
    """A file of which no row can be taken: `problems` holds one file.* error and what was noticed before."""

    name: str
    problems: tuple[Problem, ...]
    detected: Detected


def read(data: bytes, name: str, kind: Kind | None = None) -> Sheet | FileRefused:
    """The table of a CSV, TSV, .xlsx or .ods file; never raises on any bytes.

    `kind` steers which sheet and which delimiter is meant; without it, the kind is guessed from the headers.
    `name` is only kept for people.
    """
    found = Candidates(())
    try:
        found = _candidates(data)
        return read_table(_choose(found.tables, kind), guessed=found.guessed)
    except FileError as refused:
        noticed = (encoding_guessed(),) if found.guessed else ()
        problems = (*noticed, Problem(None, None, refused.code))
        return FileRefused(name, problems, Detected(encoding=_encoding(found)))
    except MemoryError:
        return FileRefused(name, (Problem(None, None, "file.too_large"),), Detected())


def encoding_guessed() -> Problem:
    """The warning that a text's encoding was guessed."""
    return warning(None, "encoding.guessed")


def _encoding(found: Candidates) -> str | None:
    return found.tables[0].detected.encoding if found.tables else None


def kind_of(sheet: Sheet) -> Kind:
    """What the file seems to report, by its header."""
    return sheet.kind


def _candidates(data: bytes) -> Candidates:
    limits = configuration().limits
    if len(data) > limits.max_file_bytes:
        raise FileError("file.too_large")
    if data.startswith(_ZIP):
        return _packaged(packages.open_package(data, limits))
    if data.startswith(_COMPOUND) or data[:1024].lstrip().startswith(_PDF):
        raise FileError("file.unreadable")
    return delimited.candidates(data)


def _packaged(package: zipfile.ZipFile) -> Candidates:
    parts = set(package.namelist())
    if "mimetype" in parts and package.read("mimetype").strip().startswith(opendocument.MIME_TYPE):
        return opendocument.candidates(package)
    if "[Content_Types].xml" in parts:
        return workbooks.candidates(package)
    raise FileError("file.unreadable")


def _choose(tables: tuple[Candidate, ...], kind: Kind | None) -> Header:
    text = any(table.detected.delimiter for table in tables)
    kinds = (kind,) if kind else tuple(Kind)
    headers = [h for table in tables for h in _headers(table, kinds, forgiving=text)]
    if not headers:
        raise FileError(_why_no_header(tables))
    likeliest = max(headers, key=_rank)
    return likeliest if text else _first_sheet([h for h in headers if h.kind is likeliest.kind])


def _headers(table: Candidate, kinds: tuple[Kind, ...], *, forgiving: bool) -> list[Header]:
    """A text may be broken only when read with the wrong delimiter, hence forgiving."""
    try:
        return find_headers(table, kinds)
    except FileError:
        if forgiving:
            return []
        raise


def _rank(header: Header) -> tuple[int, bool]:
    return len(header.known), header.complete


def _first_sheet(headers: list[Header]) -> Header:
    """The first sheet with all required columns, else the first with a header."""
    return next((h for h in headers if h.complete), headers[0])


def _why_no_header(tables: Sequence[Candidate]) -> str:
    """Every row of a text is read: a quotation mark never closed is only seen at the end, and is another refusal."""
    nothing = bool(tables)
    for table in tables:
        filled = map(_is_filled, table.rows(None))
        # to the end of a text; the first filled row of a sheet says enough
        nothing = not any([*filled] if table.detected.delimiter else filled) and nothing
    return "file.empty" if nothing else "file.no_header"


def _is_filled(row: Cells) -> bool:
    return any(not is_empty(value) for value in row)
