"""Two workers on one database: what one learns while the other decides that it is not known."""

from uuid import uuid4

import pytest

from bina.events import Event
from bina.messaging import held
from bina.messaging.intake import Intake, Taken
from bina.messaging.testing import ServiceUnderTest
from meeting import Meeting
from messaging.facts import asn, completed, run


@pytest.fixture
def other(service: ServiceUnderTest) -> Intake:
    """The second worker; `service.intake` is the first."""
    return Intake(service.sessions, service.reactions)


async def take(intake: Intake, service: ServiceUnderTest, *events: Event) -> Taken:
    return await intake.take(intake.read([service.message(event) for event in events]))


async def history(service: ServiceUnderTest) -> dict:
    return {row.enrollment_id: row.history for row in await service.rows("SELECT * FROM seats")}


@pytest.mark.parametrize("sweeps", ["first", "other"])
async def test_what_is_set_aside_as_its_fact_comes_goes_on_with_the_next_sweep(
    service: ServiceUnderTest, other: Intake, meeting: Meeting, sweeps: str
):
    training, person, seat = run(), asn(), uuid4()
    await service.receives(person)
    waiting = take(service.intake, service, completed(training.run_id, person.asn_id, seat))
    await meeting(service, (held, "keep"), waiting, lambda: take(other, service, training))
    assert await service.held() == [("waiting", str(seat), "fact.missing")]
    sweeping = service.intake if sweeps == "first" else other
    assert await sweeping.sweep() == 1
    assert (await history(service), await service.held()) == ({seat: "c"}, [])


async def test_a_fact_that_another_worker_learned_is_known_to_the_one_that_lacked_it(
    service: ServiceUnderTest, other: Intake, meeting: Meeting
):
    training, person, first, second = run(), asn(), uuid4(), uuid4()
    await service.receives(person)
    waiting = take(service.intake, service, completed(training.run_id, person.asn_id, first))
    await meeting(service, (held, "keep"), waiting, lambda: take(other, service, training))
    taken = await service.receives(completed(training.run_id, person.asn_id, second))
    assert (taken.applied, taken.waiting) == (1, 0)
    after = await take(other, service, completed(training.run_id, person.asn_id, first))
    assert after.applied == 0  # it queues up behind the one of its key that was set aside
    await other.sweep()
    assert await history(service) == {first: "cc", second: "c"}


async def test_a_fact_that_is_not_committed_is_not_known_to_the_other_worker(
    service: ServiceUnderTest, other: Intake, monkeypatch: pytest.MonkeyPatch
):
    training, person, seat = run(), asn(), uuid4()
    await service.receives(person)

    async def lost(*_: object) -> bool:
        raise ConnectionError("the database went away")

    with monkeypatch.context() as patched:
        patched.setattr(other, "_learn", lost)
        with pytest.raises(ConnectionError):
            await take(other, service, training, completed(training.run_id, person.asn_id, seat))
    for intake in (service.intake, other):
        taken = await take(intake, service, completed(training.run_id, person.asn_id))
        assert (taken.applied, taken.waiting) == (0, 1)
