"""Files that are the full list of an agency's people: who is not in them leaves, by name, and never too many unasked."""

from typing import Any

import pytest

from bina.messaging import clock
from bina_local.operations import RefusedError
from enrollment import settings
from enrollment.imports import schedule

from .importing import CITY, Importing, enrolments, new_nip
from .imports.sample_world import world
from .loaded_world import csv

HEAD = ("NIP", "Nama", "Kode Instansi", "Jabatan")
SERVING = "SELECT count(*) FROM asn WHERE agency_code = '5571' AND (left_on IS NULL OR left_on > :today)"
LEFT = "SELECT concat(left_on, ' ', left_reason) FROM asn WHERE nip = :nip"
OURS = [one for one in world()["asn"] if one["agency"] == CITY]
GONE, *STAYING = [one["nip"] for one in OURS if not any(o["supervisor"] == one["nip"] for o in OURS)]


def listing(*without: str, more: tuple[tuple[str, ...], ...] = ()) -> bytes:
    """All people of the agency but some, as they are recorded."""
    rows = [(p["nip"], p["name"], CITY, p["position"]) for p in OURS if p["nip"] not in without]
    return csv(HEAD, *rows, *more)


async def planned(importing: Importing, file: bytes, agency: str = CITY) -> dict[str, Any]:
    return await importing.planned(file, "pegawai", agency, replace=True)


async def left(importing: Importing, nip: str) -> str:
    return str(await importing.scalar(LEFT, nip=nip)).strip()


async def test_who_is_not_in_a_full_list_leaves_and_comes_back_with_the_undo(importing: Importing):
    history = "SELECT string_agg(concat(from_on, until_on, ended_for), ';') FROM placements JOIN asn USING (asn_id) WHERE nip = :nip"
    stood = await importing.scalar(history, nip=GONE)
    one = await planned(importing, listing(GONE))
    assert (one["removed"], one["employed"], one["unread"], one["to_do"]) == (1, len(OURS), 0, 1)
    (row,) = await importing.rows(one["id"], effect="removed")
    assert (row["row"], row["nip"]) == (None, GONE)
    assert row["changes"] == {"left_reason": [None, "not_listed"]}
    assert await left(importing, GONE) == ""  # nothing before it is confirmed
    done = await importing.confirmed(one)
    assert (done["state"], done["applied"], done["moved"], done["to_do"]) == ("applied", 1, 0, 0)
    assert await left(importing, GONE) == f"{clock.today()} not_listed"
    assert await importing.scalar(SERVING, today=clock.today()) == len(OURS) - 1
    after = await importing.undone(one)
    assert (after["state"], after["undone"], after["kept"]) == ("undone", 1, 0)
    assert await left(importing, GONE) == ""
    assert await importing.scalar(history, nip=GONE) == stood


async def test_without_the_mode_nobody_leaves_and_the_plan_is_what_it_was(importing: Importing):
    one = (await importing.upload(listing(GONE), "pegawai", CITY)).json()
    assert (one["replace"], one["removed"], one["employed"]) == (False, 0, 0)
    again = await planned(importing, listing())
    assert again["removed"] == 0
    assert one["plan"] != again["plan"]


async def test_more_than_the_limit_leave_only_by_their_number(importing: Importing):
    gone = STAYING[:6]
    one = await planned(importing, listing(*gone))
    assert one["removed"] == 6 > settings.removals_limit(len(OURS))
    for more in ({}, {"removals": 5}, {"removals": 7}):
        refused = await importing.does("apply", one["id"], {"plan": one["plan"], **more})
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:bina:problem:removals-differ")
        assert refused.json()["removed"] == 6
    assert (await importing.shown(one["id"]))["state"] == "checked"
    assert (await importing.confirmed(one, removals=6))["applied"] == 6


async def test_a_number_that_is_said_has_to_be_right_below_the_limit_too(importing: Importing):
    one = await planned(importing, listing(GONE))
    refused = await importing.does("apply", one["id"], {"plan": one["plan"], "removals": 2})
    assert refused.status_code == 409
    assert (await importing.confirmed(one, removals=1))["applied"] == 1


