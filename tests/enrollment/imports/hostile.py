"""Files that are made to harm: small to send, huge to read."""

import io
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping

from .files import ENROLMENT, NIP, csv_of, ods_of, repacked, shared_xlsx_of

MIB = 1 << 20
PLAIN = shared_xlsx_of(ENROLMENT, (NIP, "A", "x"))
SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
_CHUNK = 1 << 16
Part = tuple[bytes, bytes, bytes, int]
"""What a part begins with, what it repeats, what it ends with, and how many bytes it has in all."""


def stuffed(package: bytes, parts: Mapping[str, Part]) -> bytes:
    """The package with parts in place of its own or beside them, written as a stream."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(buffer, "w") as new:
        for part in old.infolist():
            if part.filename not in parts:
                new.writestr(part.filename, old.read(part), zipfile.ZIP_DEFLATED)
        for name, part in parts.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            with new.open(info, "w", force_zip64=True) as stream:
                for chunk in _stream(*part):
                    stream.write(chunk)
    return buffer.getvalue()


def _stream(head: bytes, unit: bytes, tail: bytes, size: int) -> Iterator[bytes]:
    yield head
    some = unit * max(_CHUNK // len(unit), 1)
    for _ in range(size // len(some)):
        yield some
    yield tail


def _xml(package: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        return opened.read(name)


def _in(name: str, mark: bytes, unit: bytes, size: int, package: bytes = PLAIN) -> bytes:
    """A part in which something is repeated before a mark."""
    head, found, tail = _xml(package, name).partition(mark)
    assert found, mark
    return stuffed(package, {name: (head, unit, mark + tail, size)})


def _nested() -> bytes:
    inner = PLAIN
    for _ in range(5):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as outer:
            for n in range(16):
                outer.writestr(f"{n}.zip", inner)
        inner = buffer.getvalue()
    return inner


def _overlapping() -> bytes:
    """Every entry of the directory names the same packed bytes, as in the better known flat bomb."""
    data = stuffed(PLAIN, {"a": (b"", b"\0", b"", 4 * MIB)})
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        start = opened.start_dir
    entry_at = data.rindex(b"PK\x01\x02")
    entry, end = data[entry_at : data.rindex(b"PK\x05\x06")], data[data.rindex(b"PK\x05\x06") :]
    many = 48
    directory = data[start:entry_at] + entry * many
    count = end[8:10]
    total = (int.from_bytes(count, "little") - 1 + many).to_bytes(2, "little")
    fixed = end[:8] + total * 2 + len(directory).to_bytes(4, "little") + end[16:]
    return data[:start] + directory + fixed


def _far_apart() -> bytes:
    """A header of a thousand columns, under which each of many rows has one cell in the last."""
    texts = b"".join(b"<si><t>k%d</t></si>" % n for n in range(1_000))
    strings = _xml(PLAIN, STRINGS).replace(b"</sst>", texts + b"</sst>")
    first = b"".join(b'<c t="s"><v>%d</v></c>' % (n if n < 3 else n + 3) for n in range(1_000))
    head, _, _ = _xml(PLAIN, SHEET).partition(b"<sheetData>")
    row = b'<row><c r="ALL9" t="s"><v>4</v></c></row>'
    sheet: Part = (
        head + b"<sheetData><row>" + first + b"</row>",
        row,
        b"</sheetData></worksheet>",
        len(row) * 90_000,
    )
    return stuffed(PLAIN, {STRINGS: (strings, b" ", b"", 0), SHEET: sheet})


def _spaces() -> bytes:
    """ODS: a few bytes that stand for a thousand spaces each, in many cells."""
    spaces = '<text:s text:c="1000"/>' * 60
    cells = [
        f'<table:table-cell office:value-type="string"><text:p>{n}{spaces}y</text:p></table:table-cell>'
        for n in range(3000)
    ]
    return ods_of(ENROLMENT, *((NIP, "A", cell) for cell in cells))


def _ods(mark: bytes, unit: bytes, size: int) -> bytes:
    return _in("content.xml", mark, unit, size, ods_of(ENROLMENT, (NIP, "A", "x")))


def _entities() -> bytes:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]>'.encode()

    def change(name: str, content: bytes) -> bytes:
        return (
            content.replace(b"<sst", doctype + b"<sst").replace(b">x<", b">&l9;<")
            if name == STRINGS
            else content
        )

    return repacked(PLAIN, change)


def _outside() -> bytes:
    doctype = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'

    def change(name: str, content: bytes) -> bytes:
        return (
            content.replace(b"<sst", doctype + b"<sst").replace(b">x<", b">&e;<")
            if name == STRINGS
            else content
        )

    return repacked(PLAIN, change)


def _late() -> bytes:
    """An entity that is declared after a long comment, in a part by another name than XML's."""
    buffer = io.BytesIO()
    late = b"<!--" + os.urandom(40_000).hex().encode() + b'--><!DOCTYPE x [<!ENTITY e "y">]>'
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            content = old.read(part).replace(b"sharedStrings.xml", b"sharedStrings.dat")
            if part.filename == STRINGS:
                content = content.replace(b"<sst", late + b"<sst").replace(b">x<", b">&e;<")
            new.writestr(part.filename.replace("Strings.xml", "Strings.dat"), content)
    return buffer.getvalue()


