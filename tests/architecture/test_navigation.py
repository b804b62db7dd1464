"""Every place that the navigation names is a page of some service."""

import importlib

import pytest
from fastapi.routing import iter_route_contexts

from bina.messaging import Settings
from bina.web.access import Person
from bina.web.navigation import links_for

SERVICES = ("enrollment", "assessment", "evaluation", "notification")
ROLES = ("asn", "supervisor", "evaluator", "operator", "head", "bkd", "platform")


@pytest.fixture(scope="module")
def paths() -> set[str]:
    settings = Settings(
        database_url="postgresql+asyncpg://nobody:x@127.0.0.1:1/none", kafka="127.0.0.1:1", secret="x" * 32
    )
    apps = [importlib.import_module(f"{name}.app").create(settings) for name in SERVICES]
    return {route.path for app in apps for route in iter_route_contexts(app.routes)}


@pytest.mark.parametrize("role", ROLES)
def test_every_link_leads_to_a_page(role: str, paths: set[str]):
    person = Person(None, "Siapa saja", frozenset({role}), "5571", None)
    links = [link.href for link in links_for(person, "/beranda")]
    assert links
    assert [href for href in links if href not in paths] == []