@pytest.mark.parametrize(("employed", "limit"), [(0, 5), (50, 5), (59, 5), (60, 6), (1000, 100)])
def test_the_limit_is_a_share_but_never_less_than_a_few(employed: int, limit: int):
    assert settings.removals_limit(employed) == limit


async def test_who_is_in_a_refused_row_stays(importing: Importing):
    one = await planned(importing, listing(GONE, more=((GONE, "", CITY, ""),)))  # without a name
    assert (one["refused"], one["removed"], one["unread"]) == (1, 0, 0)


@pytest.mark.parametrize("nip", ["", "1,98703E+17", "19870303201001", "198713032010011003"])
async def test_where_a_nip_cannot_be_read_nobody_leaves(importing: Importing, nip: str):
    one = await planned(importing, listing(GONE, more=((nip, "Siapa", CITY, ""),)))
    assert (one["refused"], one["removed"], one["unread"]) == (1, 0, 1)
    assert await importing.rows(one["id"], effect="removed") == []


async def by_hand(importing: Importing, nip: str, **more: Any) -> None:
    raw = next(p for p in OURS if p["nip"] == nip)
    row = {"id": raw["id"], "nip": nip, "name": raw["name"], "agency_code": CITY, "position": raw["position"]}
    answer = await importing.site.command("asn", {"items": [row | more]}, "bkd", person=901, agency=CITY)
    assert answer.status_code == 201, answer.text


async def test_who_serves_by_a_decision_by_hand_leaves_only_if_that_is_overwritten(importing: Importing):
    await by_hand(importing, GONE, left_on="2027-01-31", left_reason="pension")
    one = await planned(importing, listing(GONE))
    (row,) = [row for row in await importing.rows(one["id"]) if row["nip"] == GONE]
    assert (row["effect"], one["removed"]) == ("unchanged", 0)
    assert row["conflicts"] == {"left_on": "not_listed", "left_reason": "not_listed"}
    anew = (await importing.does("check", one["id"], {"overwrite": True})).json()
    assert (anew["removed"], anew["replace"]) == (1, True)
    await importing.confirmed(anew)
    assert await left(importing, GONE) == f"{clock.today()} not_listed"
    edits = "SELECT count(*) FROM hand_edits JOIN asn USING (asn_id) WHERE nip = :nip AND field LIKE 'left%'"
    assert await importing.scalar(edits, nip=GONE) == 0
    assert (await importing.undone(one))["undone"] == 1
    assert await left(importing, GONE) == "2027-01-31 pension"
    assert await importing.scalar(edits, nip=GONE) == 2


async def leaves(importing: Importing, nip: str, day: str) -> None:
    """Nothing else of them changes."""
    change = (
        "UPDATE asn SET left_on = CAST(CAST(:day AS text) AS date), left_reason = 'pension' WHERE nip = :nip"
    )
    await importing.execute(change, nip=nip, day=day)


async def test_whose_record_changed_since_is_named_and_nobody_leaves(importing: Importing):
    one = await planned(importing, listing(GONE))
    await leaves(importing, GONE, "2027-01-31")
    refused = await importing.does("apply", one["id"], {"plan": one["plan"]})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:bina:problem:plan-moved")
    assert [fault["where"] for fault in refused.json()["errors"]] == [GONE]
    assert not refused.json().get("rows")
    assert await left(importing, GONE) == "2027-01-31 pension"


async def test_whose_record_changes_after_the_confirmation_stays(importing: Importing):
    one = await planned(importing, listing(GONE, STAYING[0]))
    await importing.does("apply", one["id"], {"plan": one["plan"]})
    await leaves(importing, GONE, "2027-01-31")
    await importing.works()
    after = await importing.shown(one["id"])
    assert (after["applied"], after["moved"]) == (1, 1)
    assert await left(importing, GONE) == "2027-01-31 pension"


