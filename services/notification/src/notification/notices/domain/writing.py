"""Dates and numbers inside notices, in the reader's language; deadlines always carry their zone."""

from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal

from notification.notices.templates import Language

LOCALES = {"id": "id_ID", "en": "en_GB"}


def language_of(code: str) -> Language:
    """A language we write; anything else means Indonesian."""
    return "en" if code == "en" else "id"


def day(value: date | str, language: Language) -> str:
    """`Senin, 23 November 2026`."""
    return format_date(_date(value), "EEEE, d MMMM y", locale=LOCALES[language])


def short_day(value: date | str, language: Language) -> str:
    """`31 Desember 2026`."""
    return format_date(_date(value), "d MMMM y", locale=LOCALES[language])


def deadline(last_day: date | str, language: Language) -> str:
    """`Senin, 23 November 2026 pukul 23.59 WIB`: the end of the last day, in the field's zone."""
    end = {"id": "pukul 23.59 WIB", "en": "at 23:59 WIB (UTC+7)"}[language]
    return f"{day(last_day, language)} {end}"


def number(value: float, language: Language) -> str:
    """`1.234,5`, at most one decimal."""
    return format_decimal(value, format="#,##0.#", locale=LOCALES[language])


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
