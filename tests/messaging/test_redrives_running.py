"""A running service works off orders by itself."""

import pytest

from bina.messaging import parked, redrives
from bina.messaging.redrives import Redrive
from bina.messaging.testing import ServiceUnderTest
from messaging import toy
from messaging.facts import accepted, met
from messaging.watching import until

pytestmark = pytest.mark.kafka


async def test_an_order_is_begun_when_it_has_committed_and_goes_on_to_its_end(start, migrated):
    url = await migrated(toy.service)
    events = [accepted() for _ in range(3)]
    aside = ServiceUnderTest(toy.service, url)
    toy.failing.update(e.enrollment_id for e in events)
    await aside.receives(*events, *(met(e.enrollment_id) for e in events))
    toy.failing.clear()
    runtime = await start(url=url)
    async with runtime.transaction() as session:
        number = await redrives.add(session, parked.EVERY, 50, "Sulastri")
    assert number is not None

    async def job() -> Redrive:
        async with runtime.sessions() as session:
            return await redrives.load(session, number)

    async def ended() -> bool:
        return (await job()).state != "running"

    await until(ended)
    done = await job()
    await aside.close()
    assert (done.state, done.applied, done.others_applied) == ("done", 3, 3)
