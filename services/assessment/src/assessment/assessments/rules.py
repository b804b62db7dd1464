"""How tests are made and read. Bina's own rules, each with the day from which Bina uses it: no regulation sets them."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

Gain = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class ScoringRules:
    """One version of the rules.

    A test of a competency probes the level that its run develops. `same_level` and `one_below` are the percentages
    right from which it indicates that level and the one below it; less indicates two below, never under 0.
    `gain_high` and `gain_medium` band the normalised gain (share of the possible gain, 0 to 1).
    """

    effective_from: date
    citation: str | None
    note: str
    questions: int
    minutes_per_question: float
    post_days: int
    same_level: float
    one_below: float
    gain_high: float
    gain_medium: float

    def minutes(self, questions: int) -> int:
        """Time that so many questions usually take; nobody is cut off."""
        return max(1, round(questions * self.minutes_per_question))

    def level(self, score: float, probed: int) -> int:
        """Indicative level 0-5 for a percentage right (unrounded) on questions that probe a level."""
        below = 0 if score >= self.same_level else 1 if score >= self.one_below else 2
        return max(0, probed - below)

    def gain_band(self, gain: float) -> Gain:
        """Band of an unrounded normalised gain."""
        return "high" if gain >= self.gain_high else "medium" if gain >= self.gain_medium else "low"


VERSIONS = (
    ScoringRules(
        effective_from=date(2026, 1, 1),
        citation=None,
        note="Aturan Bina: 70 % benar menunjukkan level yang diuji, 40 % satu level di bawahnya. "
        "Batas N-gain 0,7 dan 0,3 lazim dipakai, tidak ditetapkan peraturan.",
        questions=10,
        minutes_per_question=1.5,
        post_days=7,
        same_level=70.0,
        one_below=40.0,
        gain_high=0.7,
        gain_medium=0.3,
    ),
)


@lru_cache(maxsize=4096)
def rules_on(day: date) -> ScoringRules:
    """The rules in force on a day; before the first version, the first."""
    fitting = [version for version in VERSIONS if version.effective_from <= day]
    return max(fitting or VERSIONS[:1], key=lambda version: version.effective_from)
