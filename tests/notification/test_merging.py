"""Two records of one person made one: one inbox, one address, everything told once."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from bina.events.enrollment import AsnMerged, ContactErased
from bina.messaging.testing import ServiceUnderTest
from merging import check_sorted
from notification.app import service
from notification.merging import store

from .reading import words
from .story import START, accepted, approval, at, contact, named, opened_test, person, profile, run, task

EKA, SARI, LAST, BUDI, RUN = (named(n) for n in ("eka", "eka sari", "last", "budi", "run"))
MERGED = AsnMerged(asn_id=EKA, into_id=SARI)
SOON = START + timedelta(minutes=5)


@pytest.fixture
async def svc(under_test) -> ServiceUnderTest:
    made = await under_test(service)
    await made.does_due_work(START)
    told = [person(EKA, name="Eka"), person(SARI, name="Eka Sari"), person(BUDI, supervisor_id=EKA), run(RUN)]
    await made.receives(*(at(event) for event in told))
    return made


async def whose(svc: ServiceUnderTest, table: str, column: str = "asn_id") -> set[UUID]:
    return {row.id for row in await svc.rows(f"SELECT {column} AS id FROM {table}")}


async def test_every_table_that_names_a_person_is_sorted(under_test):
    stays = {("forgotten", "asn_id"): "whose address is not to come back"}
    await check_sorted(await under_test(service), store.MOVED, store.LEFT, stays)


async def test_what_was_told_and_will_be_told_is_the_others(svc: ServiceUnderTest):
    test = opened_test(RUN, EKA, "post")
    about = task(RUN, BUDI, EKA)
    await svc.receives(*(at(e) for e in (accepted(RUN, EKA), test, about, contact(EKA), profile(EKA))))
    await svc.receives(at(MERGED, SOON), at(ContactErased(asn_id=EKA), SOON))
    places = [("enrolments", "asn_id"), ("notices", "recipient_id"), ("deliveries", "recipient_id")]
    assert [await whose(svc, *place) for place in places] == [{SARI}, {SARI, BUDI}, {SARI, BUDI}]
    assert [await whose(svc, table) for table in ("contacts", "gaps")] == [set(), set()]
    assert (
        await svc.rows("SELECT FROM messaging.due WHERE strpos(payload::text, :gone) > 0", gone=str(EKA))
        == []
    )
    (shown,) = await svc.rows("SELECT details FROM notices WHERE recipient_id = :id", id=BUDI)
    assert shown.details["alumnus_id"] == str(SARI)
    (budi,) = await svc.rows("SELECT supervisor_id FROM people WHERE asn_id = :id", id=BUDI)
    assert budi.supervisor_id == SARI
    orphans = await svc.rows(
        "SELECT FROM deliveries LEFT JOIN notices USING (notice_id) WHERE event_id IS NULL"
    )
    assert orphans == []


async def test_told_under_both_it_stays_once_and_a_mail_under_way_keeps_its_name(svc: ServiceUnderTest):
    both = at(accepted(RUN, EKA)), at(accepted(RUN, SARI))
    await svc.receives(*both)
    async with svc.sessions() as session, session.begin():
        await session.execute(
            text("UPDATE notices SET event_id = :one, notice_id = notice_id(:one, recipient_id, kind)"),
            {"one": named("one")},
        )
        await session.execute(text("DELETE FROM deliveries"))
        await session.execute(
            text(
                "INSERT INTO deliveries (notice_id, channel, recipient_id, send_before, rank) SELECT notice_id, 'email', recipient_id, send_before, 0 FROM notices"
            )
        )
    await svc.receives(at(opened_test(RUN, EKA)))
    async with svc.sessions() as session, session.begin():
        await session.execute(
            text(
                "UPDATE deliveries SET state = 'sending' WHERE notice_id IN (SELECT notice_id FROM notices WHERE kind = 'pretest_ready')"
            )
        )
    (sending,) = await svc.rows("SELECT notice_id FROM deliveries WHERE state = 'sending'")
    await svc.receives(at(MERGED, SOON))
    rows = await svc.rows("SELECT kind, recipient_id FROM notices ORDER BY kind")
    assert [tuple(row) for row in rows] == [("enrollment_accepted", SARI), ("pretest_ready", SARI)]
    (kept,) = await svc.rows("SELECT notice_id, recipient_id FROM deliveries WHERE state = 'sending'")
    assert tuple(kept) == (sending.notice_id, SARI)


@pytest.mark.parametrize("chosen", ["one", "both"])
async def test_what_the_one_that_stays_chose_goes_first(svc: ServiceUnderTest, chosen: str):
    async with svc.sessions() as session, session.begin():
        for one in (EKA, SARI)[: 1 if chosen == "one" else 2]:
            values = {"id": one, "email": one == SARI}
            await session.execute(
                text("INSERT INTO preferences (asn_id, language, email) VALUES (:id, 'en', :email)"), values
            )
    await svc.receives(at(MERGED, SOON))
    (kept,) = await svc.rows("SELECT asn_id, email FROM preferences")
    assert tuple(kept) == (SARI, chosen == "both")


async def test_late_facts_and_a_chain_reach_the_last_one(svc: ServiceUnderTest):
    await svc.receives(at(AsnMerged(asn_id=SARI, into_id=LAST), SOON))
    await svc.receives(at(MERGED, SOON))
    await svc.receives(
        *(at(e, SOON) for e in (accepted(RUN, EKA), contact(EKA), profile(EKA), profile(LAST, level=1)))
    )
    assert await whose(svc, "notices", "recipient_id") == {LAST}
    assert await whose(svc, "contacts") == set()
    (gap,) = await svc.rows("SELECT asn_id, level FROM gaps")
    assert tuple(gap) == (LAST, 1)


async def test_who_asks_and_who_is_asked_keep_their_names(svc: ServiceUnderTest):
    """A request told before the merge is read after it, or before: its words reach who there is, and say who asks."""
    await svc.receives(at(approval("one", BUDI, asker=EKA, run_id=run(RUN).run_id)))
    await svc.receives(at(MERGED, SOON))
    await svc.receives(at(approval("two", EKA, SARI, asker=BUDI, run_id=run(RUN).run_id), SOON))
    assert await whose(svc, "notices", "recipient_id") == {BUDI, SARI}
    [(_subject, body)] = await words(svc, BUDI)
    assert "Eka Sari meminta kursi" in body
    assert len(await words(svc, SARI)) == 1
