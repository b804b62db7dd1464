"""Files that are the full list of an agency's people in the runs that they name: who is not in them gives their seat back."""

from typing import Any

import pytest

from .clerk import Clerk
from .importing import CITY, FREE, PAST, PEOPLE, SMALL, TAKEN, Importing, enrolments, told
from .loaded_world import csv

OURS = [nip for nip in PEOPLE if nip in TAKEN]
GONE, STAYING = OURS
OTHER = "ELK-2026-11"
HEAD = ("NIP", "Kode Angkatan")
STATE = """SELECT e.state FROM enrolments AS e JOIN runs USING (run_id) JOIN asn USING (asn_id)
    WHERE nip = :nip AND run_code = :run ORDER BY attempt DESC LIMIT 1"""
PRESENT = """WITH s AS (INSERT INTO run_sessions (session_id, run_id, starts_at, ends_at, title, place, link)
        SELECT gen_random_uuid(), run_id, now(), now() + interval '3 hours', '', '', '' FROM runs
        WHERE run_code = :run RETURNING session_id, run_id)
    INSERT INTO attendance (session_id, enrollment_id, state, how, at)
    SELECT session_id, enrollment_id, 'present', 'code', now() FROM s JOIN enrolments USING (run_id) JOIN asn USING (asn_id)
    WHERE nip = :nip"""


async def planned(importing: Importing, file: bytes, agency: str = CITY) -> dict[str, Any]:
    return await importing.planned(file, "pendaftaran", agency, replace=True)


async def state(importing: Importing, nip: str, run: str = SMALL) -> str:
    return str(await importing.scalar(STATE, nip=nip, run=run))


async def test_who_is_not_in_it_is_withdrawn_and_asked_for_again_with_the_undo(importing: Importing):
    one = await planned(importing, enrolments(STAYING, FREE[0]))
    assert (one["added"], one["unchanged"], one["removed"], one["employed"], one["unread"]) == (1, 1, 1, 2, 0)
    (row,) = await importing.rows(one["id"], effect="removed")
    assert (row["row"], row["nip"], row["run_code"]) == (None, GONE, SMALL)
    assert row["changes"] == {"state": ["accepted", "withdrawn"], "reason": ["", "import.unlisted"]}
    assert await state(importing, GONE) == "accepted"
    done = await importing.confirmed(one)
    assert (done["applied"], done["moved"]) == (2, 0)
    assert (await state(importing, GONE), await state(importing, FREE[0])) == ("withdrawn", "accepted")
    assert (await told(importing))["EnrollmentWithdrawn"] == 1
    after = await importing.undone(one)
    assert (after["undone"], after["kept"]) == (2, 0)
    assert (await state(importing, GONE), await state(importing, FREE[0])) == ("accepted", "withdrawn")


async def test_only_runs_that_it_names_and_only_people_of_the_agency_are_looked_at(importing: Importing):
    await importing.applied(enrolments(FREE[0], run=OTHER), "pendaftaran")
    one = await planned(importing, enrolments(STAYING))
    assert [row["nip"] for row in await importing.rows(one["id"], effect="removed")] == [GONE]
    await importing.confirmed(one)
    assert await state(importing, FREE[0], OTHER) == "accepted"
    foreign = "SELECT count(*) FROM enrolments JOIN runs USING (run_id) WHERE run_code = :run AND state = 'accepted'"
    assert await importing.scalar(foreign, run=SMALL) == 2  # who stays, and who is another agency's


async def test_a_seat_goes_on_to_who_waits(importing: Importing):
    await importing.applied(enrolments(*FREE[:3]), "pendaftaran")
    waiting = await importing.applied(enrolments(FREE[3]), "pendaftaran")
    assert (waiting["applied"], await state(importing, FREE[3])) == (1, "waitlisted")
    one = await planned(importing, enrolments(STAYING, *FREE[:4]))
    await importing.confirmed(one)
    assert (await state(importing, GONE), await state(importing, FREE[3])) == ("withdrawn", "accepted")
    after = await importing.undone(one)
    assert (after["undone"], await state(importing, GONE)) == (1, "waitlisted")  # the seat is somebody else's


async def test_nobody_gets_a_seat_who_is_about_to_leave_too(importing: Importing):
    await importing.applied(enrolments(*FREE[:4]), "pendaftaran")
    one = await planned(importing, enrolments(STAYING, *FREE[:3]))
    assert one["removed"] == 2
    done = await importing.confirmed(one)
    assert (done["applied"], done["moved"]) == (2, 0)
    assert (await state(importing, GONE), await state(importing, FREE[3])) == ("withdrawn", "withdrawn")


async def test_who_has_a_result_or_came_stays_and_is_named(importing: Importing):
    held = await importing.scalar(
        "SELECT nip FROM asn JOIN enrolments AS e USING (asn_id) JOIN runs USING (run_id)"
        " WHERE run_code = :run AND asn.agency_code = '5571' AND e.state IN ('accepted', 'completed') LIMIT 1",
        run=PAST,
    )
    await importing.execute(PRESENT, run=SMALL, nip=GONE)
    one = await planned(importing, enrolments(STAYING))
    assert (one["removed"], one["unchanged"]) == (0, 2)
    (row,) = [row for row in await importing.rows(one["id"], effect="unchanged") if row["row"] is None]
    assert (row["nip"], row["reason"], row["advice"]) == (GONE, "attendance", "Presensinya sudah dicatat.")
    await importing.execute(
        "UPDATE enrolments SET state = 'completed', completed_on = '2026-10-06', jp = 5, revision = 1 FROM runs, asn"
        " WHERE runs.run_id = enrolments.run_id AND asn.asn_id = enrolments.asn_id AND run_code = :run AND nip = :nip",
        run=PAST, nip=held,
    )  # fmt: skip
    rest = [nip for nip in PEOPLE if nip != held]
    past = await planned(importing, enrolments(*rest, run=PAST))
    found = {row["nip"]: row["reason"] for row in await importing.rows(past["id"]) if row["row"] is None}
    assert found == {held: "result"}


