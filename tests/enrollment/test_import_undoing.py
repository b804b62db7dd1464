"""What an undo leaves alone, and says so: whatever something depends on."""

import pytest

from .importing import CITY, FREE, SMALL, Importing, enrolments, new_nip, people


async def test_an_undo_on_which_something_depends_is_refused_as_a_whole(importing: Importing):
    one = await importing.applied(
        people((new_nip(940), "Baru", "", ""), (new_nip(941), "Baru 2", "", "")), "pegawai"
    )
    seat = await importing.applied(enrolments(new_nip(940), run="ELK-2026-11"), "pendaftaran")
    assert seat["applied"] == 1
    refused = await importing.does("undo", one["id"])
    assert refused.status_code == 409
    assert refused.json()["rows"] == [{"row": 2, "reason": "enrolled"}]
    assert (await importing.shown(one["id"]))["state"] == "applied"
    attended = await importing.scalar(
        "SELECT ref FROM import_rows WHERE import_id = CAST(:id AS uuid)", id=seat["id"]
    )
    body = {"enrollments": [str(attended)], "met_on": "2026-11-20"}
    met = await importing.site.command("attendance", body, "operator", person=900, agency="5500")
    assert met.status_code == 200, met.text
    refused = await importing.does("undo", seat["id"])
    assert refused.json()["rows"][0]["reason"] in ("attendance", "result")


@pytest.mark.parametrize(
    ("done", "reason"),
    [
        (
            """WITH s AS (INSERT INTO run_sessions (session_id, run_id, starts_at, ends_at, title, place, link)
                SELECT gen_random_uuid(), run_id, now(), now() + interval '3 hours', '', '', '' FROM runs
                WHERE run_code = 'KEU-2026-03' RETURNING session_id)
            INSERT INTO attendance (session_id, enrollment_id, state, how, at)
            SELECT session_id, CAST(:id AS uuid), 'present', 'code', now() FROM s""",
            "attendance",
        ),
        (
            """INSERT INTO reports (enrollment_id, run_id, content, handed_in_at)
            SELECT enrollment_id, run_id, 'Laporan', now() FROM enrolments WHERE enrollment_id = CAST(:id AS uuid)""",
            "report",
        ),
    ],
)
async def test_who_came_to_a_session_or_handed_a_report_in_is_not_undone(
    importing: Importing, done: str, reason: str
):
    seat = await importing.applied(enrolments(FREE[0]), "pendaftaran")
    own = await importing.scalar(
        "SELECT ref FROM import_rows WHERE import_id = CAST(:id AS uuid)", id=seat["id"]
    )
    await importing.execute(done, id=str(own))
    refused = await importing.does("undo", seat["id"])
    assert (refused.status_code, refused.json().get("rows")) == (409, [{"row": 2, "reason": reason}])


@pytest.mark.parametrize("kind", ["jp", "teaches"])
async def test_who_has_jp_or_teaches_by_now_is_not_taken_out_of_the_register(importing: Importing, kind: str):
    nip = new_nip(942)
    one = await importing.applied(people((nip, "Baru", "", "")), "pegawai")
    if kind == "jp":
        row = {"nip": nip, "year": 2026, "jp": 6, "source": "SIMPEG"}
        loaded = await importing.site.command(
            "jp-openings", {"items": [row]}, "operator", person=900, agency=CITY
        )
        assert loaded.status_code == 200, loaded.text
    else:
        await importing.execute(
            """INSERT INTO run_sessions (session_id, run_id, starts_at, ends_at, title, place, link, trainer_id)
            SELECT gen_random_uuid(), run_id, now(), now() + interval '1 hour', '', '', '', asn_id FROM runs, asn
            WHERE run_code = :run AND nip = :nip""",
            run=SMALL, nip=nip,
        )  # fmt: skip
    refused = await importing.does("undo", one["id"])
    assert refused.status_code == 409
    assert refused.json()["rows"] == [{"row": 2, "reason": kind}]
    assert await importing.scalar("SELECT count(*) FROM asn WHERE nip = :nip", nip=nip) == 1


@pytest.mark.parametrize("named", ["kept_id", "gone_id"])
async def test_whose_record_was_merged_is_not_taken_out_of_the_register(importing: Importing, named: str):
    """The other record of that person was there before the file: with this one the person would go."""
    nip = new_nip(943)
    one = await importing.applied(people((nip, "Baru", "", "")), "pegawai")
    other = {"kept_id": "gone_id", "gone_id": "kept_id"}[named]
    await importing.execute(
        f"""INSERT INTO messaging.merged_people ({named}, {other})
        SELECT asn_id, gen_random_uuid() FROM asn WHERE nip = :nip""",
        nip=nip,
    )
    refused = await importing.does("undo", one["id"])
    assert refused.status_code == 409
    assert refused.json()["rows"] == [{"row": 2, "reason": "merged"}]
    assert await importing.scalar("SELECT count(*) FROM asn WHERE nip = :nip", nip=nip) == 1
