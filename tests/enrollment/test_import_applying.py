"""Plans applied and undone on a real database: exactly what was confirmed, each row once."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from bina.events.enrollment import (
    AsnErased,
    AsnRecorded,
    CertificateIssued,
    CertificateRevoked,
    EnrollmentAccepted,
    EnrollmentWaitlisted,
    EnrollmentWithdrawn,
    TrainingCompleted,
    TrainingResultCorrected,
)
from bina_local.operations import RefusedError
from enrollment.imports import schedule
from enrollment.imports.commands import reason_words

from .importing import (
    CITY,
    FREE,
    SMALL,
    Importing,
    enrolments,
    new_nip,
    people,
    results,
    states,
    told,
)
from .imports.sample_world import SAMPLES, world


async def test_enrolments_take_seats_then_wait_and_are_undone_as_one(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(schedule, "CHUNK", 2)
    one = await importing.applied(enrolments(*FREE[:5]), "pendaftaran")
    assert (one["state"], one["applied"], one["moved"], one["to_do"]) == ("applied", 5, 0, 0)
    assert await states(importing) == {"accepted": 6, "waitlisted": 2}
    assert (
        await importing.scalar(
            "SELECT taken FROM run_seats JOIN runs USING (run_id) WHERE run_code = 'KEU-2026-03'"
        )
        == 6
    )
    assert await told(importing) == {EnrollmentAccepted.__name__: 3, EnrollmentWaitlisted.__name__: 2}

    undone = await importing.does("undo", one["id"])
    assert undone.status_code == 202, undone.text
    await importing.works()
    after = await importing.shown(one["id"])
    assert (after["state"], after["undone"], after["kept"]) == ("undone", 5, 0)
    assert await states(importing) == {"accepted": 3, "withdrawn": 5}
    # nobody moved up in between only to be withdrawn
    assert await told(importing) == {EnrollmentWithdrawn.__name__: 5}
    again = await importing.applied(enrolments(*FREE[:5]), "pendaftaran")
    assert again["applied"] == 5


async def test_what_an_import_tells_is_to_be_told_once_it_can_no_longer_be_undone(importing: Importing):
    await importing.applied(enrolments(*FREE[:5]), "pendaftaran")
    confirmed = await importing.scalar("SELECT confirmed_at FROM imports")
    seats = await importing.site.svc.emitted(EnrollmentAccepted, EnrollmentWaitlisted)
    assert [seat.notify_after for seat in seats] == [confirmed + timedelta(minutes=15)] * 5
    one = await importing.applied(results((FREE[0], "893.3/2/X", 16)), "kelulusan")
    [done] = await importing.site.svc.emitted(TrainingCompleted)
    assert done.notify_after > confirmed + timedelta(minutes=15)
    assert (await importing.does("undo", one["id"])).status_code == 202
    await importing.works()
    # the certificate before the result it falls with, so that nobody hears of the one who did not of the other
    undone = await importing.site.svc.emitted(TrainingResultCorrected, CertificateRevoked)
    assert [(type(fact), fact.undone) for fact in undone] == [
        (CertificateRevoked, True),
        (TrainingResultCorrected, True),
    ]


async def test_results_are_recorded_with_their_jp_and_corrected_away(importing: Importing):
    nips = FREE[:2]
    jp = """SELECT coalesce(sum(j.minutes), 0) / 45 FROM jp_entries AS j
        JOIN enrolments AS e ON e.enrollment_id = j.source_id JOIN runs USING (run_id) WHERE run_code = 'BTK-2026-05'"""
    before = await importing.scalar(jp)
    file = results((nips[0], "893.3/1/X", 16), (nips[1], "", 16))
    one = await importing.applied(file, "kelulusan")
    assert one["applied"] == 2, await importing.rows(one["id"])
    assert await importing.scalar(jp) == before + 32
    events = await told(importing)
    assert (events[TrainingCompleted.__name__], events[CertificateIssued.__name__]) == (2, 1)
    assert (await importing.does("undo", one["id"])).status_code == 202
    await importing.works()
    assert (await importing.shown(one["id"]))["undone"] == 2
    assert await importing.scalar(jp) == before
    events = await told(importing)
    assert (events[TrainingResultCorrected.__name__], events[CertificateRevoked.__name__]) == (2, 1)

    mended = await importing.applied(file, "kelulusan")  # the right file may come after the wrong one
    assert mended["applied"] == 2
    assert await importing.scalar(jp) == before + 32


async def test_people_are_added_and_changed_and_again_what_they_were(importing: Importing):
    old = next(p for p in world()["asn"] if p["agency"] == CITY)
    boss, new = new_nip(901), new_nip(902)
    file = people(
        (new, "Baru", "Staf", boss), (boss, "Kepala Baru", "Kepala", ""), (old["nip"], "Nama Lain", "", "")
    )
    one = await importing.applied(file, "pegawai")
    assert (one["added"], one["changed"], one["applied"]) == (2, 1, 3), await importing.rows(one["id"])
    supervisor = "SELECT b.nip FROM asn a JOIN asn b ON b.asn_id = a.supervisor_id WHERE a.nip = :nip"
    assert await importing.scalar(supervisor, nip=new) == boss
    assert await importing.scalar("SELECT name FROM asn WHERE nip = :nip", nip=old["nip"]) == "Nama Lain"
    row = next(row for row in await importing.rows(one["id"]) if row["nip"] == old["nip"])
    assert row["changes"] == {"name": [old["name"], "Nama Lain"]}
    assert (await told(importing))[AsnRecorded.__name__] == 3
    assert (await importing.does("undo", one["id"])).status_code == 202
    await importing.works()
    assert (await importing.shown(one["id"]))["undone"] == 3
    assert await importing.scalar("SELECT count(*) FROM asn WHERE nip = ANY (:nips)", nips=[boss, new]) == 0
    assert await importing.scalar("SELECT name FROM asn WHERE nip = :nip", nip=old["nip"]) == old["name"]
    assert (await told(importing))[AsnErased.__name__] == 2


async def test_a_plan_that_moved_is_refused_naming_its_rows(importing: Importing):
    (await importing.upload(enrolments(*FREE[:2]), "pendaftaran", CITY)).raise_for_status()
    one = (await importing.upload(enrolments(*FREE[:3]), "pendaftaran", CITY)).json()
    await importing.site.command(
        "enrolments", {"run": SMALL, "nip": FREE[1]}, "operator", person=900, agency=CITY
    )
    refused = await importing.does("apply", one["id"], {"plan": one["plan"]})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:bina:problem:plan-moved")
    assert refused.json()["rows"] == [3]
    anew = await importing.does("check", one["id"])
    assert (anew.json()["added"], anew.json()["unchanged"]) == (2, 1)
    assert anew.json()["plan"] != one["plan"]
    stale = await importing.does("apply", one["id"], {"plan": one["plan"]})
    assert (stale.status_code, stale.json()["type"]) == (409, "urn:bina:problem:plan-differs")
    assert (await importing.does("apply", one["id"], {"plan": anew.json()["plan"]})).status_code == 202


async def test_of_two_imports_of_the_same_people_at_once_one_counts(importing: Importing):
    plans = [(await importing.upload(enrolments(*FREE[:3]), "pendaftaran", CITY)).json() for _ in range(2)]
    for one in plans:  # both confirmed before either begins
        assert (await importing.does("apply", one["id"], {"plan": one["plan"]})).status_code == 202
    await asyncio.gather(importing.works(), importing.works())
    done = [await importing.shown(one["id"]) for one in plans]
    assert sorted((one["applied"], one["moved"]) for one in done) == [(0, 3), (3, 0)]
    assert await states(importing) == {"accepted": 6}
    assert (await told(importing))[EnrollmentAccepted.__name__] == 3
    second = next(one for one in done if one["moved"])
    assert {row["reason"] for row in await importing.rows(second["id"])} == {"row.moved"}


async def test_the_same_new_people_from_two_files_are_recorded_once(importing: Importing):
    file = people(*((new_nip(910 + n), f"Baru {n}", "", "") for n in range(3)))
    plans = [(await importing.upload(file, "pegawai", CITY)).json() for _ in range(2)]
    for one in plans:
        assert (await importing.does("apply", one["id"], {"plan": one["plan"]})).status_code == 202
    await asyncio.gather(importing.works(), importing.works())
    done = [await importing.shown(one["id"]) for one in plans]
    assert sorted((one["applied"], one["moved"]) for one in done) == [(0, 3), (3, 0)]
    assert await importing.scalar("SELECT count(*) FROM asn WHERE name LIKE 'Baru %'") == 3


async def test_a_seat_that_is_taken_after_the_confirmation_is_not_given_twice(importing: Importing):
    one = (await importing.upload(enrolments(*FREE[:3]), "pendaftaran", CITY)).json()
    assert (await importing.does("apply", one["id"], {"plan": one["plan"]})).status_code == 202
    body = {"run": SMALL, "nip": FREE[5]}
    await importing.site.command("enrolments", body, "operator", person=900, agency=CITY)
    await importing.works()
    after = await importing.shown(one["id"])
    assert (after["applied"], after["moved"]) == (2, 1)
    assert await states(importing) == {"accepted": 6}
    (moved,) = await importing.rows(one["id"], outcome="moved")
    assert (moved["row"], moved["reason"]) == (4, "run.full")
    assert moved["advice"] == "Kursinya sudah terisi; orang ini tidak didaftarkan."  # nor does anybody wait


async def test_killed_in_the_middle_each_row_counts_once(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(schedule, "CHUNK", 2)
    file = people(*((new_nip(920 + n), f"Baru {n}", "", "") for n in range(7)))
    one = (await importing.upload(file, "pegawai", CITY)).json()
    await importing.does("apply", one["id"], {"plan": one["plan"]})
    await importing.works(chunks=2)
    half = await importing.shown(one["id"])
    assert (half["state"], half["applied"], half["to_do"]) == ("applying", 4, 3)

    async def killed(*_anything: Any) -> None:
        raise RefusedError("the power is gone before the commit")

    with monkeypatch.context() as patched:
        patched.setattr(schedule.store, "add_progress", killed)
        await importing.works(chunks=1)
    assert (await importing.shown(one["id"]))["applied"] == 4
    assert await importing.scalar("SELECT count(*) FROM asn WHERE name LIKE 'Baru %'") == 4
    await importing.execute("UPDATE messaging.due SET attempts = 0, not_before = now()")
    await importing.works()
    after = await importing.shown(one["id"])
    assert (after["state"], after["applied"], after["moved"], after["to_do"]) == ("applied", 7, 0, 0)
    assert (await told(importing))[AsnRecorded.__name__] == 7


async def test_who_supervises_may_come_in_a_later_chunk_of_the_file(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(schedule, "CHUNK", 1)
    chain = [(new_nip(930 + n), f"Baru {n}", "", new_nip(931 + n) if n < 4 else "") for n in range(5)]
    one = await importing.applied(people(*chain), "pegawai")
    assert one["applied"] == 5, await importing.rows(one["id"])
    assert (
        await importing.scalar("SELECT count(*) FROM asn WHERE name LIKE 'Baru %' AND supervisor_id IS NULL")
        == 1
    )
    assert (await importing.does("undo", one["id"])).status_code == 202
    await importing.works()
    assert (await importing.shown(one["id"]))["undone"] == 5


async def test_what_a_file_cannot_say_of_a_person_stays(importing: Importing):
    pppk = "SELECT min(nip) FROM asn WHERE employment = 'PPPK' AND agency_code = :agency"
    nip = await importing.scalar(pppk, agency=CITY)
    await importing.execute(
        """UPDATE asn SET started_on = '2026-01-01', contract_ends_on = '2026-12-31',
            left_on = '2027-01-01', appointment = 'paruh_waktu' WHERE nip = :nip""",
        nip=nip,
    )  # fmt: skip
    kept = "SELECT concat(contract_ends_on, ' ', left_on, ' ', appointment) FROM asn WHERE nip = :nip"
    one = await importing.applied(people((nip, "Nama Lain", "", "")), "pegawai")
    assert await importing.scalar(kept, nip=nip) == "2026-12-31 2027-01-01 paruh_waktu"
    assert (await importing.does("undo", one["id"])).status_code == 202
    await importing.works()
    assert await importing.scalar(kept, nip=nip) == "2026-12-31 2027-01-01 paruh_waktu"


async def test_what_was_corrected_by_hand_is_kept_unless_said_otherwise(importing: Importing):
    raw = next(p for p in world()["asn"] if p["agency"] == CITY and not p["supervisor"])
    by_hand = {
        "id": raw["id"],
        "nip": raw["nip"],
        "name": "Nama Benar",
        "agency_code": CITY,
        "position": raw["position"],
    }
    answer = await importing.site.command("asn", {"items": [by_hand]}, "bkd", person=901, agency=CITY)
    assert answer.status_code == 201, answer.text
    file = people((raw["nip"], "Nama Dari Berkas", "Jabatan Baru", ""))
    one = (await importing.upload(file, "pegawai", CITY)).json()
    (row,) = await importing.rows(one["id"])
    assert row["conflicts"] == {"name": "Nama Dari Berkas"}
    assert row["changes"] == {"position": [raw["position"], "Jabatan Baru"]}
    anew = (await importing.does("check", one["id"], {"overwrite": True})).json()
    assert anew["plan"] != one["plan"]
    await importing.does("apply", one["id"], {"plan": anew["plan"]})
    await importing.works()
    assert (
        await importing.scalar("SELECT name FROM asn WHERE nip = :nip", nip=raw["nip"]) == "Nama Dari Berkas"
    )
    assert await importing.scalar("SELECT count(*) FROM hand_edits WHERE field = 'name'") == 0
    assert (await importing.does("undo", one["id"])).status_code == 202
    await importing.works()
    assert await importing.scalar("SELECT name FROM asn WHERE nip = :nip", nip=raw["nip"]) == "Nama Benar"
    later = (await importing.upload(file, "pegawai", CITY)).json()  # by hand it is again, too
    assert (await importing.rows(later["id"]))[0]["conflicts"] == {"name": "Nama Dari Berkas"}


async def test_who_withdrew_is_not_enrolled_again_silently(importing: Importing):
    await importing.applied(enrolments(FREE[0]), "pendaftaran")
    enrolled = await importing.scalar("SELECT ref FROM import_rows")
    left = await importing.site.command(
        f"enrolments/{enrolled}/withdraw", {"reason": "Cuti"}, "operator", person=900, agency=CITY
    )
    assert left.status_code == 200, left.text
    one = (await importing.upload(enrolments(FREE[0]), "pendaftaran", CITY)).json()
    (row,) = await importing.rows(one["id"])
    assert (row["effect"], row["conflicts"]["state"]) == ("unchanged", "accepted")
    anew = (await importing.does("check", one["id"], {"overwrite": True})).json()
    assert anew["added"] == 1


async def test_a_command_sent_twice_is_one_import(importing: Importing):
    key, file = str(uuid4()), enrolments(*FREE[:2])
    answers = [await importing.upload(file, "pendaftaran", CITY, key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    other = await importing.upload(enrolments(FREE[3]), "pendaftaran", CITY, key=key)
    assert other.status_code == 422
    assert await importing.scalar("SELECT count(*) FROM imports") == 1


@pytest.mark.parametrize("kind", ["pegawai", "pendaftaran", "kelulusan"])
async def test_a_sample_is_applied_as_planned_and_undone(importing: Importing, kind: str):
    path = SAMPLES / f"{kind}_bersih.xlsx"
    agency = json.loads((SAMPLES / f"{path.name}.expected.json").read_text("utf-8"))["uploader_agency"]
    one = await importing.applied(path.read_bytes(), kind, agency, name=path.name)
    assert (one["applied"], one["moved"]) == (one["added"] + one["changed"], 0), await importing.rows(
        one["id"], agency
    )
    assert one["applied"] > 0
    same = (await importing.upload(path.read_bytes(), kind, agency, name=path.name)).json()
    assert (same["added"], same["changed"]) == (0, 0)
    assert (await importing.does("undo", one["id"], agency=agency)).status_code == 202
    await importing.works()
    after = await importing.shown(one["id"], agency)
    assert (after["undone"], after["kept"]) == (one["applied"], 0)


def test_a_revoked_number_is_told_in_words():
    assert reason_words("certificate.revoked") == "Sertifikat bernomor ini sudah dicabut."
