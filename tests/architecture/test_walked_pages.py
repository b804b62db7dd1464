"""No page escapes the browser: each GET route of the four services is walked, or named as no page with the reason."""

import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

from architecture.applications import SERVICES, application_of
from bina.web.problems import is_api
from browser.pages import NO_PAGES, PAGES

WALKED = [page.path.partition("?")[0] for page in PAGES.values()]


def pages_of(service: str) -> list[str]:
    """The paths of its GET routes, the machine interface left out; the first one that fits a request answers it."""
    routes = iter_route_contexts(application_of(service).routes)
    paths = [route.path or "" for route in routes if "GET" in (route.methods or ())]
    return [path for path in paths if not is_api(path)]


def answering(paths: list[str], walked: str) -> str | None:
    return next((path for path in paths if compile_path(path)[0].match(walked)), None)


def anywhere(path: str, service: str) -> str:
    """Operations, audit and the like are the shell's, the same in every service."""
    return path.replace(f"/{service}/", "/{service}/", 1)


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    return {service: pages_of(service) for service in SERVICES}


@pytest.fixture(scope="module")
def shells(found: dict[str, list[str]]) -> set[str]:
    """What every service has is one page, made by the shell: `/{service}/ops/audit`."""
    return set.intersection(*({anywhere(path, name) for path in paths} for name, paths in found.items()))


@pytest.fixture(scope="module")
def walked(found: dict[str, list[str]], shells: set[str]) -> set[str]:
    """Routes from which the walked pages come."""
    routes = set()
    for service, paths in found.items():
        for path in filter(None, (answering(paths, path) for path in WALKED)):
            routes |= {path, anywhere(path, service)} if anywhere(path, service) in shells else {path}
    return routes


@pytest.mark.parametrize("service", SERVICES)
def test_every_page_is_walked(found: dict[str, list[str]], shells: set[str], walked: set[str], service: str):
    named = set().union(*NO_PAGES.values())
    assert len(found[service]) > 15
    escaping = [path for path in found[service] if not {path, anywhere(path, service)} & named]
    escaping = [path for path in escaping if path not in walked]
    assert [path for path in escaping if anywhere(path, service) not in shells & walked] == []


def test_nothing_is_named_that_is_no_more_or_is_walked(found: dict[str, list[str]], walked: set[str]):
    known = {path for paths in found.values() for path in paths}
    known |= {anywhere(path, service) for service, paths in found.items() for path in paths}
    named = [path for paths in NO_PAGES.values() for path in paths]
    assert [path for path in named if path not in known or path in walked] == []
