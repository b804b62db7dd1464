"""What the nightly reconcile would tell is what was told last."""

from collections.abc import Sequence
from importlib import import_module

from bina.events import Event
from bina.events.enrollment import AgencyRecorded, AsnErased, AsnRecorded, ContactErased, ContactRecorded
from bina.messaging.testing import ServiceUnderTest
from enrollment.register.recording import erase_asn
from enrollment.register.states import states

from .story import asn_id, prepare


async def loaded(service: ServiceUnderTest, topic: str, keys: Sequence[str]) -> list[Event]:
    async with service.sessions() as session:
        return list(await states[topic](session, keys))


async def test_every_state_is_loaded_as_it_was_told(under_test):
    service = await under_test(import_module("enrollment.app").service)
    await prepare(service)
    told = await service.emitted(AgencyRecorded, AsnRecorded, ContactRecorded)
    assert {event.topic for event in told} == set(states)
    for topic in states:
        events = [event for event in told if event.topic == topic]
        assert await loaded(service, topic, [event.key for event in events]) == events


async def test_an_erased_person_is_loaded_as_tombstones(svc: ServiceUnderTest):
    async with svc.sessions() as session, session.begin():
        await erase_asn(session, asn_id(2))
    key = str(asn_id(2))
    assert await loaded(svc, AsnRecorded.topic, [key]) == [AsnErased(asn_id=asn_id(2))]
    assert await loaded(svc, ContactRecorded.topic, [key]) == [ContactErased(asn_id=asn_id(2))]
    assert await loaded(svc, AgencyRecorded.topic, ["unknown"]) == []


async def test_every_owned_state_topic_has_a_loader():
    from bina.events import REGISTRY

    owned = {c.topic for c in REGISTRY.values() if c.state and c.topic.startswith("enrollment.")}
    assert owned == set(import_module("enrollment.app").service.states)