def _packed_otherwise() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as old, zipfile.ZipFile(buffer, "w") as new:
        for part in old.infolist():
            new.writestr(part.filename, old.read(part), zipfile.ZIP_LZMA)
    return buffer.getvalue()


def _padded(unit: bytes, size: int) -> bytes:
    """Texts among which so many random bytes stand that they are not packed conspicuously tight."""
    head, _, tail = _xml(PLAIN, STRINGS).partition(b"</sst>")
    noise = b"<!--" + os.urandom(24_000).hex().encode() + b"-->"
    return stuffed(PLAIN, {STRINGS: (head, unit * 160_000 + noise, b"</sst>" + tail, size)})


UNREADABLE, TOO_LARGE, NO_HEADER = "file.unreadable", "file.too_large", "file.no_header"
FILES: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "a flat bomb": (lambda: stuffed(PLAIN, {SHEET: (b"<x>", b" ", b"", 400 * MIB)}), TOO_LARGE),
    "a bomb in a part nobody reads": (
        lambda: stuffed(PLAIN, {"xl/media/a.bin": (b"", b"\0", b"", 190 * MIB)}),
        TOO_LARGE,
    ),
    "zips in zips": (_nested, UNREADABLE),
    "one packed part under many names": (_overlapping, UNREADABLE),
    "packed by another method": (_packed_otherwise, UNREADABLE),
    "many millions of shared texts": (lambda: _in(STRINGS, b"</sst>", b"<si/>", 190 * MIB), TOO_LARGE),
    "millions of shared texts, not packed tight": (lambda: _padded(b"<si/>", 190 * MIB), TOO_LARGE),
    "one huge shared text": (
        lambda: _in(STRINGS, b"</sst>", b"x" * 1000, 190 * MIB, _opened()),
        TOO_LARGE,
    ),
    "millions of styles": (lambda: _in(STYLES, b"</cellXfs>", b"<xf/>", 190 * MIB), TOO_LARGE),
    "fifteen megabytes of styles": (lambda: _in(STYLES, b"</cellXfs>", b"<xf/>", 15 * MIB), TOO_LARGE),
    "more styles than Excel takes": (lambda: _in(STYLES, b"</cellXfs>", b"<xf/>", 7 * MIB), TOO_LARGE),
    "a comment before everything": (lambda: _commented(15 * MIB), UNREADABLE),
    "a million columns": (lambda: _in(SHEET, b"</row>", b"<c/>", 15 * MIB), TOO_LARGE),
    "a million columns of text": (lambda: csv_of(ENROLMENT) + b"1;" * 5_000_000, TOO_LARGE),
    "a row of ten million commas": (lambda: b"," * 10_000_000, TOO_LARGE),
    "cells far apart": (_far_apart, TOO_LARGE),
    "rows without end": (lambda: _in(SHEET, b"</sheetData>", b"<row/>", 15 * MIB), UNREADABLE),
    "an attribute without end": (lambda: _attribute(15 * MIB), TOO_LARGE),
    "much before the rows": (lambda: _in(SHEET, b"<sheetData>", b"<a/>", 15 * MIB), TOO_LARGE),
    "ODS: columns without end": (
        lambda: _ods(b"</table:table-row>", b"<table:table-cell/>", 15 * MIB),
        TOO_LARGE,
    ),
    "ODS: rows without end": (lambda: _ods(b"</table:table>", b"<table:table-row/>", 190 * MIB), TOO_LARGE),
    "ODS: few bytes that are many spaces": (_spaces, TOO_LARGE),
    "entities in entities": (_entities, UNREADABLE),
    "an entity from outside": (_outside, UNREADABLE),
    "an entity far behind, under another name": (_late, UNREADABLE),
    "a PDF that is called a workbook": (lambda: b"%PDF-1.7\n1 0 obj\n" + b"x" * MIB, UNREADABLE),
    "with a password, or from before 2007": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 9 * MIB,
        UNREADABLE,
    ),
    "half a workbook": (lambda: PLAIN[: len(PLAIN) // 2], UNREADABLE),
    "a workbook without its end": (lambda: PLAIN[:-30], UNREADABLE),
    "more than ten megabytes": (lambda: b"NIP;Kode Angkatan\n" + b"1;2\n" * 2_700_000, TOO_LARGE),
}
"""By name: how it is made, and as what it is refused."""


def _opened() -> bytes:
    """A workbook whose last shared text does not end before the table does."""
    return repacked(
        PLAIN,
        lambda name, content: content.replace(b"</sst>", b"<si><t></sst>") if name == STRINGS else content,
    )


def _commented(size: int) -> bytes:
    head, mark, tail = _xml(PLAIN, SHEET).partition(b"<worksheet")
    return stuffed(PLAIN, {SHEET: (head + b"<!--", b"x" * 1000, b"-->" + mark + tail, size)})


def _attribute(size: int) -> bytes:
    head, mark, tail = _xml(PLAIN, SHEET).partition(b"</sheetData>")
    return stuffed(PLAIN, {SHEET: (head + b'<row a="', b"x" * 1000, b'"/>' + mark + tail, size)})
