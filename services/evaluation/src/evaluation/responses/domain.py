"""What counts as an answer, what it weighs, and the receipt for it."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any
from uuid import UUID

from evaluation.instruments.shipped import Question

Answer = int | float | str
LONGEST_TEXT = 4000
LARGEST_NUMBER = 100_000
RECOMMEND_TOP = 10
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CONDITIONS = frozenset({"support", "change"})
"""Aspects beside the mean: support is a condition of behaviour, and change is reported on its own. The four that
remain are those of the PTIA instrument (motivation, confidence, sharing, application)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one answer: the question's id and a code (`missing`, `scale`, `choice`, `number`, …)."""

    question: str
    code: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Answers in their final form, by question id, and what is wrong with the rest."""

    answers: dict[str, Answer]
    faults: tuple[Fault, ...]


def check(questions: Sequence[Question], given: Mapping[str, Any]) -> Checked:
    """Judge answers against a form; blank optional ones are left out, unknown ones are faults."""
    answers: dict[str, Answer] = {}
    faults = [Fault(name, "unknown") for name in sorted(set(given) - {q.id for q in questions})]
    for question in questions:
        value = given.get(question.id)
        if value is None or (isinstance(value, str) and not value.strip()):
            faults += [Fault(question.id, "missing")] if question.required else []
            continue
        judged = _judge(question, value)
        if isinstance(judged, Fault):
            faults.append(judged)
        else:
            answers[question.id] = judged
    return Checked(answers, tuple(faults))


def _judge(question: Question, value: Any) -> Answer | Fault:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return Fault(question.id, question.kind)
    judges = {"scale4": _scale, "number": _number, "choice": _choice, "text": _text}
    return judges[question.kind](question, value)


def _scale(question: Question, value: Answer) -> Answer | Fault:
    return int(value) if str(value).strip() in {"1", "2", "3", "4"} else Fault(question.id, "scale4")


def _choice(question: Question, value: Answer) -> Answer | Fault:
    return value if value in {choice.code for choice in question.choices} else Fault(question.id, "choice")


def _number(question: Question, value: Answer) -> Answer | Fault:
    """Both separators are read; "1.234" could be either and is asked again, as is anything out of range."""
    words = str(value).strip().replace(",", ".")
    top = RECOMMEND_TOP if question.aspect == "recommend" else LARGEST_NUMBER
    if not words.replace(".", "", 1).isdecimal() or not words.isascii():
        return Fault(question.id, "number")
    if isinstance(value, str) and "." in value and len(value.strip().rpartition(".")[2]) == 3:
        return Fault(question.id, "ambiguous")
    number = float(words)
    if number > top:
        return Fault(question.id, "number")
    return int(number) if number.is_integer() else number


def _text(question: Question, value: Answer) -> Answer | Fault:
    words = str(value).replace("\r\n", "\n").replace("\x00", "").strip()
    return words if len(words) <= LONGEST_TEXT else Fault(question.id, "long")


def score_of(questions: Sequence[Question], answers: Mapping[str, Answer]) -> float | None:
    """The response's mean on 1-4, conditions left out; null where nothing of it was answered."""
    counted = [float(v) for q, v in _scales(questions, answers) if q.aspect not in CONDITIONS]
    return fmean(counted) if counted else None


def change_of(questions: Sequence[Question], answers: Mapping[str, Answer]) -> int | None:
    """How much the way of working changed, 1-4, where the form asks it."""
    return next((int(v) for q, v in _scales(questions, answers) if q.aspect == "change"), None)


def _scales(
    questions: Sequence[Question], answers: Mapping[str, Answer]
) -> Iterator[tuple[Question, Answer]]:
    return ((q, answers[q.id]) for q in questions if q.kind == "scale4" and q.id in answers)


def digest_of(answers: Mapping[str, Answer]) -> bytes:
    """Equal for equal answers: sending them twice is one submission."""
    return hashlib.sha256(json.dumps(dict(answers), sort_keys=True).encode()).digest()


def receipts_of(task_id: UUID) -> list[str]:
    """Receipt numbers for a task's answer, in order of preference: `EV-7K2M-X4QP`.

    Drawn from the task, so that the same submission keeps its number; the next is used where the first is taken.
    """
    return [_receipt(hashlib.sha256(f"{task_id}/{n}".encode()).digest()) for n in range(4)]


def _receipt(digest: bytes) -> str:
    letters = "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:8])
    return f"EV-{letters[:4]}-{letters[4:]}"
