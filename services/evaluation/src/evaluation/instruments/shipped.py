"""The instruments Bina ships: frozen per version, so that an answer keeps the form it was given on."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Kind = Literal["scale4", "text", "choice", "number"]


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    id: str
    en: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a choice question; the code is stored."""

    code: str
    text: Words


@dataclass(frozen=True, slots=True)
class Question:
    """One question; its id is stable within an instrument's code across versions.

    `aspect` joins questions that ask the same of different people; `scale` names the words for 1-4.
    """

    id: str
    text: Words
    kind: Kind
    required: bool
    aspect: str = ""
    scale: str = ""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """Days after completion (or acceptance) between which answers count; dated, cited configuration."""

    starts_from: Literal["completion", "acceptance"]
    opens_after_days: int
    closes_after_days: int
    citation: str
    effective_from: date

    def opens_on(self, fact: date) -> date:
        """The first day on which the form can be answered."""
        return fact + timedelta(days=self.opens_after_days)

    def closes_on(self, fact: date) -> date:
        """The last day on which an answer counts."""
        return self.opens_on(fact) + timedelta(days=self.closes_after_days)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A form of one version: who answers, when, how long it takes, what it asks.

    `scales` gives the four words of a scale by its name (index 0 is 1); `indicators` the
    observable behaviours by competency code, of which a form shows those of its training.
    """

    code: str
    version: int
    title: Words
    level: Literal["L1", "L3"]
    method: Literal["survey", "interview", "observation"]
    respondents: tuple[Literal["alumnus", "supervisor", "evaluator"], ...]
    window: Window
    minutes: int
    introduction: Words
    scales: dict[str, tuple[Words, Words, Words, Words]]
    questions: tuple[Question, ...]
    indicators: dict[str, tuple[Question, ...]]

    def questions_for(self, competencies: Collection[str]) -> tuple[Question, ...]:
        """All questions of a form about a training of these competencies, in order."""
        shown = [q for code in dict.fromkeys(competencies) for q in self.indicators.get(code, ())]
        return (*self.questions, *shown)


@cache
def load_instruments() -> dict[str, Instrument]:
    """The current version of every instrument, by code."""
    return {instrument.code: instrument for instrument in map(parse_instrument, read_bodies())}


def read_bodies() -> list[dict[str, Any]]:
    """The shipped instruments as they stand in their files."""
    entries = sorted(files(__package__).iterdir(), key=lambda entry: entry.name)
    return [json.loads(e.read_text(encoding="utf-8")) for e in entries if e.name.endswith(".json")]


def parse_instrument(raw: dict[str, Any]) -> Instrument:
    """The instrument that a body describes."""
    return Instrument(
        code=raw["code"],
        version=raw["version"],
        title=Words(**raw["title"]),
        level=raw["level"],
        method=raw["method"],
        respondents=tuple(raw["respondents"]),
        window=_window(raw["window"]),
        minutes=raw["minutes"],
        introduction=Words(**raw["introduction"]),
        scales={name: _scale(words) for name, words in raw["scales"].items()},
        questions=tuple(map(_question, raw["questions"])),
        indicators={code: tuple(map(_question, rows)) for code, rows in raw.get("indicators", {}).items()},
    )


def _window(raw: dict[str, Any]) -> Window:
    return Window(**{**raw, "effective_from": date.fromisoformat(raw["effective_from"])})


def _scale(words: dict[str, list[str]]) -> tuple[Words, Words, Words, Words]:
    one, two, three, four = (Words(i, e) for i, e in zip(words["id"], words["en"], strict=True))
    return one, two, three, four


def _question(raw: dict[str, Any]) -> Question:
    choices = tuple(Choice(c["code"], Words(**c["text"])) for c in raw.get("choices", ()))
    return Question(**{**raw, "text": Words(**raw["text"]), "choices": choices})
