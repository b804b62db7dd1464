import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from bina.messaging import parked, redrives
from bina.messaging.intake import Intake
from bina.messaging.maintenance import forget_old
from bina.messaging.parked import Choice
from bina.messaging.redrives import Redrive, Redriver
from bina.messaging.testing import ServiceUnderTest
from messaging import toy
from messaging.facts import accepted, met, requested

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def redriver(service: ServiceUnderTest) -> Redriver:
    return Redriver(service.sessions, service.intake)


async def park(service: ServiceUnderTest, count: int, followers: int = 0) -> list[UUID]:
    """Parked acceptances, each with followers behind it; what failed is mended."""
    ids = [uuid4() for _ in range(count)]
    toy.failing.update(ids)
    await service.receives(*(accepted(i) for i in ids))
    for _ in range(followers):
        await service.receives(*(met(i) for i in ids))
    toy.failing.clear()
    return ids


async def order(service: ServiceUnderTest, choice: Choice = parked.EVERY, per_second: int = 10) -> int:
    async with service.sessions() as session, session.begin():
        made = await redrives.add(session, choice, per_second, "Sulastri")
    assert made is not None
    return made


async def state_of(service: ServiceUnderTest, redrive_id: int) -> Redrive:
    async with service.sessions() as session:
        found = await redrives.load(session, redrive_id)
    assert found is not None
    return found


async def to_the_end(redriver: Redriver, at: datetime = LATER) -> int:
    """Chunk after chunk, each on a later day."""
    steps = 0
    while await redriver.step(at + timedelta(days=steps)):
        steps += 1
    return steps


async def histories(service: ServiceUnderTest) -> dict[UUID, str]:
    return {row.enrollment_id: row.history for row in await service.rows("SELECT * FROM seats")}


async def test_all_of_a_service_is_applied_and_reported(service, redriver):
    ids = await park(service, 12, followers=2)
    number = await order(service)
    await to_the_end(redriver)
    done = await state_of(service, number)
    assert await histories(service) == dict.fromkeys(ids, "amm")
    assert (done.state, done.total, done.tried, done.applied, done.others_applied) == ("done", 12, 12, 12, 24)
    assert (done.failed, done.queued, done.dropped, done.causes) == (0, 0, 0, {})


async def test_the_rate_bounds_what_a_second_may_try(service, redriver):
    await park(service, 23)
    number = await order(service, per_second=10)
    assert await redriver.step(LATER)
    first = await state_of(service, number)
    assert (first.tried, first.state) == (5, "running")
    assert not await redriver.step(LATER), "half a second's messages were tried at this moment"
    assert not await redriver.step(LATER + timedelta(milliseconds=499))
    assert await redriver.step(LATER + timedelta(milliseconds=500))
    assert (await state_of(service, number)).tried == 10


async def test_followers_count_against_the_rate(service, redriver):
    await park(service, 2, followers=9)
    await order(service, per_second=2)
    assert await redriver.step(LATER)
    assert not await redriver.step(LATER + timedelta(milliseconds=4999)), "ten messages went at two a second"
    assert await redriver.step(LATER + timedelta(seconds=5))


async def test_what_fails_again_is_told_with_its_new_cause_and_tried_once(service, redriver):
    ids = await park(service, 8)
    toy.failing.update(ids[:3])
    number = await order(service, per_second=4)
    await to_the_end(redriver)
    done = await state_of(service, number)
    assert (done.tried, done.applied, done.failed) == (8, 5, 3)
    [(cause, new)] = done.causes.items()
    assert (new.code, new.sentence, new.count) == ("LookupError", "cannot take #", 3)
    assert {row.attempts for row in await service.rows("SELECT attempts FROM messaging.held")} == {2}
    async with service.sessions() as session:
        assert [(g.cause, g.count) for g in await parked.groups(session)] == [(cause, 3)]


async def test_a_group_leaves_other_causes_alone(service, redriver):
    ids = await park(service, 3)
    await service.receives_raw(service.message(requested(), agency="5571")._replace(value=b"{"))
    async with service.sessions() as session:
        causes = {group.code: group.cause for group in await parked.groups(session)}
    number = await order(service, Choice(cause=causes["LookupError"]))
    await to_the_end(redriver)
    assert await histories(service) == dict.fromkeys(ids, "a")
    assert [code for _, _, code in await service.held()] == ["json.invalid"]
    assert (await state_of(service, number)).total == 3


async def test_one_key_goes_in_order_up_to_what_still_fails(service, redriver):
    first, other = await park(service, 2, followers=1)
    broken = service.message(met(first))._replace(value=b"{")
    await service.receives_raw(broken, service.message(met(first)))
    number = await order(service, Choice(topic="enrollment.enrollments", key=str(first)))
    await to_the_end(redriver)
    done = await state_of(service, number)
    assert await histories(service) == {first: "am"}
    assert (done.total, done.applied, done.failed, done.others_applied) == (2, 1, 1, 1)
    assert [(state, key) for state, key, _ in await service.held() if key == str(first)] == [
        ("parked", str(first)),
        ("behind", str(first)),
    ]
    assert other not in await histories(service)


