"""Zip files (.xlsx, .ods): what may be unpacked at all, decided from the directory and the prologs."""

import io
import zipfile
from xml.parsers import expat

from enrollment.imports.columns import Limits
from enrollment.imports.source import FileError

_ENCRYPTED = 0x1
_CHUNK = 4096
_MOST_PARTS = 10_000


def open_package(data: bytes, limits: Limits) -> zipfile.ZipFile:
    """The package, after its sizes, encryption and every part's prolog have been looked at.

    Raises `FileError`: file.too_large from the sizes before anything is unpacked (a part that holds more than
    it declares is cut there by zipfile), file.unreadable for a damaged or encrypted package or a DOCTYPE.
    """
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        _check_directory(package.infolist(), limits)
        for part in package.infolist():
            _check_prolog(package, part)
    except FileError:
        raise
    except Exception as e:  # zipfile, zlib, lzma and expat each raise their own for a damaged part
        raise FileError("file.unreadable") from e
    return package


def _check_directory(parts: list[zipfile.ZipInfo], limits: Limits) -> None:
    if any(p.flag_bits & _ENCRYPTED for p in parts) or len(parts) > _MOST_PARTS:
        raise FileError("file.unreadable")
    if sum(p.file_size for p in parts) > limits.max_uncompressed_bytes:
        raise FileError("file.too_large")


def _check_prolog(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Read a part up to its root element, after which no DOCTYPE can follow."""
    begun: list[str] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = lambda name, _attributes: begun.append(name)
    try:
        with package.open(part) as stream:
            while not begun and (chunk := stream.read(_CHUNK)):
                parser.Parse(chunk, False)
    except expat.ExpatError:
        if not begun and part.filename.lower().endswith((".xml", ".rels")):
            raise FileError("file.unreadable") from None


def _refuse(*_: object) -> None:
    raise FileError("file.unreadable")
