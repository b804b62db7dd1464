"""Who hears of a training, and who does not."""

from datetime import timedelta

import pytest

from bina.events.assessment import CompetencyProfileChanged
from bina.events.enrollment import (
    TrainingCancelled,
)
from bina.messaging.testing import ServiceUnderTest
from notification.notices import schedule
from notification.notices.store.notices import announce_to_page

from . import story as facts
from .reading import told
from .story import START, at, named

SOON = START + timedelta(minutes=1)


async def test_an_announcement_reaches_those_whose_job_or_gap_it_fits(notification: ServiceUnderTest):
    by_job, by_gap, neither, elsewhere = (
        facts.person(),
        facts.person(level="Pelaksana"),
        facts.person(level="Pelaksana"),
        facts.person(agency="9999"),
    )
    people = [by_job, by_gap, neither, elsewhere]
    await notification.receives(*(at(p) for p in people), at(facts.profile(by_gap.asn_id)), at(facts.run()))
    assert await told(notification) == set()
    await notification.does_due_work(SOON)
    assert await told(notification) == {
        (str(by_job.asn_id), "training_announced_job"),
        (str(by_gap.asn_id), "training_announced_gap"),
    }
    assert len(await notification.rows("SELECT * FROM deliveries WHERE state = 'waiting' AND rank = 1")) == 2


@pytest.mark.parametrize(
    ("code", "level", "standard"),
    [("M7", 3, 4), ("M7", 3, 3), ("M1", 1, 3), ("M7", 2, None)],
    ids=["run leads no higher", "no gap", "another competency", "no standard"],
)
async def test_a_run_that_closes_no_gap_is_not_announced(
    notification: ServiceUnderTest, code: str, level: int, standard: int | None
):
    person = facts.person(level="Pelaksana")
    shown = facts.profile(person.asn_id, code, level, standard)
    await notification.receives(at(person), at(shown), at(facts.run()))
    await notification.does_due_work(SOON)
    assert await told(notification) == set()


async def test_a_run_for_all_levels_is_told_only_where_it_closes_a_gap(notification: ServiceUnderTest):
    with_gap, without = facts.person(), facts.person()
    await notification.receives(
        at(with_gap), at(without), at(facts.profile(with_gap.asn_id)), at(facts.run(job_levels=()))
    )
    await notification.does_due_work(SOON)
    assert await told(notification) == {(str(with_gap.asn_id), "training_announced_gap")}


async def test_a_run_open_to_no_named_agency_is_its_organisers_own(notification: ServiceUnderTest):
    own, other = facts.person(agency="5500"), facts.person()
    await notification.receives(at(own), at(other), at(facts.run(open_to=())))
    await notification.does_due_work(SOON)
    assert await told(notification) == {(str(own.asn_id), "training_announced_job")}


async def test_who_is_recorded_later_is_told_while_the_run_is_ahead_and_once(notification: ServiceUnderTest):
    training = facts.run()
    await notification.receives(at(training))
    await notification.does_due_work(SOON)
    in_time, late = facts.person(), facts.person()
    before = START + timedelta(days=30)
    await notification.receives(at(in_time, before), at(late, START + timedelta(days=120)))
    await notification.does_due_work(START + timedelta(days=121))
    await notification.receives(at(facts.profile(in_time.asn_id), before + timedelta(days=1)))
    await notification.does_due_work(START + timedelta(days=122))
    [row] = await notification.rows("SELECT * FROM notices")
    assert (row.recipient_id, row.kind) == (in_time.asn_id, "training_announced_job")
    assert row.occurred_at == before
    assert row.send_before == before + timedelta(days=3)


async def test_a_closed_gap_no_longer_calls(notification: ServiceUnderTest):
    person = facts.person(level="Pelaksana")
    await notification.receives(at(person), at(facts.profile(person.asn_id)))
    await notification.receives(at(CompetencyProfileChanged(asn_id=person.asn_id, entries=()), SOON))
    await notification.receives(at(facts.run(), SOON))
    await notification.does_due_work(SOON + timedelta(minutes=1))
    assert await told(notification) == set()


async def test_a_widened_audience_is_told_and_nobody_twice(notification: ServiceUnderTest):
    training, first, second = facts.run(), facts.person(), facts.person(agency="5508")
    await notification.receives(at(first), at(second), at(training))
    await notification.does_due_work(SOON)
    later = START + timedelta(days=2)
    await notification.receives(at(facts.changed(training.run_id, open_to=("5571", "5508")), later))
    await notification.does_due_work(later + timedelta(minutes=1))
    rows = await notification.rows("SELECT recipient_id, occurred_at FROM notices ORDER BY occurred_at")
    assert [(r.recipient_id, r.occurred_at) for r in rows] == [(first.asn_id, START), (second.asn_id, later)]


async def test_a_cancelled_run_is_announced_to_nobody(notification: ServiceUnderTest):
    training, person = facts.run(), facts.person()
    await notification.receives(at(person), at(training), at(TrainingCancelled(run_id=training.run_id)))
    await notification.does_due_work(SOON)
    assert await told(notification) == set()


async def test_a_fan_out_goes_on_where_it_stopped_and_misses_nobody(
    notification: ServiceUnderTest, monkeypatch
):
    people = [facts.person(agency=code) for code in ("5571", "5508") for _ in range(13)]
    training = facts.run(open_to=("5571", "5508", "5500"))
    await notification.receives(*(at(p) for p in people), at(training))
    monkeypatch.setattr(schedule, "FAN_OUT_CHUNK", 5)
    await notification.does_due_work(SOON)
    assert await told(notification) == {(str(p.asn_id), "training_announced_job") for p in people}
    async with notification.sessions() as session:
        looked_at, after = await announce_to_page(session, training.run_id, ("", named("nobody")), 26)
        assert (looked_at, after is not None) == (26, True)
