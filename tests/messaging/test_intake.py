import asyncio
import contextlib
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from bina.events.agency import RequestAnswered
from bina.events.enrollment import AsnRecorded, EnrollmentAccepted, TrainingCompleted
from bina.events.evaluation import EvaluationTaskClosed
from bina.messaging import held, parked
from bina.messaging.intake import TopicFailingError
from bina.messaging.outbox import emit
from bina.messaging.records import Message
from bina.messaging.testing import ServiceUnderTest
from messaging import toy
from messaging.facts import accepted, asn, completed, met, requested, run


async def history(service: ServiceUnderTest) -> dict:
    return {row.enrollment_id: row.history for row in await service.rows("SELECT * FROM seats")}


async def test_a_redelivered_event_acts_once(service: ServiceUnderTest):
    event = accepted()
    await service.receives(event, event)
    taken = await service.receives(event)
    assert (taken.applied, taken.repeated) == (0, 1)
    assert await history(service) == {event.enrollment_id: "a"}


async def test_one_key_keeps_its_order_across_types(service: ServiceUnderTest):
    first, second = uuid4(), uuid4()
    await service.receives(
        accepted(first), met(first), accepted(second), met(second), met(first), accepted(first)
    )
    assert await history(service) == {first: "amma", second: "am"}


async def test_an_ordered_handler_takes_a_keys_events_in_one_call(service: ServiceUnderTest, monkeypatch):
    react, calls = service.reactions.react, []

    async def counted(contract, events, session):
        calls.append(len(events))
        return await react(contract, events, session)

    monkeypatch.setattr(service.reactions, "react", counted)
    asked = [requested(), requested(), requested("199001012015011777")]
    await service.receives(*asked, agency="5571")
    assert calls == [3]
    assert [a.request_id for a in await service.emitted(RequestAnswered)] == [e.event_id for e in asked]


async def test_an_ordered_handler_that_fails_keeps_the_keys_order(service: ServiceUnderTest):
    first, second, other = requested(), requested(), requested("199001012015011777")
    toy.failing.add(first.nip)
    await service.receives(first, other, second, agency="5571")
    assert await service.held() == [
        ("parked", first.nip, "LookupError"),
        ("behind", first.nip, "key.blocked"),
    ]
    assert [a.nip for a in await service.emitted(RequestAnswered)] == [other.nip]


async def test_an_event_without_its_facts_waits_and_keeps_its_keys_order(service: ServiceUnderTest):
    training, person = run(), asn()
    event = completed(training.run_id, person.asn_id)
    later = met(event.enrollment_id)
    await service.receives(event, later)
    assert await service.held() == [
        ("waiting", str(event.enrollment_id), "fact.missing"),
        ("behind", str(event.enrollment_id), "key.blocked"),
    ]
    await service.receives(training)
    assert [state for state, _, _ in await service.held()] == ["waiting", "behind"]
    await service.receives(person)
    assert await service.held() == []
    assert await history(service) == {event.enrollment_id: "cm"}
    [told] = await service.emitted()
    assert told == EvaluationTaskClosed(
        task_id=event.enrollment_id, respondent_id=person.asn_id, reason="answered"
    )


async def test_facts_and_dependants_in_one_batch_need_no_waiting(service: ServiceUnderTest):
    training, person = run(), asn()
    taken = await service.receives(completed(training.run_id, person.asn_id), person, training)
    assert (taken.applied, taken.waiting) == (3, 0)


async def test_a_failing_event_is_parked_alone_and_blocks_only_its_key(service: ServiceUnderTest):
    good, bad = [accepted() for _ in range(20)], accepted()
    toy.failing.add(bad.enrollment_id)
    await service.receives(*good[:10], bad, *good[10:], met(bad.enrollment_id))
    assert len(await history(service)) == 20
    await service.receives(met(bad.enrollment_id))
    key = str(bad.enrollment_id)
    assert await service.held() == [
        ("parked", key, "LookupError"),
        ("behind", key, "key.blocked"),
        ("behind", key, "key.blocked"),
    ]


async def test_redrive_applies_a_key_in_order_and_a_second_failure_stays(service: ServiceUnderTest):
    bad = accepted()
    toy.failing.add(bad.enrollment_id)
    await service.receives(bad, met(bad.enrollment_id))
    [row] = await service.rows("SELECT id FROM messaging.held WHERE state = 'parked'")
    assert await service.intake.redrive([row.id]) == 0
    assert [state for state, _, _ in await service.held()] == ["parked", "behind"]
    toy.failing.clear()
    assert await service.intake.redrive([row.id]) == 2
    assert await service.held() == []
    assert await history(service) == {bad.enrollment_id: "am"}


def unreadable(service: ServiceUnderTest, enrollment_id: UUID) -> Message:
    return service.message(met(enrollment_id))._replace(value=b"{")


