"""Parts of spreadsheet packages (XML), read as streams: no part is ever held whole, nor anything in it without bound.

A part with a DOCTYPE was refused before (`packages`), so no entity expands here.
"""

import sys
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import IO, Any, cast
from xml.etree.ElementTree import Element, TreeBuilder, XMLParser, XMLPullParser
from xml.parsers import expat
from zipfile import ZipFile

from enrollment.imports.source import FileError

LONGEST = 2 << 20
"""Bytes of XML that one row, text or heading may take; a row as wide as Excel's stays below."""
LARGEST_HEAD = 8 << 20
"""Bytes of a part that only says how to read others: names of sheets, styles."""
MOST_HEADS = 200_000
"""Sheets, references or styles; Excel takes 65,490 styles of cells, and as many named ones."""
LONGEST_TEXT = 1 << 16
"""Characters of one cell; Excel takes half as many."""
KEPT = 80_000_000
"""Bytes of memory that a file's texts may take."""
_CHUNK = 1 << 16


class Texts:
    """Texts of a file as they are kept; raises `FileError` where they take too much memory."""

    def __init__(self) -> None:
        self._left = KEPT

    def keep(self, text: str) -> str:
        """The text; the same object for one that was met a moment ago."""
        return self.keep_all((text,))[0]

    def keep_all(self, texts: Iterable[str]) -> list[str]:
        """The same of many."""
        found, left, known, size_of = list[str](), self._left, _known, sys.getsizeof
        for text in texts:
            kept = known(text)
            if kept is text:
                left -= size_of(text)
                if left < 0 or len(text) > LONGEST_TEXT:
                    raise FileError("file.too_large")
            found.append(kept)
        self._left = left
        return found


@lru_cache(maxsize=8192)
def _known(text: str) -> str:
    return text


def children(stream: IO[bytes], parent: str) -> Iterator[Element]:
    """The children of the element of that name, the root or below it, each whole and let go of.

    What follows it is unpacked (which compares its checksum) but not read. The tree grows under an element of ours, by
    which it can be looked at while it grows.
    """
    builder = TreeBuilder()
    root: Element = builder.start("", {})
    parser = XMLParser(target=builder)  # noqa: S314 - see above
    found: Element | None = None
    open_bytes = 0
    while chunk := stream.read(_CHUNK):
        parser.feed(chunk)
        open_bytes += len(chunk)
        found = _found(root, parent) if found is None else found
        if found is not None:
            if found is not root[0] and root[0][-1] is not found:  # closed
                break
            if len(found) > 1:  # the last may still be read
                yield from found[:-1]
                del found[:-1]
                open_bytes = 0
        if open_bytes > LONGEST:
            raise FileError("file.too_large")
    else:
        parser.close()
    yield from found if found is not None else ()
    while stream.read(_CHUNK):
        pass


def _found(root: Element, name: str) -> Element | None:
    if not len(root):
        return None
    return root[0] if root[0].tag == name else root[0].find(name)


def started(package: ZipFile, part: str, names: Collection[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(parent's name, name, attributes) of each element of these names, without namespaces, as it begins."""
    if package.getinfo(part).file_size > LARGEST_HEAD:
        raise FileError("file.too_large")
    with package.open(part) as stream:
        yield from _started(stream, names)


def _started(stream: IO[bytes], names: Collection[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    path, found = [""], list[tuple[str, str, dict[str, str]]]()

    def start(name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if local in names:
            found.append(
                (path[-1], local, {key.rpartition(" ")[2]: value for key, value in attributes.items()})
            )
        path.append(local)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: path.pop()
    told = 0
    while chunk := stream.read(_CHUNK):
        parser.Parse(chunk, False)
        told += len(found)
        if told > MOST_HEADS:
            raise FileError("file.too_large")
        yield from found
        found.clear()
    parser.Parse(b"", True)


def events(stream: IO[bytes], let_go: Collection[str]) -> Iterator[tuple[str, Element]]:
    """("start" or "end", element) as the stream is read. What an element of `let_go` held is gone after its end."""
    parser: XMLPullParser[Any] = XMLPullParser(events=("start", "end"))
    path: list[Element] = []
    open_bytes = 0
    while chunk := stream.read(_CHUNK):
        parser.feed(chunk)
        open_bytes += len(chunk)
        for event, element in cast("Iterator[tuple[str, Element]]", parser.read_events()):
            path.append(element) if event == "start" else path.pop()
            yield event, element
            if event == "end" and element.tag in let_go and path:
                del path[-1][:]
                open_bytes = 0
        if open_bytes > LONGEST:
            raise FileError("file.too_large")
    parser.close()
