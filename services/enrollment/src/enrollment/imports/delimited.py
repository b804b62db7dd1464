"""CSV and TSV: which encoding, which records."""

import csv
import io
import re
from collections.abc import Iterator
from functools import partial
from itertools import chain

from enrollment.imports.cells import Cells
from enrollment.imports.columns import configuration
from enrollment.imports.source import Candidate, Candidates, Detected, FileError

DELIMITERS = (",", ";", "\t", "|")

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-bom", "utf-8"),
    (b"\xff\xfe", "utf-16-le", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be", "utf-16-be"),
)
_MARKUP = re.compile(r"\s*<[!?A-Za-z]")
_LONGEST_LINE = 1 << 20
_END = "\ue000end of text"  # private use: no agency's file begins a line with it


def candidates(data: bytes) -> Candidates:
    """The text as one candidate per delimiter; raises `FileError` for what is no text, and for HTML."""
    text, encoding, guessed = decode(data)
    if "\0" in text or _MARKUP.match(text) or text.startswith("MIME-Version:"):
        raise FileError("file.unreadable")
    tables = (Candidate(partial(_rows, text, d), Detected(encoding, d)) for d in DELIMITERS)
    return Candidates(tuple(tables), guessed)


def decode(data: bytes) -> tuple[str, str, bool]:
    """(text, encoding's name, whether it was guessed); raises `FileError` if it is in no known encoding."""
    for bom, name, codec in _BOMS:
        if data.startswith(bom):
            return _strictly(data[len(bom) :], codec), name, False
    if b"\0" not in data and (text := _utf8(data)) is not None:
        return text, "utf-8", False
    if codec_by_zeros := _utf16_by_zero_bytes(data):
        return _strictly(data, codec_by_zeros), codec_by_zeros, True
    return _strictly(data, "cp1252"), "windows-1252", True


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _strictly(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        raise FileError("file.unreadable") from None


def _utf16_by_zero_bytes(data: bytes) -> str | None:
    """Latin text in UTF-16 has a zero in nearly every second byte, and hardly any in the others."""
    head = data[:4096]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd * 4 > len(head) and even * 8 < odd:
        return "utf-16-le"
    return "utf-16-be" if even * 4 > len(head) and odd * 8 < even else None


def _rows(text: str, delimiter: str, width: int | None) -> Iterator[Cells]:
    """Records of the text; a quoted line break does not begin a new one.

    A quotation mark that is never closed swallows the line appended after the end, which is how it is seen.
    """
    # for the whole process: no field can be longer than a whole file may be
    csv.field_size_limit(configuration().limits.max_file_bytes)
    lines = chain(_lines(text), ["\n"] if _ends_open(text) else [], [_END])
    record: list[str] = []
    try:
        for following in csv.reader(lines, delimiter=delimiter):
            if following == [_END]:
                return
            record = following
            yield tuple(record[:width])
    except csv.Error:
        raise FileError("file.unreadable") from None
    raise FileError("file.unreadable")


def _lines(text: str) -> Iterator[str]:
    """Lines with their ends, none of them with a million columns."""
    for line in io.StringIO(text, newline=""):
        if len(line) > _LONGEST_LINE:
            raise FileError("file.too_large")
        yield line


def _ends_open(text: str) -> bool:
    """Whether the last line lacks its line end."""
    return bool(text) and text[-1] not in "\r\n"
