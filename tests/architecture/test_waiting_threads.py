"""A route's dependencies and the route itself are coroutines: FastAPI sends anything else to a thread, and while pages are
made a thread waits for the interpreter's lock, 5 ms each way, again and again."""

from collections.abc import Iterator
from inspect import isasyncgenfunction, iscoroutinefunction, isroutine
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from architecture.applications import SERVICES, application_of


@pytest.mark.parametrize("name", SERVICES)
def test_no_route_goes_through_a_thread(name: str) -> None:
    routes = [getattr(route, "dependant", None) for route in iter_route_contexts(application_of(name).routes)]
    calls = [call for route in routes if route for call in _calls(route)]
    assert calls
    assert {repr(call) for call in calls if not _is_awaited(call)} == set()


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for below in dependant.dependencies:
        yield from _calls(below)


def _is_awaited(call: Any) -> bool:
    function = call if isroutine(call) else call.__call__
    return iscoroutinefunction(function) or isasyncgenfunction(function)