async def test_a_later_unreadable_message_does_not_stop_a_redrive(service: ServiceUnderTest):
    bad = accepted()
    toy.failing.add(bad.enrollment_id)
    await service.receives(bad, met(bad.enrollment_id))
    await service.receives_raw(
        unreadable(service, bad.enrollment_id), service.message(met(bad.enrollment_id))
    )
    toy.failing.clear()
    rows = await service.rows("SELECT id FROM messaging.held ORDER BY id")
    assert await service.intake.redrive([rows[0].id]) == 2
    key = str(bad.enrollment_id)
    assert await service.held() == [("parked", key, "json.invalid"), ("behind", key, "key.blocked")]
    assert await history(service) == {bad.enrollment_id: "am"}


async def test_a_waiting_message_goes_on_although_a_later_one_is_unreadable(service: ServiceUnderTest):
    training, person = run(), asn()
    event = completed(training.run_id, person.asn_id)
    await service.receives(event)
    await service.receives_raw(unreadable(service, event.enrollment_id))
    await service.receives(training, person)
    assert await service.held() == [("parked", str(event.enrollment_id), "json.invalid")]
    assert await history(service) == {event.enrollment_id: "c"}


async def test_a_waiting_message_goes_on_although_its_own_batch_held_an_unreadable_one(
    service: ServiceUnderTest,
):
    training, person = run(), asn()
    event = completed(training.run_id, person.asn_id)
    await service.receives_raw(service.message(event), unreadable(service, event.enrollment_id))
    await service.receives(training, person)
    assert await service.held() == [("parked", str(event.enrollment_id), "json.invalid")]
    assert await history(service) == {event.enrollment_id: "c"}


async def test_two_batches_that_free_the_same_message_apply_it_once(service: ServiceUnderTest, monkeypatch):
    training, person = run(), asn()
    event = completed(training.run_id, person.asn_id)
    await service.receives(person, event)
    # Its fact came in a batch that could not see it waiting yet.
    async with service.sessions() as session, session.begin():
        await session.execute(
            text("INSERT INTO messaging.facts (fact, key) VALUES ('training.announced.v1', :key)"),
            {"key": str(training.run_id)},
        )
    react, here, both = service.reactions.react, [], asyncio.Event()

    async def together(contract, events, session):
        if contract is TrainingCompleted:
            here.append(events)
            if len(here) == 2:
                both.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(both.wait(), 1)
        return await react(contract, events, session)

    monkeypatch.setattr(service.reactions, "react", together)
    await asyncio.gather(service.receives(run()), service.receives(run()))
    assert await history(service) == {event.enrollment_id: "c"}
    assert len(await service.emitted(EvaluationTaskClosed)) == 1


async def test_a_fact_that_nobody_could_read_is_not_told(service: ServiceUnderTest):
    broken = accepted()
    object.__setattr__(broken, "agency_code", "55\x0071")
    async with service.sessions() as session:
        with pytest.raises(ValueError, match="NUL"):
            await emit(session, [broken])


async def test_a_topic_whose_messages_all_fail_is_not_drained_into_the_parked(service: ServiceUnderTest):
    events = [accepted() for _ in range(250)]
    toy.failing.update(e.enrollment_id for e in events)
    with pytest.raises(TopicFailingError, match=r"enrollment\.enrollments"):
        await service.receives(*events)
    assert await service.held() == []
    toy.failing.clear()
    assert (await service.receives(*events)).applied == 250


async def test_an_unreadable_message_that_comes_again_is_answered_once(service: ServiceUnderTest):
    broken = service.message(requested(), agency="5571")._replace(value=b"{")
    for _ in range(2):
        await service.receives_raw(broken)
    assert [answer.outcome for answer in await service.emitted(RequestAnswered)] == ["refused"]
    assert len(await service.held()) == 1


async def test_a_failing_batch_leaves_nothing_behind(service: ServiceUnderTest, monkeypatch):
    event = accepted()

    async def away(*_: object) -> list:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(service.reactions, "react", away)
        with pytest.raises(ConnectionError):
            await service.receives(event)
    assert (await service.receives(event)).applied == 1


async def test_an_agencys_event_acts_once_and_its_id_with_another_payload_is_refused(
    service: ServiceUnderTest,
):
    event = requested()
    await service.receives(event, event, agency="5571")
    other = requested("199001012015011777")
    other.travelled(event.envelope)
    taken = await service.receives(other)
    assert (taken.applied, taken.parked) == (0, 1)
    assert await service.held() == [("parked", other.nip, "id.conflict")]
    assert [(a.nip, a.outcome) for a in await service.emitted(RequestAnswered)] == [
        (event.nip, "accepted"),
        ("", "refused"),
    ]


async def test_the_same_id_of_another_agency_is_another_event(service: ServiceUnderTest):
    one, two = requested(), requested()
    await service.receives(one, agency="5571")
    two.travelled(one.envelope._replace(publisher="5508"))
    assert (await service.receives(two)).applied == 1


