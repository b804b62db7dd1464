from pathlib import Path

from bina_local.event_map import drawn_into, edges

README = Path(__file__).parents[2] / "README.md"


def test_the_picture_in_readme_is_true():
    text = README.read_text(encoding="utf-8")
    assert text == drawn_into(text), "run `.venv/bin/python -m bina_local.event_map`"


def test_every_service_hears_and_is_heard():
    tellers = {one for one, _ in edges()}
    hearers = {other for _, other in edges()}
    assert {"enrollment", "assessment", "evaluation"} <= tellers
    assert {"enrollment", "assessment", "evaluation", "notification"} <= hearers
