"""Who answers which evaluation task, when, and what: uneven, and in keeping with what was learned."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from evaluation.instruments.shipped import Instrument, Question, load_instruments

from .chance import stream
from .facts import document
from .model import Answer, Person, Programme, Response

USUAL_GAIN, GAIN_SPREAD = 18.0, 12.0
BARRIERS = ("time", "tools", "support", "rules", "mindset")


@dataclass(frozen=True, slots=True)
class Seat:
    """An accepted enrolment as evaluation sees it; `completed_on` is null until the run was passed.

    `known_on` is the day on which the completion becomes known, `gain` post minus pre in points.
    """

    person: Person
    programme: Programme
    run: str
    accepted_on: date
    completed_on: date | None = None
    known_on: date | None = None
    gain: float = USUAL_GAIN


@dataclass(frozen=True, slots=True)
class Asked:
    """A task that could be answered: by whom, about which seat, how likely, between which days."""

    instrument: Instrument
    respondent: str
    seat: Seat
    rate: float
    first: date
    last: date


class Respondents:
    """Draws the responses to all tasks of a world, each from its own stream."""

    def __init__(
        self, seed: int, as_of: date, evaluators: dict[str, list[str]], remote: frozenset[str]
    ) -> None:
        self._seed = seed
        self._as_of = as_of
        self._evaluators = evaluators
        self._remote = remote

    def responses(self, seats: Sequence[Seat]) -> Iterator[Response]:
        """The answers given before `as_of`; a task without one stays unanswered."""
        for seat in seats:
            for asked in self._asked(seat):
                yield from self._answer(asked)

    def _asked(self, seat: Seat) -> Iterator[Asked]:
        own = seat.person.nip
        yield self._task("L3-BASELINE", own, seat, 0.66, (seat.accepted_on, seat.accepted_on))
        if seat.completed_on is None or seat.known_on is None:
            return
        facts = (seat.completed_on, seat.known_on)
        yield self._task("L1-REACTION", own, seat, 0.76, facts)
        yield self._task("L3-ALUMNUS", own, seat, 0.61, facts)
        if seat.person.supervisor:
            yield self._task("L3-SUPERVISOR", seat.person.supervisor, seat, 0.52, facts)
            yield self._task("L3-OBSERVATION", seat.person.supervisor, seat, 0.16, facts)
        evaluators = self._evaluators[seat.person.agency]
        evaluator = evaluators[int(own) % len(evaluators)]
        if evaluator != own:
            yield self._task("L3-INTERVIEW", evaluator, seat, 0.34, facts)

    def _task(self, code: str, respondent: str, seat: Seat, rate: float, facts: tuple[date, date]) -> Asked:
        fact, known_on = facts
        instrument = load_instruments()[code]
        first = max(instrument.window.opens_on(fact), known_on)
        rate *= 0.7 if seat.person.unit in self._remote else 1
        return Asked(instrument, respondent, seat, rate, first, instrument.window.closes_on(fact))

    def _answer(self, asked: Asked) -> Iterator[Response]:
        seat = asked.seat
        rng = stream(self._seed, asked.instrument.code, asked.respondent, seat.person.nip, seat.run)
        wait = int((asked.last - asked.first).days * rng.random() ** 1.6)
        on = asked.first + timedelta(days=wait)
        if rng.random() >= asked.rate or wait < 0 or on >= self._as_of:
            return
        questions = asked.instrument.questions_for(seat.programme.competencies)
        answers = _Mind(rng, asked.instrument.code, seat.gain).answers(questions)
        yield Response(asked.respondent, seat.person.nip, seat.run, asked.instrument.code, on, answers)


class _Mind:
    """One respondent's view: a leaning of their own, moved by what the alumnus gained."""

    def __init__(self, rng: random.Random, code: str, gain: float) -> None:
        self._rng = rng
        before = code == "L3-BASELINE"
        self._pull = 0.0 if before else (gain - USUAL_GAIN) / GAIN_SPREAD
        middle = {"L3-BASELINE": 2.35, "L3-SUPERVISOR": 2.7, "L1-REACTION": 3.05}.get(code, 2.8)
        self._view = middle + 0.42 * self._pull + rng.gauss(0, 0.3)

    def answers(self, questions: Sequence[Question]) -> dict[str, Answer]:
        given = [q for q in questions if q.required or self._rng.random() < self._wish(q)]
        return {q.id: self._one(q) for q in given}

    def _wish(self, question: Question) -> float:
        return 0.32 if question.kind == "text" else 0.8

    def _one(self, question: Question) -> Answer:
        if question.kind == "scale4":
            return min(4, max(1, round(self._view + self._rng.gauss(0, 0.42))))
        if question.kind == "choice":
            return self._choice(question)
        return self._number(question) if question.kind == "number" else self._words(question)

    def _choice(self, question: Question) -> str:
        codes = [choice.code for choice in question.choices]
        if "none" in codes and self._rng.random() < 0.2 + 0.15 * max(0.0, self._pull):
            return "none"
        return self._rng.choice([code for code in codes if code in BARRIERS] or codes)

    def _number(self, question: Question) -> int:
        if question.aspect == "recommend":
            return min(10, max(0, round(7.3 + 1.4 * self._pull + self._rng.gauss(0, 1.2))))
        return 5 * self._rng.randint(4, 12)

    def _words(self, question: Question) -> str:
        words = document("words.json")
        mood = "+" if self._view >= 2.6 else "-"
        return str(self._rng.choice(words.get(question.id) or words[question.id + mood]))
