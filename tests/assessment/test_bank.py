import json
from collections import Counter
from importlib.resources import files
from typing import Any

import pytest

from assessment.assessments.bank import Item, load_bank

PROGRAMMES = json.loads(files("bina_local.demo").joinpath("world.json").read_text(encoding="utf-8"))[
    "programmes"
]
ITEMS = load_bank().items


@pytest.mark.parametrize("programme", PROGRAMMES, ids=lambda p: p["code"])
def test_every_programme_has_ten_parallel_questions_in_each_set(programme: dict[str, Any]) -> None:
    pre, post = (
        load_bank().form(programme["competencies"], programme["level"], test_set) for test_set in ("A", "B")
    )
    assert len(pre) == len(post) == 10
    assert {item.competency for item in pre} == set(programme["competencies"])
    assert [(i.pair, i.level, i.difficulty) for i in pre] == [(i.pair, i.level, i.difficulty) for i in post]
    assert not {item.text for item in pre} & {item.text for item in post}


@pytest.mark.parametrize("item", ITEMS, ids=lambda i: i.id)
def test_an_item_has_four_different_options_and_one_answer(item: Item) -> None:
    assert len(set(item.options)) == 4
    assert item.answer in range(4)
    assert 1 <= item.level <= 5
    assert item.difficulty in {"easy", "medium", "hard"}
    assert item.text.strip()
    assert item.rationale.strip()


def test_ids_and_texts_are_unique_and_each_pair_has_one_item_per_set() -> None:
    assert len({item.id for item in ITEMS}) == len(ITEMS)
    assert len({(item.text, item.options) for item in ITEMS}) == len(ITEMS)
    assert set(Counter((item.pair, item.set) for item in ITEMS).values()) == {1}
    assert Counter(i.pair for i in ITEMS if i.set == "A") == Counter(i.pair for i in ITEMS if i.set == "B")


def test_every_competency_has_at_least_eight_items() -> None:
    codes = {code for programme in PROGRAMMES for code in programme["competencies"]}
    per_competency = Counter(item.competency for item in ITEMS)
    assert all(per_competency[code] >= 8 for code in codes)


def test_the_place_of_the_answer_says_nothing() -> None:
    places = Counter(item.answer for item in ITEMS)
    assert max(places.values()) - min(places.values()) <= 2


def test_fewer_questions_than_asked_for_are_shared_fairly() -> None:
    counts = Counter(i.competency for i in load_bank().form(["M1", "M4", "M5"], 3, "A", length=7))
    assert sorted(counts.values()) == [2, 2, 3]


def test_the_length_of_the_answer_says_nothing() -> None:
    longest = sum(max(item.options, key=len) == item.options[item.answer] for item in ITEMS)
    assert longest / len(ITEMS) < 0.35
