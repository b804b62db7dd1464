"""How many streams there may be, and who gives way."""

import time
from uuid import uuid4

import pytest

from bina.web.access import Person, Session
from bina.web.live import Hub, hub
from bina.web.problems import Problem
from bina.web.sessions.ended import Ended
from web.sample.live import PEOPLE


def anybody(agency: str = "6472") -> Session:
    person = Person(uuid4(), "Sulastri", frozenset({"asn"}), agency)
    return Session(person, uuid4(), int(time.time()), int(time.time()) + 3600)


async def test_streams_are_bounded_by_person_and_by_worker(service):
    made = Hub(service.sessions, [PEOPLE], Ended(), most=5, most_of_one=2)
    one = anybody()
    first = made.join(one, {"people": ["all"]}, "", time.time() + 60)
    made.join(one, {"people": ["all"]}, "", time.time() + 60)
    with pytest.raises(Problem, match="streams-full") as refused:
        made.join(one, {"people": ["all"]}, "", time.time() + 60)
    assert refused.value.status == 429
    made.leave(first)
    for session in (one, anybody(), anybody(), anybody()):
        made.join(session, {"people": ["all"]}, "", time.time() + 60)
    assert len(made) == 5
    made.close()
    with pytest.raises(Problem, match="unavailable"):
        made.join(anybody(), {"people": ["all"]}, "", time.time() + 60)


def joined(made: Hub, *sessions: Session) -> list[hub.Reader]:
    return [made.join(one, {"people": ["all"]}, "", time.time() + 60) for one in sessions]


async def test_an_agency_that_holds_most_streams_gives_way_to_others(service):
    made = Hub(service.sessions, [PEOPLE], Ended(), most=4)
    large = joined(made, *(anybody() for _n in range(4)))
    first, second = joined(made, anybody("3372"), anybody("3372"))
    assert [one.over for one in large] == [True, True, False, False]
    assert await large[0].next() is None
    with pytest.raises(Problem, match="streams-full") as refused:
        joined(made, anybody("3372"))
    assert (refused.value.status, len(made)) == (503, 4)
    assert not first.over
    assert not second.over
    made.close()


async def test_within_an_agency_who_holds_most_streams_gives_way(service):
    made = Hub(service.sessions, [PEOPLE], Ended(), most=4)
    one, other = anybody(), anybody()
    held = joined(made, one, one, one, one)
    joined(made, other, other)
    assert [reader.over for reader in held] == [True, True, False, False]
    for late in (one, other):
        with pytest.raises(Problem, match="streams-full") as refused:
            joined(made, late)
        assert refused.value.status == 503
    joined(made, anybody())
    assert (sum(reader.over for reader in held), len(made)) == (3, 4)
    made.close()