async def test_a_leaving_that_somebody_changed_is_not_undone(importing: Importing):
    one = await planned(importing, listing(GONE, STAYING[0]))
    await importing.confirmed(one)
    await leaves(importing, GONE, "2026-11-01")
    refused = await importing.does("undo", one["id"])
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:bina:problem:undo-blocked")
    assert [fault["where"] for fault in refused.json()["errors"]] == [GONE]
    assert await left(importing, STAYING[0]) == f"{clock.today()} not_listed"


async def test_that_somebody_leaves_blocks_no_other_row_of_theirs(importing: Importing):
    named = listing(more=()).replace(OURS[0]["name"].encode(), b"Nama Lain", 1)
    one = await importing.applied(named, "pegawai")
    assert one["applied"] == 1
    await importing.execute("UPDATE asn SET left_on = '2027-01-01' WHERE nip = :nip", nip=OURS[0]["nip"])
    assert (await importing.undone(one))["undone"] == 1


async def test_killed_in_the_middle_each_leaves_once(importing: Importing, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(schedule, "CHUNK", 2)
    gone = STAYING[:5]
    new = ((new_nip(970), "Baru", CITY, ""),)
    one = await planned(importing, listing(*gone, more=new))
    await importing.does("apply", one["id"], {"plan": one["plan"]})
    await importing.works(chunks=2)
    half = await importing.shown(one["id"])
    assert (half["state"], half["applied"], half["to_do"]) == ("applying", 4, 2)

    async def killed(*_anything: Any) -> None:
        raise RefusedError("the power is gone before the commit")

    with monkeypatch.context() as patched:
        patched.setattr(schedule.store, "add_progress", killed)
        await importing.works(chunks=1)
    everybody = "SELECT count(*) FROM asn WHERE left_reason = 'not_listed'"
    assert await importing.scalar(everybody) == 3
    await importing.execute("UPDATE messaging.due SET attempts = 0, not_before = now()")
    await importing.works()
    after = await importing.shown(one["id"])
    assert (after["state"], after["applied"], after["to_do"]) == ("applied", 6, 0)
    assert await importing.scalar(everybody) == 5
    assert (await importing.undone(one))["undone"] == 6
    assert await importing.scalar(everybody) == 0


async def test_a_release_that_does_not_know_them_neither_confirms_nor_claims_them(importing: Importing):
    one = await planned(importing, listing(GONE))
    confirming = "UPDATE imports SET state = 'applying' WHERE import_id = CAST(:id AS uuid)"
    with pytest.raises(Exception, match="imports_removals_named"):
        await importing.execute(confirming, id=one["id"])
    await importing.does("apply", one["id"], {"plan": one["plan"]})
    kinds = "SELECT string_agg(kind, ',') FROM messaging.due WHERE key = :id"
    assert await importing.scalar(kinds, id=one["id"]) == "imports.replacing"
    await importing.works()
    with pytest.raises(Exception, match="imports_removals_named"):
        await importing.execute(confirming.replace("applying", "undoing"), id=one["id"])


async def test_only_people_of_ones_own_agency_are_listed_in_full(importing: Importing):
    for kind in ("kelulusan", "saldo-jp"):
        refused = await importing.upload(b"", kind, CITY, replace=True)
        assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "replace")
    await importing.execute("DELETE FROM publisher_rights WHERE publisher = '5571' AND kind = 'pegawai'")
    refused = await importing.upload(listing(GONE), "pegawai", CITY, replace=True)
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "replace")


async def test_trainings_of_who_leaves_go_on(importing: Importing):
    await importing.applied(enrolments(GONE), "pendaftaran")
    live = "SELECT string_agg(e.state, ',' ORDER BY e.state) FROM enrolments AS e JOIN asn USING (asn_id) WHERE nip = :nip"
    before = await importing.scalar(live, nip=GONE)
    await importing.confirmed(await planned(importing, listing(GONE)))
    assert await importing.scalar(live, nip=GONE) == before
