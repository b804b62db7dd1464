"""Merging two records of one person who did and got things under both: everything is one person's afterwards."""

import re
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from bina.events.enrollment import AsnErased, AsnMerged, AsnRecorded, ContactErased, SessionEnded
from bina.web.audit.searching import Sought, find
from enrollment.catalogue.domain import run_id_of
from enrollment.duplicates import moving
from enrollment.enrolments.domain import enrollment_id_of
from enrollment.register.bodies import RoleRow
from enrollment.register.granting import record_roles
from enrollment.register.recording import erase_asn
from enrollment.register.states import people
from merging import check_sorted

from .conftest import Site
from .story import CITY, OPEN, PAST, SMALL, asked, asn_id, left, nip, profiled, recommended, reported
from .test_credits import FORM, answers, hands_in
from .test_data_requests import page
from .test_duplicates import PATH, TWIN, merging, plant, sends
from .test_histories import balance, loads

KEPT, GONE = asn_id(2), asn_id(TWIN)
TWINS_NIP = "198703032012022901"


async def runs(site: Site, sql: str, **values: object) -> None:
    async with site.svc.sessions() as session, session.begin():
        await session.execute(text(sql), values)


async def count(site: Site, table: str, person: UUID, column: str = "asn_id") -> int:
    (row,) = await site.svc.rows(f"SELECT count(*) AS n FROM {table} WHERE {column} = :id", id=person)
    return int(row.n)


async def both(site: Site) -> None:
    """Pegawai 2 and the twin, each with enrolments, JP, a certificate from elsewhere, a role and an account."""
    await plant(site)
    twin = asked(TWIN, OPEN).model_copy(update={"nip": TWINS_NIP})
    result = reported(TWIN, PAST).model_copy(update={"nip": TWINS_NIP})
    await site.svc.receives(asked(2, SMALL), twin, agency=CITY)
    await site.svc.receives(result, agency=CITY)
    assert (await hands_in(site, TWIN)).status_code == 303
    assert (await answers(site, "setujui", jp="6")).status_code == 303
    assert (await hands_in(site, 2, number="LAN/2026/18")).status_code == 303
    await site.svc.receives(profiled(2, 1), profiled(TWIN, 3), recommended(TWIN))
    async with site.svc.sessions() as session, session.begin():
        rows = [(2, "trainer"), (TWIN, "trainer"), (TWIN, "operator")]
        given = [{"asn_id": asn_id(n), "role": role, "agency_code": CITY} for n, role in rows]
        await record_roles(session, [RoleRow.model_validate(one) for one in given])
    await runs(site, "INSERT INTO identities VALUES ('https://a', 'x', :gone), ('https://b', 'y', :gone), ('https://b', 'z', :kept)", gone=GONE, kept=KEPT)  # fmt: skip
    await site.svc.emitted()


async def merges(site: Site) -> list[object]:
    answer = await sends(site, "gabung", **merging(2, TWIN))
    assert answer.status_code == 303, re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", answer.text))[-900:]
    return await site.svc.emitted()


async def test_every_table_that_names_a_person_is_sorted(site: Site):
    where_free = [(table, column) for table, column, _ in moving.MOVED_WHERE_FREE]
    await check_sorted(site.svc, moving.MOVED, where_free, moving.LEFT, moving.TAKEN_OVER, moving.STAYS)


