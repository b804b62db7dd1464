"""No template brings what the content security policy blocks. Browsers report the rest: tests/browser fails for it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("shared", "services", "deploy")
    for path in (ROOT / folder).rglob("*.html")
    if ".venv" not in path.parts
)
INLINE = re.compile(
    r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"'{]|javascript:|<script(?![^>]*\bsrc=)|\bsrcdoc=|<base\b",
    re.IGNORECASE,
)
FOREIGN = re.compile(r"(?:src|action|<link[^>]*href)\s*=\s*[\"']\s*(?:https?:)?//", re.IGNORECASE)


def test_the_check_can_fail():
    for text in (
        '<p style="x">',
        "<script>1</script>",
        "<a onclick='x()'>",
        '<a href="javascript:x">',
        "<style>",
    ):
        assert INLINE.search(text), text
    assert FOREIGN.search('<img src="//elsewhere.test/x">')
    assert not INLINE.search('<script type="module" src="/static/x.js"></script>')


@pytest.mark.parametrize("path", TEMPLATES)
def test_a_template_brings_nothing_inline_nor_from_elsewhere(path: str):
    text = (ROOT / path).read_text()
    assert INLINE.findall(text) == []
    assert FOREIGN.findall(text) == []


def test_there_are_templates_of_every_service():
    for service in ("enrollment", "assessment", "evaluation", "notification"):
        assert any(path.startswith(f"services/{service}/") for path in TEMPLATES), service