async def test_an_older_state_never_replaces_a_newer_one(service: ServiceUnderTest):
    older, newer = asn(), None
    newer = asn(older.asn_id, "Rahma Yulita, S.E.")
    service.message(older)
    await service.receives(newer)
    assert (await service.receives(older)).repeated == 1
    assert [row.name for row in await service.rows("SELECT name FROM people")] == ["Rahma Yulita, S.E."]


async def test_an_erased_person_does_not_come_back(service: ServiceUnderTest):
    person = asn()
    erased = toy.AsnErased(asn_id=person.asn_id)
    service.message(person)
    await service.receives(erased)
    await service.receives(person)
    assert await service.rows("SELECT * FROM people") == []


def torn(service: ServiceUnderTest, person: AsnRecorded) -> Message:
    """A record of somebody that cannot be read, whose bytes name them."""
    return service.message(person)._replace(value=f'{{"name": "{person.name}", '.encode())


async def test_a_tombstone_passes_what_is_held_of_its_person(service: ServiceUnderTest):
    gone, stays = asn(name="Rahma Yulita"), asn(name="Budi Santoso")
    await service.receives_raw(torn(service, gone), torn(service, stays))
    await service.receives(asn(gone.asn_id, "Rahma Yulita, S.E."), asn(stays.asn_id, "Budi Santoso, S.E."))
    assert [state for state, _key, _code in await service.held()] == ["parked", "parked", "behind", "behind"]
    assert (await service.receives(toy.AsnErased(asn_id=gone.asn_id))).applied == 1
    rows = await service.rows("SELECT * FROM messaging.held ORDER BY id")
    of_them = [row for row in rows if row.key == str(gone.asn_id)]
    assert {(row.state, row.discard_reason) for row in of_them} == {("discarded", held.ERASED)}
    assert all(row.discarded_at and row.value is None and row.headers == [] for row in of_them)
    assert "Rahma" not in str(rows)
    others = [row for row in rows if row.key == str(stays.asn_id)]
    assert [(row.state, row.discard_reason) for row in others] == [("parked", None), ("behind", None)]
    assert all(b"Budi" in row.value for row in others)
    again = asn(gone.asn_id, "Orang Baru")
    service.message(again)
    assert (await service.receives(again)).applied == 1, "nothing stands in the key any more"


async def test_a_tombstone_passes_what_came_just_before_it(service: ServiceUnderTest):
    gone = asn()
    before, erased = torn(service, gone), service.message(toy.AsnErased(asn_id=gone.asn_id))
    taken = await service.receives_raw(before, erased)
    assert taken.applied == 1
    assert await service.held() == [("discarded", str(gone.asn_id), "json.invalid")]
    assert (await service.rows("SELECT value FROM messaging.held"))[0].value is None


async def test_what_comes_after_a_tombstone_and_cannot_be_read_is_parked(service: ServiceUnderTest):
    gone = asn()
    erased, after = service.message(toy.AsnErased(asn_id=gone.asn_id)), torn(service, gone)
    assert (await service.receives_raw(erased, after)).applied == 1
    assert [state for state, _key, _code in await service.held()] == ["parked"]


async def test_what_was_discarded_before_loses_its_bytes_and_keeps_its_reason(service: ServiceUnderTest):
    gone = asn()
    await service.receives_raw(torn(service, gone))
    async with service.sessions() as session, session.begin():
        await parked.discard(session, parked.EVERY, "Salah kirim", "Endah", newest=2**62)
    await service.receives(toy.AsnErased(asn_id=gone.asn_id))
    (row,) = await service.rows("SELECT * FROM messaging.held")
    assert (row.discard_reason, row.discarded_by, row.value) == ("Salah kirim", "Endah", None)


async def test_what_is_told_carries_its_cause_and_counts_up(service: ServiceUnderTest):
    training, person = run(), asn()
    event = completed(training.run_id, person.asn_id)
    await service.receives(training, person, event)
    [told] = await service.emitted()
    assert (told.envelope.causation_id, told.envelope.correlation_id) == (event.event_id, event.event_id)
    assert told.envelope.version == 1


async def test_what_is_worked_out_ahead_is_not_worked_out_again(service: ServiceUnderTest, monkeypatch):
    worked: list[EnrollmentAccepted] = []

    def work(event: EnrollmentAccepted) -> int:
        worked.append(event)
        return len(worked)

    monkeypatch.setitem(service.reactions.ahead, EnrollmentAccepted, work)
    read = service.intake.read([service.message(accepted())])
    assert [arrived.event for arrived in read.arrived] == worked
    assert worked[0].once(work) == 1
    assert len(worked) == 1


async def test_work_that_fails_ahead_stops_no_reading(service: ServiceUnderTest, monkeypatch):
    monkeypatch.setitem(service.reactions.ahead, EnrollmentAccepted, lambda _: 1 / 0)
    taken = await service.receives(accepted(), accepted())
    assert (taken.applied, taken.parked) == (2, 0)
