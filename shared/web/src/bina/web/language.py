"""Indonesian is the source language; English comes from catalogues (`locale/en/messages.po`) read at start-up and is
shown to whoever chose it.

`from bina.web.language import gettext as _` in code, `{{ _("…") }}` in templates. A service is offered in English
once its package has a catalogue, so a page never mixes two languages by accident.
"""

from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po
from starlette.requests import HTTPConnection

SOURCE = "id"
LOCALES = {"id": "id_ID", "en": "en_GB"}
NAMES = {"id": "Bahasa Indonesia", "en": "English"}
COOKIE = "bina_bahasa"

_current: ContextVar[str] = ContextVar("bina_language", default=SOURCE)
_catalogues: dict[str, dict[str, tuple[str, ...]]] = {"en": {}}
_offered: dict[str, set[str]] = {}


def current() -> str:
    """Language of the request being answered: `id` or `en`."""
    return _current.get()


def locale() -> str:
    """Babel's name of the current language, for numbers and dates."""
    return LOCALES[current()]


def use(language: str) -> None:
    """Answer the rest of this request in a language; an unknown one means Indonesian."""
    _current.set(language if language in LOCALES else SOURCE)


def gettext(message: str) -> str:
    """Translate an Indonesian source string; without a translation it stays Indonesian."""
    found = _catalogues.get(current(), {}).get(message)
    return found[0] if found and found[0] else message


def ngettext(singular: str, plural: str, n: int) -> str:
    """Translate by number: Indonesian has one form, English two."""
    found = _catalogues.get(current(), {}).get(singular)
    if found and all(found):
        return found[0] if n == 1 else found[-1]
    return singular if n == 1 else plural


def counted(message: str, n: int) -> str:
    """Translate a text about `n` things: one source string, as Indonesian nouns have one form."""
    return ngettext(message, message, n)


def load(service: str, shell: Path, package_dir: Path | None) -> None:
    """Read the shell's catalogues and a service's own, and offer the service in the languages of its own.

    Where both translate a text, the service's word wins, whichever is read first.
    """
    for language, path in _paths(shell).items():
        _catalogues[language] = _messages(path) | _catalogues.get(language, {})
    if package_dir is not None:
        own = _paths(package_dir)
        for language, path in own.items():
            _catalogues.setdefault(language, {}).update(_messages(path))
        _offered[service] = {SOURCE, *own}


def _paths(directory: Path) -> dict[str, Path]:
    return {path.parent.name: path for path in sorted(directory.glob("locale/*/messages.po"))}


def offered(service: str) -> list[str]:
    """Languages in which a service's pages are complete, Indonesian first."""
    return [code for code in LOCALES if code in _offered.get(service, {SOURCE})]


def names(service: str) -> dict[str, str]:
    """The languages of a service's pages, each named in its own tongue."""
    return {code: NAMES[code] for code in offered(service)}


def preferred(connection: HTTPConnection, languages: list[str]) -> str:
    """The language that the reader chose by the footer's switch, where it is offered; Indonesian otherwise.

    What the browser asks for counts for nothing: machines of Indonesian offices often ask for English.
    """
    chosen = connection.cookies.get(COOKIE)
    return chosen if chosen in languages else SOURCE


@cache
def _messages(path: Path) -> dict[str, tuple[str, ...]]:
    with path.open("rb") as file:
        catalogue = read_po(file)
    return {_key(m.id): _forms(m.string) for m in catalogue if m.id and m.string and not m.fuzzy}


def _key(message_id: str | list[str] | tuple[str, ...]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def _forms(string: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)
