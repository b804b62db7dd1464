"""Every command and every reading of another's record leaves one entry, that the database lets nobody change."""

import asyncio
import re
from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from bina.web.audit.searching import Sought
from web.auditing import CLERK, client_of
from workbooks import cells_of, rows_of


async def test_an_entry_says_who_what_whom_before_after_why_and_from_where(audited):
    whom = uuid4()
    await audited.rename(whom, "Ratna Dewi")
    await audited.rename(whom, "Ratna Dewi Lestari", why="nama di SK baru")
    _first, entry = await audited.entries()
    assert (entry.kind, entry.actor, entry.actor_id, entry.roles) == (
        "command",
        "person",
        CLERK,
        ["operator"],
    )
    assert (entry.agency_code, entry.action) == ("6472", "POST /toy/api/v1/people/{asn_id}")
    assert entry.on_behalf == [whom]
    assert entry.about == [str(whom)]
    assert entry.detail["changes"] == [{"kind": "person", "id": str(whom), "person": str(whom)}]
    assert entry.detail["agent"] == "Firefox"
    assert len(entry.detail["trace"]) == 32
    assert entry.values == {
        "actor": {"name": "Endah Wulandari", "address": "10.1.2.3"},
        "0.before": {"name": "Ratna Dewi"},
        "0.after": {"name": "Ratna Dewi Lestari"},
        "why": "nama di SK baru",
    }


async def test_the_facts_told_carry_the_entrys_trace(audited):
    await audited.rename(uuid4(), "Ratna Dewi")
    (entry,) = await audited.entries()
    (fact,) = await audited.service.rows("SELECT traceparent FROM messaging.outbox")
    assert fact.traceparent.split("-")[1] == entry.detail["trace"]


async def test_what_names_people_lies_beside_the_entry_alone(audited):
    await audited.rename(uuid4(), "Ratna Dewi", why="alasan rahasia")
    (row,) = await audited.service.rows("SELECT to_jsonb(e)::text AS line FROM audit.entries e")
    for word in ("Ratna", "rahasia", "Endah", "10.1.2.3"):
        assert word not in row.line


async def test_a_command_sent_again_leaves_no_second_entry(audited):
    whom, key = uuid4(), uuid4().hex
    answers = [await audited.rename(whom, "Ratna Dewi", key=key) for _ in range(3)]
    assert {a.status_code for a in answers} == {200}
    assert len(await audited.entries()) == 1


async def test_a_refused_command_takes_its_entry_along(audited):
    assert (await audited.rename(uuid4(), "refuse")).status_code == 409
    assert await audited.entries() == []
    assert await audited.service.rows("SELECT FROM audit.personal") == []
    assert await audited.service.rows("SELECT FROM audit.unsealed") == []


async def test_a_command_whose_entry_cannot_be_written_has_no_effect(audited):
    async with audited.without_marks():
        answer = await audited.rename(uuid4(), "Ratna Dewi")
    assert answer.status_code == 500
    assert await audited.service.rows("SELECT FROM people") == []


async def test_a_visitors_form_is_noted_under_a_name_that_is_no_one(audited):
    async with client_of(audited.app) as client:
        client.cookies.clear()
        page = (await client.get("/toy/isi/1")).text
        fields = dict(re.findall(r'name="(form_token|command_key)" value="([^"]+)"', page)[:2])
        answer = await client.post("/toy/daftar", data=fields | {"name": "Ratna Dewi"})
    assert answer.status_code == 303
    (entry,) = await audited.entries()
    assert (entry.actor, entry.actor_id, entry.roles) == ("guest", None, [])
    assert entry.action == "POST /toy/daftar"
    assert entry.values == {"actor": {"address": "10.1.2.3"}}


async def test_reading_anothers_record_is_noted_and_ones_own_is_not(audited):
    whom = uuid4()
    async with client_of(audited.app) as client:
        await client.get(f"/toy/api/v1/people/{whom}")
        await client.get(f"/toy/api/v1/people/{CLERK}")
    (entry,) = await audited.entries()
    assert (entry.kind, entry.actor_id, entry.about) == ("reading", CLERK, [str(whom)])
    assert (entry.detail["people"], entry.detail["asked"]) == (1, {"agency": "6472"})


async def test_what_cannot_be_noted_is_not_shown(audited):
    async with audited.without_marks(), client_of(audited.app) as client:
        answer = await client.get(f"/toy/api/v1/people/{uuid4()}")
    assert answer.status_code == 500
    assert "Ratna" not in answer.text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit.entries SET action = 'x'",
        "DELETE FROM audit.entries",
        "TRUNCATE audit.entries",
        "UPDATE audit.blocks SET number = number",
        "DELETE FROM audit.blocks",
        "TRUNCATE audit.blocks",
        "UPDATE audit.personal SET value = 'x'",
        "TRUNCATE audit.personal",
    ],
)
async def test_the_database_refuses_to_change_what_was_written(audited, statement):
    """To the service, which lacks some of the rights, and to those who lack none."""
    await audited.chain(1)
    async with audited.app.state.runtime.sessions() as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match=r"only grows|permission denied"):
            await session.fetch(statement)
    connection = await audited.superuser()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only grows"):
        await connection.execute(statement)
    await connection.close()
    assert await audited.findings() == []


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE audit.entries DISABLE TRIGGER only_grows",
        "DROP TRIGGER only_grows ON audit.blocks",
        "DROP TABLE audit.entries",
        "SET session_replication_role = replica",
    ],
)
async def test_the_service_cannot_take_the_refusal_away(audited, statement):
    async with audited.app.state.runtime.sessions() as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match=r"must be owner|permission denied"):
            await session.fetch(statement)


