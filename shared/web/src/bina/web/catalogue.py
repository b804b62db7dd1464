"""Bring a package's English catalogue up to date with its source strings: `python -m bina.web.catalogue <folder>`.

Writes `<folder>/locale/en/messages.po`: translations are kept, new strings come in empty, strings no longer used go.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
_OPTIONS = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "counted": (1, 1)}


def update(package_dir: Path) -> Catalog:
    """The catalogue of a package after extraction; nothing is written."""
    target = path_of(package_dir)
    catalogue = Catalog(locale="en", header_comment="# English texts; the source strings are Indonesian.")
    if target.is_file():
        with target.open("rb") as file:
            catalogue = read_po(file, locale="en")
    catalogue.update(_template(package_dir), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def untranslated(catalogue: Catalog) -> list[str]:
    """Source strings that still lack an English text."""
    return [str(message.id) for message in catalogue if message.id and not _is_translated(message.string)]


def path_of(package_dir: Path) -> Path:
    """Where a package keeps its English texts."""
    return package_dir / "locale" / "en" / "messages.po"


def main() -> None:
    """Update the catalogue of the folder named on the command line."""
    package_dir = Path(sys.argv[1])
    catalogue = update(package_dir)
    path_of(package_dir).parent.mkdir(parents=True, exist_ok=True)
    with path_of(package_dir).open("wb") as file:
        write_po(file, catalogue, width=110, no_location=True, sort_output=True, include_previous=False)
    sys.stdout.write(f"{len(catalogue)} texts, {len(untranslated(catalogue))} to translate\n")


def _template(package_dir: Path) -> Catalog:
    template = Catalog()
    for message_id in _sources(package_dir):
        template.add(message_id)
    return template


def _sources(package_dir: Path) -> Iterator[str | tuple[str, ...]]:
    found = extract_from_dir(str(package_dir), _METHODS, _OPTIONS, keywords=_KEYWORDS)
    for _file, _line, message, _comments, _context in found:
        yield message


def _is_translated(string: str | list[str] | tuple[str, ...] | None) -> bool:
    return all(string) if isinstance(string, (list, tuple)) else bool(string)


if __name__ == "__main__":
    main()
