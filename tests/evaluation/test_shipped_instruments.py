import json
from datetime import date
from importlib.resources import files
from typing import Any

import pytest

from evaluation.instruments.shipped import Instrument, Question, load_instruments

WORLD: dict[str, Any] = json.loads(
    files("bina_local.demo").joinpath("world.json").read_text(encoding="utf-8")
)
INSTRUMENTS = list(load_instruments().values())


def all_questions(instrument: Instrument) -> list[Question]:
    return [*instrument.questions, *(q for rows in instrument.indicators.values() for q in rows)]


def test_every_level_method_and_respondent_has_its_form() -> None:
    forms = {(i.level, i.method, r, i.window.starts_from) for i in INSTRUMENTS for r in i.respondents}
    assert forms == {
        ("L1", "survey", "alumnus", "completion"),
        ("L3", "survey", "alumnus", "acceptance"),
        ("L3", "survey", "alumnus", "completion"),
        ("L3", "survey", "supervisor", "completion"),
        ("L3", "interview", "evaluator", "completion"),
        ("L3", "observation", "evaluator", "completion"),
        ("L3", "observation", "supervisor", "completion"),
    }


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda i: i.code)
def test_an_instrument_is_complete_in_both_languages(instrument: Instrument) -> None:
    questions = all_questions(instrument)
    texts = [instrument.title, instrument.introduction, *(q.text for q in questions)]
    texts += [choice.text for q in questions for choice in q.choices]
    texts += [words for scale in instrument.scales.values() for words in scale]
    assert all(text.id.strip() and text.en.strip() for text in texts)
    assert len({q.id for q in questions}) == len(questions)
    assert instrument.minutes > 0
    assert instrument.window.citation


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda i: i.code)
def test_a_question_has_what_its_kind_needs(instrument: Instrument) -> None:
    for question in all_questions(instrument):
        assert (question.kind == "scale4") == (question.scale in instrument.scales)
        assert (question.kind == "choice") == (len({c.code for c in question.choices}) > 1)


def test_windows_open_and_close_when_they_say() -> None:
    reaction, behaviour = (load_instruments()[code].window for code in ("L1-REACTION", "L3-SUPERVISOR"))
    assert reaction.opens_on(date(2026, 8, 7)) == date(2026, 8, 7)
    assert reaction.closes_on(date(2026, 8, 7)) == date(2026, 8, 21)
    assert behaviour.opens_on(date(2026, 5, 23)) == date(2026, 11, 19)
    assert behaviour.closes_on(date(2026, 5, 23)) == date(2026, 12, 19)


@pytest.mark.parametrize("programme", WORLD["programmes"], ids=lambda p: p["code"])
def test_an_observation_shows_behaviour_of_every_competency_of_a_programme(programme: dict[str, Any]) -> None:
    observation = load_instruments()["L3-OBSERVATION"]
    shown = observation.questions_for(programme["competencies"])
    assert {q.aspect for q in shown[len(observation.questions) :]} == set(programme["competencies"])


def test_before_and_after_ask_the_same_so_that_they_compare() -> None:
    before, alumnus, supervisor = (
        {q.aspect: (q.kind, q.scale) for q in load_instruments()[code].questions}
        for code in ("L3-BASELINE", "L3-ALUMNUS", "L3-SUPERVISOR")
    )
    for aspect in ("motivation", "confidence", "sharing", "application", "support", "barrier"):
        assert before[aspect] == alumnus[aspect] == supervisor[aspect]
