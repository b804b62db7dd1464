"""Answers are told in cells, so that nobody's answer can be worked out from what is told.

A cell is a set of answers by enough different raters. It is made once, never changes, and never shares an answer with
another. Whatever is told of a group (a run, an agency's people in it, a unit's) is a total of whole cells, so the
difference of any two figures, between groups, between filters or between days, is a total of whole cells as well.

Statistical agencies call it microaggregation; that each figure alone has a minimum of answers would not do: the figure
of an agency less that of all its units but one, or today's less yesterday's, is the answer of one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from uuid import UUID

Measure = Literal["score", "change"]
Group = tuple[str | UUID, ...]
"""() is the whole run, then the agency of the person asked about, then that person's units from the top one down."""


class Lane(NamedTuple):
    """What was asked of one role by one instrument in one run, and which of its figures."""

    run_id: UUID
    instrument_code: str
    role: str
    measure: Measure


class Answer(NamedTuple):
    """One figure of one answer; without a rater (who was erased) it counts for nobody."""

    task_id: UUID
    lane: Lane
    rater: UUID | None
    group: Group
    value: float


@dataclass(frozen=True, slots=True)
class Cell:
    """Answers that are told together from now on, to whoever may see all of the group."""

    lane: Lane
    group: Group
    answers: tuple[Answer, ...]

    @property
    def total(self) -> float:
        """The sum of their values."""
        return sum(answer.value for answer in self.answers)


def form(waiting: Iterable[Answer], closed: set[Lane], minimum: int) -> list[Cell]:
    """The cells that answers in no cell yet can make; what is left goes on waiting.

    Answers wait for others of their own group, the smallest first, so that its readers get a figure; where nobody can
    answer any more (`closed`), what is left of a group joins the next one around it.
    """
    lanes: dict[Lane, list[Answer]] = defaultdict(list)
    for answer in waiting:
        lanes[answer.lane].append(answer)
    return [
        cell for lane, answers in lanes.items() for cell in _of_lane(lane, answers, lane in closed, minimum)
    ]


def _of_lane(lane: Lane, answers: Sequence[Answer], closed: bool, minimum: int) -> list[Cell]:  # noqa: FBT001 - of the lane
    pools: dict[Group, list[Answer]] = defaultdict(list)
    for answer in answers:
        pools[answer.group].append(answer)
    cells = []
    for depth in range(max(map(len, pools)), -1, -1):
        for group in [group for group in pools if len(group) == depth]:
            pool = pools.pop(group)
            if _raters(pool) >= minimum:
                cells.append(Cell(lane, group, tuple(pool)))
            elif closed and depth:
                pools[group[:-1]].extend(pool)
    return cells


def _raters(answers: Iterable[Answer]) -> int:
    return len({answer.rater for answer in answers} - {None})