async def test_entries_are_found_by_who_whom_kind_and_page(audited):
    people = await audited.chain(3)
    async with client_of(audited.app) as client:
        await client.get(f"/toy/api/v1/people/{people[0]}")

    async def about(**sought):
        return [entry.kind for entry in await audited.entries(Sought(**sought))]

    assert await about(whom=str(people[0])) == ["command", "reading"]
    assert await about(who="endah wulandari", kind="command") == ["command"] * 3
    assert await about(who=str(CLERK)) == ["command"] * 3 + ["reading"]
    assert await about(who="Orang Lain") == []


async def test_an_auditor_searches_opens_and_exports_and_that_is_noted(audited):
    people = await audited.chain(2)
    await audited.rename(people[0], "Ratna Dewi", why="nama di SK baru")
    async with client_of(audited.app, uuid4(), "platform") as client:
        page = (await client.get(f"/toy/ops/audit?tentang={people[0]}")).text
        assert len(re.findall(r'<a href="/toy/ops/audit/\d+"', page)) == 2
        assert "Endah Wulandari" in page
        assert "nama di SK baru" in page
        newest = re.findall(r'href="/toy/ops/audit/(\d+)"', page)[0]
        entry = (await client.get(f"/toy/ops/audit/{newest}")).text
        assert "Pegawai 0" in entry
        assert "Ratna Dewi" in entry
        assert "Menunggu disegel" in entry
        table = (await client.get(f"/toy/ops/audit/ekspor.csv?jenis=command&tentang={people[0]}")).text
        assert len(table.strip().splitlines()) == 3
        listed = (await client.get("/toy/api/v1/ops/audit?limit=2&jenis=command")).json()
        more = (await client.get(f"/toy/api/v1/ops/audit?jenis=command&before={listed['next']}")).json()
        assert [len(listed["items"]), len(more["items"]), more["next"]] == [2, 1, None]
        assert (await client.get("/toy/ops/audit/999999")).status_code == 404
    noted = await audited.entries(Sought(kind="reading"))
    assert [entry.action.split()[1] for entry in noted] == [
        "/toy/ops/audit",
        "/toy/ops/audit/{entry_id}",
        "/toy/ops/audit/ekspor.{form}",
        "/toy/api/v1/ops/audit",
        "/toy/api/v1/ops/audit",
    ]


async def test_the_audit_is_open_to_those_who_run_the_platform_alone(audited):
    async with client_of(audited.app) as client:
        for path in (
            "/toy/ops/audit",
            "/toy/ops/audit/1",
            "/toy/ops/audit/ekspor.csv",
            "/toy/ops/audit/ekspor.xlsx",
            "/toy/ops/audit/ekspor.jsonl",
        ):
            assert (await client.get(path)).status_code == 403
        assert (await client.get("/toy/api/v1/ops/audit")).status_code == 403


async def test_an_auditor_sees_no_nip_whole_and_takes_nothing_whole_along(audited):
    nip = "198703032010011003"
    await audited.rename(uuid4(), nip, why=f"NIP {nip} salah ketik")
    async with client_of(audited.app, uuid4(), "auditor") as client:
        newest = (await client.get("/toy/api/v1/ops/audit")).json()["items"][0]["id"]
        for path in ("api/v1/ops/audit", f"api/v1/ops/audit/{newest}", f"ops/audit/{newest}", "ops/audit"):
            shown = await client.get(f"/toy/{path}")
            assert (shown.status_code, nip in shown.text, "1987••••••••••1003" in shown.text) == (
                *(200, False, True),
            ), path
        table = (await client.get("/toy/ops/audit/ekspor.csv?jenis=command")).text
        assert (nip in table, "1987" in table) == (False, True)
        cells = cells_of(await client.get("/toy/ops/audit/ekspor.xlsx?jenis=command"))
        assert any("1987••••••••••1003" in str(cell) for cell in cells)
        assert not any(nip in str(cell) for cell in cells)
        assert (await client.get("/toy/ops/audit/ekspor.jsonl")).status_code == 403
        assert "ekspor.jsonl" not in (await client.get("/toy/ops/audit")).text
    async with client_of(audited.app, uuid4(), "platform") as client:
        assert nip in (await client.get(f"/toy/ops/audit/{newest}")).text


