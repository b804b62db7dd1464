"""From results to a profile: newest levels, gaps, JPM."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bina.events.assessment import CompetencyProfileChanged, ProfileEntry

JPM_CAP = 100.0  # the total caps, the single levels do not; the raw value is kept beside it


@dataclass(frozen=True, slots=True)
class Result:
    """What one test showed of one competency. `ceiling` is the highest level it could show.

    `sequence` orders tests of one day: pre-test, post-test, its repetition.
    """

    assessment_id: UUID
    code: str
    score: float
    level: int
    ceiling: int
    assessed_on: date
    sequence: int
    source: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One competency of a profile.

    Levels from tests are indicative and hold until something newer is known; only an assessment by accredited
    assessors is valid, for three years (Peraturan BKN 26/2019 Pasal 29(4)), and would carry `valid_until`.
    """

    code: str
    level: int
    standard: int | None
    source: str
    assessed_on: date
    indicative: bool = True
    valid_until: date | None = None

    @property
    def gap(self) -> int:
        """Levels missing to the standard; 0 where nothing is required."""
        return max(0, (self.standard or 0) - self.level)


@dataclass(frozen=True, slots=True)
class Match:
    """JPM: achieved over required levels of the assessed competencies, in percent, unrounded."""

    raw: float
    assessed: int
    required: int

    @property
    def percent(self) -> float:
        """Capped at 100."""
        return min(JPM_CAP, self.raw)


def newest_results(results: Iterable[Result]) -> dict[str, Result]:
    """The result that counts per competency: the newest.

    A test that was passed up to its ceiling says "at least this level", so it does not lower a higher one.
    """
    counting: dict[str, Result] = {}
    for result in sorted(results, key=lambda r: (r.assessed_on, r.sequence, r.assessment_id)):
        before = counting.get(result.code)
        at_ceiling = result.level >= result.ceiling
        if before is None or not at_ceiling or result.level >= before.level:
            counting[result.code] = result
    return counting


def profile_of(results: Iterable[Result], required: Mapping[str, int]) -> list[Entry]:
    """Entries by code, for every competency that was assessed."""
    counting = newest_results(results)
    return [
        Entry(code, r.level, required.get(code), r.source, r.assessed_on)
        for code, r in sorted(counting.items())
    ]


def match_of(entries: Iterable[Entry], required: Mapping[str, int]) -> Match | None:
    """JPM = sum of achieved levels / sum of standard levels x 100, over what was assessed; None: nothing was."""
    counted = [e for e in entries if e.standard]
    total = sum(e.standard or 0 for e in counted)
    if not total:
        return None
    return Match(100 * sum(e.level for e in counted) / total, len(counted), len(required))


def source_of(kind: str, run_code: str) -> str:
    """How a profile names a test."""
    return f"{'Pre-test' if kind == 'pre' else 'Post-test'} {run_code}, indikatif"


def told_changed(asn_id: UUID, entries: Iterable[Entry]) -> CompetencyProfileChanged:
    """What is told of a profile: its whole new state."""
    return CompetencyProfileChanged(asn_id=asn_id, entries=tuple(_told(entry) for entry in entries))


def _told(entry: Entry) -> ProfileEntry:
    return ProfileEntry(
        code=entry.code,
        level=entry.level,
        standard=entry.standard,
        source=entry.source,
        indicative=entry.indicative,
        assessed_on=entry.assessed_on,
        valid_until=entry.valid_until,
    )
