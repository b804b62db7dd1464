"""Agencies' events over HTTP: the same rules, order and once-only as on their topics."""

from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from bina.events import Event
from bina.events.agency import RequestAnswered, ResultAnswered
from bina.events.enrollment import EnrollmentAccepted, EnrollmentWaitlisted, EnrollmentWithdrawn
from bina.messaging import clock, held
from bina.web.access import Person, issue_token

from .conftest import SECRET, Site
from .story import CITY, OPEN, REGENCY, SMALL, TESTED, asked, left, reported


def sent(event: Event, **attributes) -> dict:
    attributes = {"id": str(uuid4()), "time": clock.now().isoformat()} | attributes
    data = event.model_dump(mode="json")
    return {"specversion": "1.0", "source": "simpeg.jambi", "type": event.type, "data": data} | attributes


async def answers(site: Site, *events: dict, agency: str = CITY, path: str = "events") -> list[dict]:
    answer = await site.command(path, list(events), "operator", agency=agency)
    assert answer.status_code == 200, answer.text
    return answer.json()["answers"]


async def test_a_batch_is_decided_in_its_order_and_answered_one_by_one(site: Site):
    batch = [sent(asked(n, SMALL)) for n in (1, 2, 3)] + [sent(asked(4, "TIADA-1"))]
    found = await answers(site, *batch, sent(left(1, SMALL)), sent(reported(6, TESTED)))
    assert [a["id"] for a in found[:4]] == [event["id"] for event in batch]
    outcomes = ["accepted", "accepted", "accepted", "refused", "withdrawn", "accepted"]
    assert [a["outcome"] for a in found] == outcomes  # the third waited until the first left
    assert found[3]["problems"][0]["code"] == "run.unknown"
    told = await site.svc.emitted()
    kinds = [type(e) for e in told]
    assert (kinds.count(EnrollmentWaitlisted), kinds.count(EnrollmentWithdrawn)) == (1, 1)
    assert kinds.count(EnrollmentAccepted) >= 3
    on_topic = [e for e in told if isinstance(e, (RequestAnswered, ResultAnswered))]
    assert {e.destination for e in on_topic} == {f"agency.outcomes.{CITY}"}
    assert {e.request_id for e in on_topic} == {a["id"] for a in found}


async def test_an_event_counts_once_however_it_comes(site: Site):
    by_topic = asked(1, OPEN)
    message = site.svc.message(by_topic, agency=CITY)
    await site.svc.receives_raw(message)
    again = sent(by_topic, id=message.header("ce_id"))
    other = sent(asked(2, OPEN), id=message.header("ce_id"))
    new = sent(asked(3, OPEN))
    await site.svc.emitted()
    found = await answers(site, new, again, other, new)
    assert [a["outcome"] for a in found] == ["accepted", "repeated", "refused", "repeated"]
    assert found[2]["problems"][0]["code"] == "message.id.conflict"
    assert len(await site.svc.emitted(EnrollmentAccepted)) == 1
    assert len(await site.svc.rows("SELECT FROM enrolments WHERE state = 'accepted' AND met_on IS NULL")) == 2
    assert await site.svc.held() == []


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"data": {"nip": "12", "run_code": OPEN}}, "message.contract.violated"),
        ({"data": {}}, "message.contract.violated"),
        ({"type": "enrollment.requested.v9"}, "message.version.unknown"),
        ({"type": "coffee.made.v1"}, "message.type"),
        ({"time": "kemarin"}, "message.envelope.invalid"),
        ({"time": "2026-11-20T03:00:00"}, "message.envelope.invalid"),
    ],
)
async def test_what_cannot_be_read_is_refused_alone(site: Site, attributes: dict, code: str):
    found = await answers(site, sent(asked(1, OPEN), **attributes), sent(asked(2, OPEN)))
    assert [a["outcome"] for a in found] == ["refused", "accepted"]
    assert found[0]["problems"][0]["code"] == code
    assert found[0]["problems"][0]["advice"]
    assert await site.svc.held() == []


async def test_the_agency_is_the_senders_whatever_the_event_says(site: Site):
    """A regency's operator asks for a city's person: as on the regency's own topic, refused; for the city's: not hers."""
    (found,) = await answers(site, sent(asked(1, OPEN), source=CITY), agency=REGENCY)
    assert found["problems"][0]["code"] == "nip.other_agency"
    foreign = await site.command(f"events?agency={CITY}", [sent(asked(1, OPEN))], "operator", agency=REGENCY)
    assert foreign.status_code == 403
    nobody = await site.command("events?agency=0000", [sent(asked(1, OPEN))], "platform", agency=None)
    assert (nobody.status_code, nobody.json()["errors"][0]["where"]) == (422, "agency")
    assert await site.svc.emitted(EnrollmentAccepted) == []


async def test_a_failing_batch_leaves_nothing_and_may_be_sent_again(site: Site, monkeypatch):
    from enrollment.enrolments import handlers

    batch = [sent(asked(1, OPEN)), sent(reported(2, TESTED))]
    person = Person(None, "SIMPEG", frozenset({"operator"}), CITY)
    cookies = {"bina_session": issue_token(person, SECRET)}
    quiet = httpx.ASGITransport(site.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=quiet, base_url="http://bina.test", cookies=cookies) as client:
        headers = {"Idempotency-Key": "kirim-2026-11-20"}

        async def post():
            return await client.post("/enrollment/api/v1/events", json=batch, headers=headers)

        async def broken(*_: object) -> None:
            raise RuntimeError("defect")

        with monkeypatch.context() as patched:
            patched.setattr(handlers, "report", broken)
            assert (await post()).status_code == 500
        assert await site.svc.emitted() == []
        first, second = await post(), await post()
    assert [a["outcome"] for a in first.json()["answers"]] == ["accepted", "accepted"]
    assert second.json() == first.json()
    assert len(await site.svc.emitted(RequestAnswered)) == 1


async def test_what_follows_a_held_message_of_its_person_waits_for_it(site: Site):
    stuck = site.svc.message(asked(1, OPEN), agency=CITY)
    async with site.svc.sessions() as session, session.begin():
        await held.keep(session, [held.Hold(stuck, "parked", "defect")])
    first = sent(asked(1, OPEN))
    found = await answers(site, first, sent(asked(2, OPEN)))
    assert [(a["outcome"], len(a["problems"])) for a in found] == [("refused", 1), ("accepted", 0)]
    assert found[0]["problems"][0]["code"] == "message.held"
    async with site.svc.sessions() as session, session.begin():
        await session.execute(text("DELETE FROM messaging.held"))
    (found,) = await answers(site, first)  # it was not taken for one that came before
    assert found["outcome"] == "accepted"


async def test_no_more_than_a_thousand_and_no_less_than_one(site: Site):
    for batch in ([], [sent(asked(1, OPEN))] * 1001, [{"specversion": "0.3"}], "x"):
        refused = await site.command("events", batch, "operator")
        assert refused.status_code == 422
        assert refused.json()["type"].endswith("invalid-input")
