"""Zip files (.xlsx, .ods): what may be unpacked at all, decided from the directory and the prologs."""

import io
import zipfile
from xml.parsers import expat

from enrollment.imports.columns import Limits
from enrollment.imports.source import FileError

_ENCRYPTED = 0x1
_PROLOG = 1 << 16
_MOST_PARTS = 10_000
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_TIGHTEST = 100
"""Sheets are packed to a tenth; beyond a hundredth it is the same over and over."""
_MOST_TIGHT = 16 << 20
"""Bytes of what is packed that tight, which forms with thousands of empty cells are."""


def open_package(data: bytes, limits: Limits) -> zipfile.ZipFile:
    """The package, after its sizes, encryption and every part's prolog have been looked at.

    Raises `FileError`: file.too_large from the sizes before anything is unpacked (a part that holds more than
    it declares is cut there by zipfile), file.unreadable for a damaged or encrypted package, for parts that share their
    packed bytes and for a DOCTYPE.
    """
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        _check_directory(package.infolist(), len(data), limits)
        for part in package.infolist():
            _check_prolog(package, part)
    except (FileError, MemoryError):
        raise
    except Exception as e:  # zipfile, zlib, lzma and expat each raise their own for a damaged part
        raise FileError("file.unreadable") from e
    return package


def _check_directory(parts: list[zipfile.ZipInfo], size: int, limits: Limits) -> None:
    if any(p.flag_bits & _ENCRYPTED or p.compress_type not in _METHODS for p in parts):
        raise FileError("file.unreadable")
    if len(parts) > _MOST_PARTS or sum(p.compress_size for p in parts) > size:
        raise FileError("file.unreadable")
    tight = sum(p.file_size for p in parts if p.file_size > _TIGHTEST * p.compress_size)
    if tight > _MOST_TIGHT or sum(p.file_size for p in parts) > limits.max_uncompressed_bytes:
        raise FileError("file.too_large")


def _check_prolog(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Read a part up to its root element, after which no DOCTYPE can follow and before which nobody writes a book."""
    begun: list[str] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = lambda name, _attributes: begun.append(name)
    try:
        with package.open(part) as stream:
            parser.Parse(stream.read(_PROLOG), False)
    except expat.ExpatError:
        if not begun and part.filename.lower().endswith((".xml", ".rels")):
            raise FileError("file.unreadable") from None
        return  # no XML, nor read as such
    if not begun and part.file_size > _PROLOG:
        raise FileError("file.unreadable")


def _refuse(*_: object) -> None:
    raise FileError("file.unreadable")