async def test_one_message_is_an_order_too(service, redriver):
    ids = await park(service, 2)
    rows = await service.rows("SELECT id FROM messaging.held ORDER BY id")
    await order(service, Choice(message=rows[0].id))
    await to_the_end(redriver)
    assert len(await service.held()) == 1
    assert len(await histories(service)) == 1 < len(ids)


async def test_an_order_that_chooses_nothing_is_not_given(service):
    async with service.sessions() as session:
        assert await redrives.add(session, Choice(cause="no such cause"), 10, "Sulastri") is None


async def test_what_is_parked_after_the_order_waits_for_another(service, redriver):
    await park(service, 1)
    number = await order(service)
    await park(service, 1)
    await to_the_end(redriver)
    assert (await state_of(service, number)).tried == 1
    assert len(await service.held()) == 1


async def test_a_cancelled_order_leaves_the_rest_parked(service, redriver):
    await park(service, 6)
    number = await order(service, per_second=4)
    await redriver.step(LATER)
    async with service.sessions() as session, session.begin():
        assert await redrives.cancel(session, number, "Budi")
        assert not await redrives.cancel(session, number, "Budi")
    assert await to_the_end(redriver, LATER + timedelta(days=1)) == 0
    ended = await state_of(service, number)
    assert (ended.state, ended.cancelled_by, ended.tried) == ("cancelled", "Budi", 2)
    assert len(await service.held()) == 4


async def test_two_workers_share_an_order_and_try_nothing_twice(service, redriver):
    ids = await park(service, 20, followers=1)
    number = await order(service, per_second=4)
    other = Redriver(service.sessions, Intake(service.sessions, service.reactions))
    await asyncio.gather(to_the_end(redriver), to_the_end(other))
    done = await state_of(service, number)
    assert await histories(service) == dict.fromkeys(ids, "am")
    assert (done.tried, done.applied, done.others_applied) == (20, 20, 20)
    assert {row.times for row in await service.rows("SELECT times FROM seats")} == {2}


async def test_two_orders_take_turns(service, redriver):
    first, second = await park(service, 4), await park(service, 4)
    numbers = [
        await order(service, Choice(topic="enrollment.enrollments", key=str(key)), 1)
        for key in (first[0], second[0])
    ]
    assert await redriver.step(LATER)
    assert await redriver.step(LATER)
    assert [(await state_of(service, number)).tried for number in numbers] == [1, 1]


async def test_an_error_of_its_own_ends_an_order(service, redriver, monkeypatch):
    await park(service, 1)
    number = await order(service)

    async def broken(*_: object) -> None:
        raise LookupError("not this message's fault")

    with monkeypatch.context() as patch:
        patch.setattr(service.intake, "redrive_in", broken)
        assert await redriver.step(LATER)
    ended = await state_of(service, number)
    assert (ended.state, ended.tried) == ("failed", 0)
    assert ended.error == "LookupError: not this message's fault"


async def test_reports_stay_for_half_a_year(service, redriver):
    await park(service, 2)
    old, running = await order(service, per_second=1), await order(service, per_second=1)
    async with service.sessions() as session, session.begin():
        await redrives.cancel(session, old, "Budi")
        await session.execute(text("UPDATE messaging.redrives SET ended_at = ended_at - interval '181 days'"))
        await forget_old(session)
        assert [job.id for job in await redrives.find(session)] == [running]


async def test_an_order_outlives_a_killed_worker(service, redriver):
    ids = await park(service, 9, followers=1)
    number = await order(service, per_second=4)
    victim = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("dying_redriver.py")),
        service.engine.url.render_as_string(hide_password=False),
        "3",
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert victim.stdout is not None
    assert (await victim.stdout.readline()).strip() == b"in the middle"
    victim.send_signal(signal.SIGKILL)
    await victim.wait()
    left = await state_of(service, number)
    assert (left.state, left.tried, left.chunks) == ("running", 4, 2)
    await to_the_end(redriver, LATER + timedelta(days=9))
    done = await state_of(service, number)
    assert (done.state, done.tried, done.applied, done.others_applied) == ("done", 9, 9, 9)
    assert await histories(service) == dict.fromkeys(ids, "am")


async def test_without_an_order_nothing_is_due(service: ServiceUnderTest, redriver: Redriver):
    await park(service, 1)
    assert await redriver.wait_seconds() is None
    await order(service)
    assert await redriver.wait_seconds() == 0
    await to_the_end(redriver)
    assert await redriver.wait_seconds() is None