async def test_entries_are_sorted_paged_and_exported_alike(audited):
    people = await audited.chain(3)
    async with client_of(audited.app, uuid4(), "platform") as client:
        asked = "jenis=command&urut=kapan&arah=naik"
        page = (await client.get(f"/toy/ops/audit?{asked}")).text
        assert 'aria-sort="ascending"' in page
        assert f'href="/toy/ops/audit/ekspor.csv?{asked.replace("&", "&amp;")}"' in page
        table = (await client.get(f"/toy/ops/audit/ekspor.csv?{asked}")).text
        placed = [table.index(str(person)) for person in people]
        assert placed == sorted(placed)
        book = cells_of(await client.get(f"/toy/ops/audit/ekspor.xlsx?{asked}"))
        assert [str(person) for person in people] == [cell for cell in book if cell in set(map(str, people))]
        nothing = (await client.get("/toy/ops/audit?siapa=Tiada")).text
        assert "Tidak ada yang cocok dengan saringan ini." in nothing
        assert 'href="/toy/ops/audit"' in nothing
        for wrong in ("urut=siapa", "arah=x", "sesudah=x", "urut=kapan&sesudah=" + "A" * 9):
            refused = await client.get(f"/toy/ops/audit?{wrong}")
            assert (refused.status_code, "Buka lagi daftarnya" in refused.text) == (422, True), wrong
            assert (await client.get(f"/toy/ops/audit/ekspor.xlsx?{wrong}")).status_code == 422


async def test_each_batch_of_a_file_is_noted_before_it_goes_out(audited):
    async with audited.service.sessions() as session, session.begin():
        await session.fetch(
            "INSERT INTO people SELECT gen_random_uuid(), 'Pegawai ' || n % 7 FROM generate_series(1, 2300) n"
        )
    async with client_of(audited.app) as client:
        for form in ("csv", "xlsx"):
            answer = await client.get(f"/toy/api/v1/people.{form}")
            noted = (await audited.entries(Sought(kind="reading")))[-3:]
            assert [entry.detail["people"] for entry in noted] == [1000, 1000, 300]
            assert len({about for entry in noted for about in entry.about} - {form}) == 2300
            assert re.search(
                rf'filename="orang-\d{{4}}-\d\d-\d\d\.{form}"', answer.headers["content-disposition"]
            )
            assert answer.headers["cache-control"] == "private, no-store"
        assert len(rows_of(answer)) == 2301
        async with audited.without_marks():
            refused = await client.get("/toy/api/v1/people.csv")
    assert (refused.status_code, "Pegawai" in refused.text) == (500, False)


async def test_more_rows_than_allowed_are_not_given_out(audited):
    await audited.chain(2)
    audited.app.state.settings.export_rows = 1
    async with client_of(audited.app, uuid4(), "platform") as client:
        for form in ("csv", "xlsx"):
            refused = await client.get(f"/toy/ops/audit/ekspor.{form}?jenis=command")
            assert (refused.status_code, "lebih dari 1 baris" in refused.text) == (422, True)
        audited.app.state.settings.export_rows = 2
        assert (await client.get("/toy/ops/audit/ekspor.csv?jenis=command")).status_code == 200
        assert (await client.get("/toy/ops/audit/ekspor.pdf")).status_code == 422


async def test_days_narrow_what_is_found_and_what_is_none_is_refused(audited):
    await audited.chain(1)
    today = (await audited.entries())[0].at.astimezone(ZoneInfo("Asia/Jakarta")).date()
    day = timedelta(days=1)
    async with client_of(audited.app, uuid4(), "platform") as client:

        async def found(**asked):
            answer = await client.get("/toy/api/v1/ops/audit", params={"jenis": "command", **asked})
            return len(answer.json()["items"])

        assert await found(dari=today - day, sampai=today + day) == 1
        assert await found(dari=today - 3 * day, sampai=today - 2 * day) == 0
        assert await found(dari=today + 2 * day, sampai="") == 0
        for wrong in ("0", "20261123", "2026-02-30", "9999-12-31", "0001-01-01", "kemarin"):
            refused = await client.get("/toy/api/v1/ops/audit", params={"sampai": wrong})
            assert (refused.status_code, "TTTT-BB-HH" in refused.text) == (422, True), wrong


async def test_a_formula_in_a_name_stays_text_in_a_spreadsheet(audited):
    await audited.rename(uuid4(), "Ratna Dewi", name="=1+1")
    async with client_of(audited.app, uuid4(), "platform") as client:
        table = (await client.get("/toy/ops/audit/ekspor.csv")).text
    assert ";'=1+1;" in table
    assert ";=1+1" not in table


async def test_commands_side_by_side_each_leave_one_entry(audited):
    people = [uuid4() for _ in range(12)]
    await asyncio.gather(*(audited.rename(whom, "Ratna Dewi") for whom in people))
    assert sorted(entry.about[0] for entry in await audited.entries()) == sorted(map(str, people))
