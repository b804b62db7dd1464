"""The gallery lives: a component, or something that one takes, which it does not show is missed."""

import re
from pathlib import Path

import pytest

import bina.web

TEMPLATES = Path(bina.web.__path__[0]) / "shell" / "templates"
GALLERY = (TEMPLATES / "gallery.html").read_text(encoding="utf-8")
COMPONENTS = (TEMPLATES / "components.html").read_text(encoding="utf-8")
MACROS = {
    name: re.findall(r"(\w+)=", taken)
    for name, taken in re.findall(r"{% macro ([a-z]\w*)\((.*?)\) %}", COMPONENTS)
}
"""What each component may be given by name."""
BY_PLACE = {"kind", "href", "value", "title"}
"""What is often written by its place instead."""


def test_there_are_components():
    assert len(MACROS) > 20


@pytest.mark.parametrize("name", MACROS)
def test_the_gallery_shows_every_component_with_all_it_takes(name: str):
    calls = re.findall(rf"ui\.{name}\((.*?)(?:}}}}|%}})", GALLERY, re.DOTALL)
    assert calls, f"{name} is not in gallery.html"
    given = "\n".join(calls)
    assert [part for part in MACROS[name] if part not in BY_PLACE and f"{part}=" not in given] == []


@pytest.mark.parametrize("kind", ["primary", "quiet", "danger", "info", "success", "warning"])
def test_every_kind_is_shown(kind: str):
    assert f'"{kind}"' in GALLERY
