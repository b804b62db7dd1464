"""Every place that the navigation names is a page of some service."""

from uuid import uuid4

import pytest
from fastapi.routing import iter_route_contexts

from architecture.applications import SERVICES, application_of
from bina.web import access
from bina.web.access import Person
from bina.web.navigation import WITHIN, links_for

ROLES = sorted(access.ROLES)


@pytest.fixture(scope="module")
def paths() -> set[str]:
    apps = [application_of(name) for name in SERVICES]
    return {route.path for app in apps for route in iter_route_contexts(app.routes)}


@pytest.mark.parametrize("role", ROLES)
def test_every_link_leads_to_a_page(role: str, paths: set[str]):
    person = Person(None, "Siapa saja", frozenset({role}), "5571", None)
    links = [link.href for link in links_for(person, "/beranda")]
    assert links
    assert [href for href in links if href not in paths] == []


def test_what_lies_within_a_place_is_a_page_and_marks_it(paths: set[str]):
    person = Person(uuid4(), "Siapa saja", frozenset(ROLES), "5571", None)
    for part, place in WITHIN.items():
        assert any(path == part or path.startswith(part + "/") for path in paths), part
        assert [link.href for link in links_for(person, f"{part}/x") if link.current] == [place]
