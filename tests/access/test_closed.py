"""What is not in the table nobody may do, and what the table cannot mean stops the start."""

from importlib import import_module
from typing import Annotated
from uuid import uuid4

import pytest
from fastapi import APIRouter
from fastapi.routing import iter_route_contexts

from architecture.applications import SERVICES, application_of
from bina.messaging import Runtime, Settings
from bina.web.access import ROLES, Person, Visitor
from bina.web.app import UnguardedRoute, create_app, names_of
from bina.web.permissions import NOWHERE, TABLE, UnknownAction, can, may, reach_of, read_table

from .law import RAW
from .people import HERE, UNIT
from .walking import guarded

SETTINGS = Settings(
    database_url="postgresql+asyncpg://nobody:x@127.0.0.1:1/none", kafka="127.0.0.1:1", secret="x" * 32
)
ROW = "[roles]\n[reads]\n{reads}\n[writes]\n{writes}\n[open]\nvisitor = []\nlink = []\nbare = []\n"


@pytest.fixture(scope="module")
def apps():
    return [application_of(name) for name in SERVICES]


def test_every_action_of_the_table_opens_a_route_or_decides_inside_one(apps):
    named = {action for app in apps for _name, _route, action in guarded(app)}
    inside = {"nip.read"}
    assert set(TABLE.rows) == named | inside


def test_what_is_open_is_what_the_table_says(apps):
    named = {name for app in apps for name, _route, _action in guarded(app)}
    others = [
        route for app in apps for route in iter_route_contexts(app.routes) if not names_of(route) & named
    ]
    listed = TABLE.visitor | TABLE.link | TABLE.bare
    assert [route.path for route in others if not names_of(route) & listed] == []
    assert listed - {name for route in others for name in names_of(route)} == set()


def test_every_role_has_a_row_and_an_auditor_none_that_writes():
    assert {role for row in TABLE.rows.values() for role in row} == ROLES
    assert [action for action in TABLE.writes if "auditor" in TABLE.rows[action]] == []


@pytest.mark.parametrize("action", sorted(TABLE.writes))
def test_an_auditor_writes_nothing_but_their_own(action: str):
    alone = Person(uuid4(), "Auditor", frozenset({"auditor"}), HERE)
    beside = Person(uuid4(), "Auditor", ROLES, HERE)
    assert not can(alone, action)
    assert reach_of(beside, action, demo=True).without_own() == NOWHERE


@pytest.mark.parametrize("action", sorted(TABLE.rows))
def test_without_role_or_agency_nothing_is_in_reach(action: str):
    assert reach_of(Person(uuid4(), "Siapa", frozenset(), HERE), action) == NOWHERE
    for role in sorted(ROLES):
        reach = reach_of(Person(None, "Mesin", frozenset({role}), None, UNIT), action)
        assert reach == NOWHERE or reach.everything


@pytest.mark.parametrize(
    ("reads", "writes", "names"),
    [
        ('"x.read" = { king = "all" }', "", "king"),
        ('"x.read" = { head = "everywhere" }', "", "everywhere"),
        ("", '"x.write" = { auditor = "own" }', "auditor"),
    ],
)
def test_a_row_that_means_nothing_is_refused(reads: str, writes: str, names: str):
    with pytest.raises(UnknownAction, match=names):
        read_table(ROW.format(reads=reads, writes=writes))


def test_an_action_that_the_table_does_not_name_stops_the_start():
    with pytest.raises(UnknownAction, match=r"run\.paint"):
        may("run.paint")
    with pytest.raises(UnknownAction, match=r"run\.paint"):
        reach_of(Person(None, "Siapa", frozenset({"head"}), HERE), "run.paint")


def _started(*, writes: bool, guard: object) -> None:
    router = APIRouter()

    async def answer(person: guard) -> str:  # type: ignore[valid-type]
        return "oops"

    (router.post if writes else router.get)("/coba")(answer)
    service = import_module("notification.app").service
    create_app(Runtime(service, SETTINGS), title="x", api_routers=[router])


@pytest.mark.parametrize(
    ("writes", "guard", "words"),
    [
        (True, Annotated[Person, may("jp.read")], "one reads, the other writes"),
        (False, Annotated[Person, may("run.change")], "one reads, the other writes"),
        (False, Visitor, "is open, but not in access_table"),
    ],
)
def test_a_route_that_the_table_cannot_mean_stops_the_start(*, writes: bool, guard: object, words: str):
    with pytest.raises(UnguardedRoute, match=words):
        _started(writes=writes, guard=guard)


def test_the_raw_table_names_nothing_twice():
    assert not set(RAW["reads"]) & set(RAW["writes"])