async def test_who_comes_after_the_confirmation_keeps_their_seat(importing: Importing):
    one = await planned(importing, enrolments(STAYING))
    await importing.does("apply", one["id"], {"plan": one["plan"]})
    await importing.execute(PRESENT, run=SMALL, nip=GONE)
    await importing.works()
    after = await importing.shown(one["id"])
    assert (after["applied"], after["moved"], await state(importing, GONE)) == (0, 1, "accepted")
    (row,) = await importing.rows(one["id"], outcome="moved")
    assert row["reason"] == "attendance"


async def test_who_withdrew_meanwhile_is_named_before_anything_changes(importing: Importing):
    one = await planned(importing, enrolments(STAYING))
    await importing.execute(
        "UPDATE enrolments SET state = 'withdrawn' FROM asn, runs WHERE asn.asn_id = enrolments.asn_id"
        " AND runs.run_id = enrolments.run_id AND nip = :nip AND run_code = :run", nip=GONE, run=SMALL,
    )  # fmt: skip
    refused = await importing.does("apply", one["id"], {"plan": one["plan"]})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:bina:problem:plan-moved")
    assert [fault["where"] for fault in refused.json()["errors"]] == [GONE]


@pytest.mark.parametrize("nip", ["", "1,98703E+17", "19870303201001", "198001012006041901"])
async def test_where_it_is_unsure_who_is_meant_nobody_is_withdrawn(importing: Importing, nip: str):
    one = await planned(importing, csv((*HEAD, "Catatan"), (STAYING, SMALL, ""), (nip, SMALL, "baru")))
    assert (one["refused"], one["removed"], one["unread"]) == (1, 0, 1)


@pytest.mark.parametrize("run", ["", "KEU-2026-3"])
async def test_who_stands_beside_an_unknown_run_stays_in_all(importing: Importing, run: str):
    one = await planned(importing, csv(HEAD, (STAYING, SMALL), (GONE, run)))
    assert (one["refused"], one["removed"], one["unread"]) == (1, 0, 0)


async def test_many_are_withdrawn_only_by_their_number(importing: Importing):
    await importing.applied(enrolments(*FREE[:6], run=OTHER), "pendaftaran")
    one = await planned(importing, enrolments(GONE, run=OTHER))
    assert one["removed"] == 6
    refused = await importing.does("apply", one["id"], {"plan": one["plan"]})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:bina:problem:removals-differ")
    assert refused.json()["title"] == "6 pendaftaran akan ditarik."
    assert (await importing.confirmed(one, removals=6))["applied"] == 7


async def test_who_was_left_out_by_a_list_comes_in_by_the_next(importing: Importing):
    await importing.confirmed(await planned(importing, enrolments(STAYING)))
    one = await planned(importing, enrolments(GONE, STAYING))
    assert (one["added"], (await importing.confirmed(one))["applied"]) == (1, 1)
    assert await state(importing, GONE) == "accepted"


async def test_who_may_not_come_back_stays_out_and_is_named(importing: Importing):
    one = await planned(importing, enrolments(STAYING))
    await importing.confirmed(one)
    await importing.execute("UPDATE runs SET status = 'closed' WHERE run_code = :run", run=SMALL)
    after = await importing.undone(one)
    assert (after["undone"], after["kept"]) == (0, 1)
    (row,) = await importing.rows(one["id"], outcome="kept")
    assert (row["nip"], row["reason"]) == (GONE, "run.closed")


async def test_a_release_that_does_not_know_them_neither_confirms_nor_claims_them(importing: Importing):
    one = await planned(importing, enrolments(STAYING))
    with pytest.raises(Exception, match="imports_withdrawals_named"):
        await importing.execute(
            "UPDATE imports SET state = 'applying', removals = removed WHERE import_id = CAST(:id AS uuid)",
            id=one["id"],
        )
    await importing.does("apply", one["id"], {"plan": one["plan"]})
    kinds = "SELECT string_agg(kind, ',') FROM messaging.due WHERE key = :id"
    assert await importing.scalar(kinds, id=one["id"]) == "imports.withdrawing"


async def test_the_page_names_who_is_withdrawn_and_from_where(importing: Importing):
    async with importing.site.client("operator", person=900, agency=CITY) as http:
        clerk = Clerk(http)
        answer = await clerk.uploads(enrolments(STAYING), "pendaftaran", replace="ya")
        where = str(answer.headers["location"])
        shown = await clerk.sees(where)
        assert "1 pendaftaran akan ditarik." in shown
        assert (
            "1 dari 2 pendaftaran instansi ini di angkatan yang disebut berkas tidak ada di dalamnya."
            in shown
        )
        assert GONE in shown
        assert SMALL in shown
        assert (await clerk.sends(where, where + "/terapkan")).status_code == 303
        await importing.works()
        assert "1 pendaftaran tercatat atau ditarik." in await clerk.sees(where)
        assert (await clerk.sends(where, where + "/batalkan")).status_code == 303
        await importing.works()
        assert "yang ditarik didaftarkan lagi" in await clerk.sees(where)
