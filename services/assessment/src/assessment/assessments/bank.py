"""The question bank: parallel sets for pre-test (A) and post-test (B), in Bahasa Indonesia."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import chain, zip_longest
from typing import Literal

TestSet = Literal["A", "B"]


@dataclass(frozen=True, slots=True)
class Item:
    """One multiple-choice question; `pair` joins it with its parallel in the other set.

    `answer` is the index of the right option, `level` 1-5 the competency level it probes,
    `difficulty` easy, medium or hard; `source` names the regulation where one decides the answer.
    """

    id: str
    set: TestSet
    pair: str
    competency: str
    level: int
    difficulty: str
    topic: str
    text: str
    options: tuple[str, ...]
    answer: int
    rationale: str
    source: str | None


@dataclass(frozen=True, slots=True)
class Bank:
    """All items of one version; ids never change meaning between versions."""

    version: str
    items: tuple[Item, ...]

    def form(
        self, competencies: Collection[str], level: int, test_set: TestSet, length: int = 10
    ) -> tuple[Item, ...]:
        """At most `length` items, shared fairly by the competencies, nearest to `level` first.

        Both sets choose the same pairs, so a person's pre- and post-test are parallel.
        """
        columns = [self._nearest(code, level, test_set) for code in dict.fromkeys(competencies)]
        rounds = chain.from_iterable(zip_longest(*columns))
        return tuple(item for item in rounds if item is not None)[:length]

    def _nearest(self, competency: str, level: int, test_set: TestSet) -> Iterator[Item]:
        fitting = (i for i in self.items if i.competency == competency and i.set == test_set)
        return iter(sorted(fitting, key=lambda i: (abs(i.level - level), i.pair)))


@cache
def load_bank() -> Bank:
    """The bank shipped with this version of the service."""
    raw = json.loads(files(__package__).joinpath("bank.json").read_text(encoding="utf-8"))
    items = (Item(**{**item, "options": tuple(item["options"])}) for item in raw["items"])
    return Bank(version=raw["version"], items=tuple(items))