async def test_all_that_hung_on_the_one_is_the_others(site: Site):
    await both(site)
    (before,) = await site.svc.rows("SELECT sum(minutes) AS minutes, count(*) AS lines FROM jp_entries")
    told = await merges(site)
    assert told[:2] == [AsnMerged(asn_id=GONE, into_id=KEPT), ContactErased(asn_id=GONE)]
    assert not [fact for fact in told if isinstance(fact, AsnErased)]
    assert KEPT in [fact.asn_id for fact in told if isinstance(fact, AsnRecorded)]
    (after,) = await site.svc.rows(
        "SELECT sum(minutes) AS minutes, count(*) AS lines FROM jp_entries WHERE asn_id = :id", id=KEPT
    )
    assert tuple(after) == tuple(before) == (22 * 45, 2)
    assert [await count(site, table, KEPT) for table in ("enrolments", "jp_credits", "role_grants")] == [
        3,
        2,
        2,
    ]
    assert {tuple(row) for row in await site.svc.rows("SELECT issuer, subject, asn_id FROM identities")} == {
        ("https://a", "x", KEPT), ("https://b", "z", KEPT),
    }  # fmt: skip
    for table, column in (*moving.MOVED, *moving.LEFT):
        assert await count(site, table, GONE, column) == 0, (table, column)
    (row,) = await site.svc.rows("SELECT level FROM competency_levels WHERE asn_id = :id", id=KEPT)
    assert row.level == 1, "assessment tells what counts of both"
    assert "Bimtek Penyusunan SKP" in await page(site, "/enrollment/jp", person=2)


async def test_what_comes_later_under_the_one_that_has_gone_is_the_others(site: Site):
    await both(site)
    await merges(site)
    before = await site.svc.rows("SELECT * FROM recommendations")
    await site.svc.receives(profiled(TWIN, 4), recommended(TWIN))
    assert await site.svc.rows("SELECT * FROM recommendations") == before, "assessment tells it of the other"
    assert await count(site, "competency_levels", GONE) == 0
    row = {"id": str(GONE), "nip": TWINS_NIP, "name": "Siti", "agency_code": CITY}
    answer = await site.command("asn", {"items": [row]}, "platform")
    assert answer.status_code == 422, answer.text
    assert str(KEPT) in answer.text


@pytest.mark.parametrize("ends", ["withdrawn", "both"])
async def test_one_run_under_both_is_decided_first(site: Site, ends: str):
    await plant(site)
    twin = asked(TWIN, OPEN).model_copy(update={"nip": TWINS_NIP})
    await site.svc.receives(asked(2, OPEN), twin, agency=CITY)
    await site.svc.emitted()
    refused = await sends(site, "gabung", **merging(2, TWIN))
    assert (refused.status_code, f"Keduanya terdaftar di {OPEN}." in refused.text) == (409, True)
    assert f"Keduanya terdaftar di {OPEN}." in await page(site, PATH, "platform", agency=None)
    assert await site.svc.emitted() == []
    await site.svc.receives(left(2, OPEN), agency=CITY)
    if ends == "both":
        await site.svc.receives(left(TWIN, OPEN).model_copy(update={"nip": TWINS_NIP}), agency=CITY)
    await merges(site)
    rows = await site.svc.rows(
        "SELECT attempt, state, asn_id FROM enrolments WHERE run_id = :run ORDER BY 1", run=run_id_of(OPEN)
    )
    last = "withdrawn" if ends == "both" else "accepted"
    assert [tuple(row) for row in rows] == [(1, "withdrawn", KEPT), (2, last, KEPT)]
    await site.svc.receives(left(2, OPEN), asked(2, OPEN), agency=CITY)
    (newest,) = await site.svc.rows("SELECT enrollment_id, state FROM enrolments WHERE attempt = 3")
    assert tuple(newest) == (enrollment_id_of(run_id_of(OPEN), KEPT, 3), "accepted")


async def test_one_certificate_under_both_is_decided_first(site: Site):
    await plant(site)
    assert (await hands_in(site, TWIN)).status_code == 303
    assert (await hands_in(site, 2)).status_code == 303
    refused = await sends(site, "gabung", **merging(2, TWIN))
    assert refused.status_code == 409
    assert f"Keduanya mencatat sertifikat {FORM['number']} ({FORM['provider']})." in refused.text


