"""The words of every notice, in Bahasa Indonesia and English."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Language = Literal["id", "en"]


@dataclass(frozen=True, slots=True)
class Wording:
    """A notice in one language: plain text with named placeholders, and the label of its link."""

    subject: str
    body: str
    link: str

    def filled(self, values: Mapping[str, object]) -> "Wording":
        """With every placeholder replaced; values are people's words, already formatted (dates with zone).

        Raises `KeyError` naming a placeholder without value.
        """
        return Wording(self.subject.format_map(values), self.body.format_map(values), self.link)


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of notice: which placeholders it needs, and its wording per language."""

    kind: str
    placeholders: frozenset[str]
    wordings: Mapping[Language, Wording]

    def render(self, language: Language, values: Mapping[str, object]) -> Wording:
        """The notice as a person reads it."""
        return self.wordings[language].filled(values)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence or part of one that fills a placeholder of a notice."""

    placeholders: frozenset[str]
    texts: Mapping[Language, str]

    def render(self, language: Language, values: Mapping[str, object]) -> str:
        """The phrase as a person reads it. Raises `KeyError` naming a placeholder without value."""
        return self.texts[language].format_map(values)


@dataclass(frozen=True, slots=True)
class Templates:
    """One version of all notices by kind, and the phrases they are completed with."""

    version: str
    notices: Mapping[str, Template]
    phrases: Mapping[str, Phrase]


@cache
def load_templates() -> Templates:
    """The templates shipped with this version of the service."""
    raw = json.loads(files(__package__).joinpath("templates.json").read_text(encoding="utf-8"))
    return Templates(
        version=raw["version"],
        notices={row["kind"]: _template(row) for row in raw["notices"]},
        phrases={name: _phrase(row) for name, row in raw["phrases"].items()},
    )


def _template(row: dict[str, Any]) -> Template:
    wordings: dict[Language, Wording] = {"id": Wording(**row["id"]), "en": Wording(**row["en"])}
    return Template(row["kind"], frozenset(row["placeholders"]), wordings)


def _phrase(row: dict[str, Any]) -> Phrase:
    return Phrase(frozenset(row["placeholders"]), {"id": row["id"], "en": row["en"]})
