"""Templates are compiled before anybody asks for a page."""

import jinja2
import pytest

from bina.web.pages import Pages, compile_templates
from enrollment.shell import pages


def test_no_page_waits_for_its_template(monkeypatch: pytest.MonkeyPatch):
    compile_templates()
    monkeypatch.setattr(jinja2.Environment, "compile", _too_late)
    shell = Pages("enrollment").environment
    assert {name.partition("/")[0] for name in pages.environment.list_templates()} > {"catalogue", "ops"}
    for environment in (shell, pages.environment):
        for name in environment.list_templates():
            environment.get_template(name)


def _too_late(*_args: object, **_named: object) -> None:
    raise AssertionError("compiled on demand")