async def test_one_year_whose_balance_both_have_is_decided_first(site: Site):
    await plant(site)
    rows = [balance(2), balance(TWIN, nip=TWINS_NIP)]
    assert (await loads(site, *rows)).status_code == 200
    refused = await sends(site, "gabung", **merging(2, TWIN))
    assert refused.status_code == 409
    assert "Keduanya mencatat saldo awal JP tahun 2026." in refused.text
    assert (await loads(site, balance(TWIN, 0, nip=TWINS_NIP))).status_code == 200
    assert (await sends(site, "gabung", **merging(2, TWIN))).status_code == 303


async def test_what_moves_is_said_before(site: Site):
    await both(site)
    shown = re.sub(r"\s+", " ", await page(site, PATH, "platform", agency=None))
    assert "Pada data 1:" in shown
    moves = "2 pendaftaran, 22 JP, 1 pengajuan JP, 1 tingkat kompetensi, 2 peran, 2 akun"
    assert f"Gabungkan? {moves} pindah ke data {nip(2)}." in shown


async def test_sessions_end_requests_are_answered_once_and_others_stay_others(site: Site):
    await plant(site)
    until = datetime(2999, 1, 1, tzinfo=UTC)
    await runs(site, "INSERT INTO sessions VALUES (:s, :gone, 'https://a', 'x', '', '', :until)", s=uuid4(), gone=GONE, until=until)  # fmt: skip
    for one in (KEPT, GONE):
        await runs(
            site,
            """INSERT INTO data_requests (request_id, asn_id, field, wanted, reason, asked_at, due_at)
            VALUES (gen_random_uuid(), :id, 'position', 'Analis', 'Keliru', now(), now())""",
            id=one,
        )
    pair = sorted((GONE, asn_id(5)))
    await runs(site, "INSERT INTO different_people VALUES (:a, :b, now())", a=pair[0], b=pair[1])
    told = await merges(site)
    assert [fact for fact in told if isinstance(fact, SessionEnded)]
    assert await count(site, "data_requests", KEPT) == 1
    (apart,) = await site.svc.rows("SELECT asn_id, other_id FROM different_people")
    assert tuple(apart) == tuple(sorted((KEPT, asn_id(5))))


async def test_a_merge_stays_told_and_an_erasure_reaches_what_was_merged(site: Site):
    await both(site)
    await merges(site)
    async with site.svc.sessions() as session:
        assert await people(session, [str(GONE)]) == [AsnMerged(asn_id=GONE, into_id=KEPT)]
        entries = await find(session, Sought(whom=str(KEPT)))
    changes = {change["kind"]: change for entry in entries for change in entry.changes}
    assert changes["merge"]["person"] == str(KEPT)
    assert changes["merged"]["before"]["enrolments"] == 2
    async with site.svc.sessions() as session, session.begin():
        await erase_asn(session, KEPT)
    gone = {fact.asn_id for fact in await site.svc.emitted(AsnErased)}
    assert gone == {KEPT, GONE}
    async with site.svc.sessions() as session:
        assert await people(session, [str(GONE)]) == [AsnErased(asn_id=GONE)]


async def test_a_chain_of_merges_ends_at_the_last(site: Site):
    await plant(site)
    twin = asked(TWIN, OPEN).model_copy(update={"nip": TWINS_NIP})
    await site.svc.receives(twin, agency=CITY)
    await merges(site)
    last = uuid4()
    await runs(site, "INSERT INTO asn (asn_id, nip, name, employment, agency_code, position, position_type, job_level, grade, gender) SELECT :id, '198703032010011999', name, employment, agency_code, '', '', '', '', '' FROM asn WHERE asn_id = :kept", id=last, kept=KEPT)  # fmt: skip
    answer = await sends(site, "gabung", tetap=str(last), lain=str(KEPT))
    assert answer.status_code == 303, answer.text
    assert await count(site, "enrolments", last) == 1
    rows = await site.svc.rows("SELECT gone_id, kept_id FROM messaging.merged_people")
    assert {tuple(row) for row in rows} == {(GONE, last), (KEPT, last)}
