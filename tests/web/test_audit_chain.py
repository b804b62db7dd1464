"""Whatever is changed, removed, cut off or made anew behind the service's back, the chain says where."""

import asyncio
import json
from uuid import uuid4

import pytest

from bina.web import audit
from bina.web.audit import store
from bina.web.audit.sealing import MOST, Sealer
from bina.web.audit.trail import Actor, Trail
from bina.web.audit.verifying import Finding, Verifier
from web.auditing import CLERK, client_of


async def test_a_chain_left_alone_fits(audited):
    await audited.chain(2, 1, 3)
    await audited.rename(uuid4(), "belum disegel")
    verifier = await audited.verified(await audited.anchors())
    assert verifier.findings == []
    assert (verifier.blocks, verifier.entries, verifier.unsealed) == (3, 7, 1)
    assert [number for number, _ in await audited.anchors()] == [1, 2, 3]
    assert (await audited.anchors())[-1][1] == verifier.head


ENTRY = "(SELECT entries[1] FROM audit.blocks WHERE number = 2)"
TAMPERED = {
    "an entry's action": (f"UPDATE audit.entries SET action = 'GET /' WHERE id = {ENTRY}", "entry", 2),
    "an entry's time": (f"UPDATE audit.entries SET at = at + interval '1 us' WHERE id = {ENTRY}", "entry", 2),
    "who it was": (f"UPDATE audit.entries SET actor_id = gen_random_uuid() WHERE id = {ENTRY}", "entry", 2),
    "the digest of a value": (
        f"UPDATE audit.entries SET personal = jsonb_set(personal, '{{why,digest}}', '\"00\"') WHERE id = {ENTRY}",
        "entry",
        2,
    ),
    "an entry removed": (f"DELETE FROM audit.entries WHERE id = {ENTRY}", "entry-missing", 2),
    "a value": (
        f"UPDATE audit.personal SET value = '\"x\"' WHERE field = 'why' AND entry_id = {ENTRY}",
        "value",
        2,
    ),
    "a value's salt": (
        f"UPDATE audit.personal SET salt = '\\x00' WHERE field = 'why' AND entry_id = {ENTRY}",
        "value",
        2,
    ),
    "whose value it is": (
        f"UPDATE audit.personal SET person_id = gen_random_uuid() WHERE field = 'why' AND entry_id = {ENTRY}",
        "person",
        2,
    ),
    "a value removed": (
        f"DELETE FROM audit.personal WHERE field = 'why' AND entry_id = {ENTRY}",
        "value-gone",
        2,
    ),
    "a value added": (
        f"INSERT INTO audit.personal VALUES ({ENTRY}, 'note', NULL, '', '', NULL)",
        "value-extra",
        2,
    ),
    "a block's time": ("UPDATE audit.blocks SET sealed_at = now() WHERE number = 2", "block", 2),
    "a block's digests": (
        "UPDATE audit.blocks SET leaves = set_byte(leaves, 3, 255 - get_byte(leaves, 3)) WHERE number = 2",
        "block",
        2,
    ),
    "a block's hash": (
        "UPDATE audit.blocks SET hash = set_byte(hash, 0, 255 - get_byte(hash, 0)) WHERE number = 2",
        "block",
        2,
    ),
    "an entry taken off its block": (
        "UPDATE audit.blocks SET entries = entries[2:] WHERE number = 2",
        "block",
        2,
    ),
    "a block removed": ("DELETE FROM audit.blocks WHERE number = 2", "block-missing", 2),
    "an entry slipped in": (
        f"""INSERT INTO audit.entries (kind, actor, roles, action, about, on_behalf, erased, detail, personal)
        SELECT kind, actor, roles, action, about, on_behalf, erased, detail, '{{}}' FROM audit.entries WHERE id = {ENTRY}""",
        "stray",
        0,
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
async def test_one_change_is_detected_at_its_place(audited, name):
    statement, what, block = TAMPERED[name]
    for _ in range(3):
        for _ in range(2):
            await audited.rename(uuid4(), "Ratna Dewi", why="nama di SK baru")
        await audited.sealer.seal()
    entries = (await audited.service.rows("SELECT entries FROM audit.blocks WHERE number = 2"))[0].entries
    assert await audited.findings() == []
    await audited.tamper(statement)
    found = await audited.findings()
    assert (found[0].what, found[0].block) == (what, block)
    if what.startswith(("entry", "value", "person")):
        assert found[0].entry == entries[0]
    if what.startswith(("value", "person")):
        assert found[0].field in {"why", "note"}


async def test_a_tail_cut_off_is_detected_by_what_was_told(audited):
    await audited.chain(1, 1, 1)
    told = await audited.anchors()
    await audited.tamper(
        "DELETE FROM audit.entries WHERE id = ANY (SELECT unnest(entries) FROM audit.blocks WHERE number > 1)",
        "DELETE FROM audit.personal p WHERE NOT EXISTS (SELECT FROM audit.entries WHERE id = entry_id)",
        "DELETE FROM audit.blocks WHERE number > 1",
    )
    assert await audited.findings() == []
    assert await audited.findings(told) == [Finding("block-gone", 2), Finding("block-gone", 3)]


async def test_a_tail_cut_off_and_grown_again_is_detected(audited):
    await audited.chain(1, 1)
    told = await audited.anchors()
    await audited.tamper(
        "DELETE FROM audit.entries WHERE id = ANY (SELECT unnest(entries) FROM audit.blocks WHERE number = 2)",
        "DELETE FROM audit.personal p WHERE NOT EXISTS (SELECT FROM audit.entries WHERE id = entry_id)",
        "DELETE FROM audit.blocks WHERE number = 2",
    )
    await audited.chain(1)
    assert await audited.findings() == []
    assert await audited.findings(told) == [Finding("not-as-told", 2)]


async def test_a_chain_made_anew_as_a_whole_is_detected(audited):
    await audited.chain(2, 2)
    told = await audited.anchors()
    await audited.tamper(
        "UPDATE audit.entries SET action = 'GET /' WHERE id = (SELECT min(id) FROM audit.entries)"
    )
    await audited.rebuild()
    assert await audited.findings() == []
    assert await audited.findings(told) == [Finding("not-as-told", 1), Finding("not-as-told", 2)]


async def test_the_first_of_many_findings_is_kept_and_all_are_counted(audited):
    await audited.chain(5)
    await audited.tamper("UPDATE audit.entries SET action = 'GET /'")
    verifier = Verifier(most=2)
    async for record in audited.records():
        verifier.take(record)
    verifier.finish()
    assert (len(verifier.findings), verifier.count) == (2, 5)


async def erase(audited, whom):
    async with audited.app.state.runtime.transaction() as session:
        await audit.erase(session, [whom])


async def test_an_erasure_takes_the_values_and_leaves_the_chain_valid(audited):
    whom = uuid4()
    await audited.rename(whom, "Ratna Dewi", why="nama di SK baru")
    await audited.sealer.seal()
    await erase(audited, whom)
    await audited.sealer.seal()
    left = await audited.service.rows("SELECT field FROM audit.personal")
    assert [row.field for row in left] == ["actor"]
    assert await audited.findings(await audited.anchors()) == []
    async with client_of(audited.app, uuid4(), "platform") as client:
        first = (await audited.entries())[0].id
        page = (await client.get(f"/toy/ops/audit/{first}")).text
    assert page.count("(data dihapus)") >= 2
    assert "Ratna" not in page
    assert "SK baru" not in page


async def test_an_erased_actor_is_named_nowhere(audited):
    await audited.chain(2)
    await erase(audited, CLERK)
    rows = await audited.service.rows("SELECT value FROM audit.personal")
    assert [row.value for row in rows if "Endah" in row.value] == []
    await audited.sealer.seal()
    assert await audited.findings() == []


async def test_nothing_is_kept_of_somebody_already_erased(audited):
    whom = uuid4()
    await erase(audited, whom)
    await audited.rename(whom, "Ratna Dewi")
    assert [r.field for r in await audited.service.rows("SELECT field FROM audit.personal")] == ["actor"]
    await audited.sealer.seal()
    assert await audited.findings() == []


async def test_what_a_command_under_way_writes_of_somebody_erased_meanwhile_goes(audited):
    whom = uuid4()
    await audited.rename(whom, "Ratna Dewi")
    rows = await audited.service.rows("SELECT * FROM audit.personal WHERE person_id IS NOT NULL")
    kept = next(row for row in rows if row.person_id == whom)
    await erase(audited, whom)
    connection = await audited.attacker()  # as the command's commit, which the erasure did not see
    await connection.execute("INSERT INTO audit.personal VALUES ($1, $2, $3, $4, $5)", *list(kept)[:5])
    await connection.close()
    await audited.sealer.seal()
    assert await audited.service.rows(f"SELECT FROM audit.personal WHERE person_id = '{whom}'") == []
    assert await audited.findings() == []


async def test_late_commits_are_sealed_once_in_a_later_block(audited):
    session = audited.app.state.runtime.sessions()
    async with session.begin():
        await store.add(session, Trail("command", "late", Actor("service")))  # draws its id, commits later
        await audited.rename(uuid4(), "Ratna Dewi")
        assert await audited.sealer.seal() == 1
    await session.close()
    assert await audited.sealer.seal() == 1
    blocks = await audited.service.rows("SELECT entries FROM audit.blocks ORDER BY number")
    (first,), (second,) = (row.entries for row in blocks)
    assert second < first
    assert await audited.findings() == []


async def test_sealers_beside_commands_leave_nothing_and_seal_nothing_twice(audited):
    others = [Sealer(audited.app.state.runtime) for _ in range(2)]
    done = asyncio.Event()

    async def sealing(sealer):
        while not done.is_set():
            await sealer.seal()
            await asyncio.sleep(0)

    work = [asyncio.create_task(sealing(one)) for one in (audited.sealer, *others)]
    await asyncio.gather(*(audited.rename(uuid4(), f"Pegawai {n}") for n in range(40)))
    done.set()
    await asyncio.gather(*work)
    while await audited.sealer.seal():
        pass
    verifier = await audited.verified(await audited.anchors())
    assert (verifier.findings, verifier.entries, verifier.unsealed) == ([], 40, 0)
    assert verifier.blocks > 1


async def test_a_sealer_killed_in_the_middle_leaves_all_to_the_next(audited):
    for _ in range(3):
        await audited.rename(uuid4(), "Ratna Dewi")
    barrier = await audited.attacker()
    transaction = barrier.transaction()
    await transaction.start()
    await barrier.execute("LOCK TABLE audit.blocks IN SHARE MODE")
    sealing = asyncio.create_task(audited.sealer.seal())
    waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'audit.blocks'::regclass"
    while not (  # noqa: ASYNC110 - the server tells nobody who waits
        pid := await barrier.fetchval(waiting)
    ):
        await asyncio.sleep(0.01)
    await barrier.execute(f"SELECT pg_terminate_backend({pid})")
    with pytest.raises(Exception, match=r"terminat|closed|lost"):
        await sealing
    await transaction.rollback()
    await barrier.close()
    assert (await audited.verified()).unsealed == 3
    assert await audited.sealer.seal() == 3
    verifier = await audited.verified(await audited.anchors())
    assert (verifier.findings, verifier.blocks, verifier.unsealed) == ([], 1, 0)


async def test_a_block_has_an_end(audited):
    async with audited.app.state.runtime.transaction() as session:
        for _ in range(MOST + 1):
            await store.add(session, Trail("command", "many", Actor("service")))
    assert [await audited.sealer.seal(), await audited.sealer.seal(), await audited.sealer.seal()] == [
        MOST,
        1,
        0,
    ]
    assert await audited.findings() == []


async def exported(audited) -> list[str]:
    async with client_of(audited.app, uuid4(), "platform") as client:
        return (await client.get("/toy/ops/audit/ekspor.jsonl")).text.splitlines()


def read(lines) -> Verifier:
    verifier = Verifier()
    for line in lines:
        verifier.take(json.loads(line))
    verifier.finish()
    return verifier


async def test_an_exported_file_is_verified_without_the_service(audited):
    await audited.chain(2, 2)
    lines = await exported(audited)
    verifier = read(lines)
    assert (verifier.service, verifier.findings, verifier.blocks) == ("toy", [], 2)
    assert verifier.unsealed == 1  # that it was exported


async def test_a_file_that_was_shortened_or_changed_is_refused(audited):
    await audited.chain(2, 2)
    lines = await exported(audited)
    assert read(lines[:-1]).findings == [Finding("cut")]
    entry = next(n for n, line in enumerate(lines) if '"type": "entry"' in line)
    assert read([*lines[:entry], *lines[entry + 1 :]]).findings[0].what == "entry-missing"
    changed = lines[entry].replace('"operator"', '"platform"')
    assert changed != lines[entry]
    assert read([*lines[:entry], changed, *lines[entry + 1 :]]).findings[0].what == "entry"
    second = max(n for n, line in enumerate(lines) if '"type": "block"' in line)
    without = [*lines[:second], *(line for line in lines[second:] if '"type": "entry"' not in line)]
    assert [f.what for f in read(without).findings] == ["entry-missing", "entry-missing"]


async def test_what_waits_to_be_sealed_is_measured(audited):
    metrics = audited.app.state.runtime.metrics

    async def waits() -> tuple[float, bool]:
        await audited.sealer.measure()
        age = metrics.registry.get_sample_value("bina_audit_unsealed_age_seconds")
        return metrics.registry.get_sample_value("bina_audit_unsealed"), age > 0

    assert await waits() == (0, False)
    await audited.rename(uuid4(), "Pegawai")
    await audited.rename(uuid4(), "Pegawai")
    assert await waits() == (2, True)
    await audited.sealer.seal()
    assert await waits() == (0, False)
