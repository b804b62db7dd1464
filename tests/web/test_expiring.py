"""Each period lets go of exactly what is due, and the audit still verifies."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from bina.messaging import Runtime
from bina.messaging.testing import ServiceUnderTest
from bina.web import audit, expiring
from bina.web.app import create_app
from bina.web.audit import expiring as audit_values
from bina.web.audit import exporting
from bina.web.audit.verifying import Verifier
from bina.web.expiring import SHELL, Expiring
from bina.web.retention import Periods, UnknownPeriod
from messaging import toy
from web.conftest import SULASTRI, settings_for

PLANTED = {
    "commands": """INSERT INTO messaging.commands (principal, key, digest, status, received_at)
        VALUES ('p', :name, 'd', 200, now() - CAST(:age AS interval))""",
    "discarded": """INSERT INTO messaging.held (state, blocks, topic, key, "partition", "offset", headers, event_id, type,
        claimed, code, error, code_version, discarded_at)
        VALUES ('discarded', true, 't', :name, 0, :number, '[]', :name, 't', true, 'c', 'e', '1', now() - CAST(:age AS interval))""",
    "kept_forms": """INSERT INTO web.kept_forms (kept_id, person_id, path, fields, kept_at)
        VALUES (:id, :person, :name, '[]', now() - CAST(:age AS interval))""",
}
LEFT = {
    "commands": "SELECT key FROM messaging.commands ORDER BY key",
    "discarded": "SELECT key FROM messaging.held ORDER BY key",
    "kept_forms": "SELECT path AS key FROM web.kept_forms ORDER BY path",
}


async def run(service: ServiceUnderTest, periods: Periods | None = None) -> bool:
    async with service.sessions() as session, session.begin():
        return await Expiring(periods or Periods.read()).run(session)


async def plant(service: ServiceUnderTest, what: str, name: str, age: timedelta, number: int = 0) -> None:
    sql, values = PLANTED[what], {"name": name, "age": age, "number": number}
    values |= {"id": uuid4(), "person": SULASTRI}
    used = {n: v for n, v in values.items() if f":{n}" in sql}
    async with service.sessions() as session, session.begin():
        await session.execute(text(sql), used)


@pytest.mark.parametrize("what", PLANTED)
async def test_a_period_lets_go_of_what_is_due_and_of_nothing_else(service: ServiceUnderTest, what: str):
    length = Periods.read().of(what, datetime.now(UTC).date()).length
    await plant(service, what, "due", length + timedelta(minutes=1), 1)
    await plant(service, what, "kept", length - timedelta(minutes=1), 2)
    others = [other for other in PLANTED if other != what]
    for other in others:
        await plant(service, other, "kept", timedelta(0), 3)
    await run(service)
    for one in PLANTED:
        assert [row.key for row in await service.rows(LEFT[one])] == ["kept"], one


def test_each_of_the_shells_tables_is_tried():
    assert {expiry.keeps for expiry in SHELL} == set(PLANTED)


async def test_what_is_parked_and_not_discarded_stays(service: ServiceUnderTest):
    await plant(service, "discarded", "parked", timedelta(days=9999), 1)
    async with service.sessions() as session, session.begin():
        await session.execute(text("UPDATE messaging.held SET state = 'parked'"))
    await run(service)
    assert len(await service.rows(LEFT["discarded"])) == 1


async def test_it_goes_in_batches_and_goes_on_where_it_stopped(service: ServiceUnderTest, monkeypatch):
    monkeypatch.setattr(expiring, "MOST", 2)
    for number in range(5):
        await plant(service, "commands", f"{number}", timedelta(days=99))
    left = []
    for _ in range(3):
        more = await run(service)
        left.append((len(await service.rows(LEFT["commands"])), more))
    assert left == [(3, True), (1, True), (0, False)]


async def test_the_hour_goes_on_until_nothing_is_left(audited, monkeypatch):
    monkeypatch.setattr(expiring, "MOST", 2)
    await audited.chain(3)
    await audited.tamper("UPDATE audit.entries SET at = at - interval '1828 days'")
    for number in range(5):
        await plant(audited.service, "commands", f"due {number}", timedelta(days=99))
    transactions = "SELECT count(DISTINCT xmin::text) AS n FROM audit.entries WHERE kind = 'erasure'"
    await audited.app.state.runtime.keep_up()
    assert await audited.service.rows("SELECT FROM audit.personal") == []
    assert [r.key for r in await audited.service.rows(LEFT["commands"]) if r.key.startswith("due")] == []
    assert (await audited.service.rows(transactions))[0].n >= 3


async def test_one_worker_at_a_time(service: ServiceUnderTest):
    await plant(service, "commands", "due", timedelta(days=99))
    async with service.sessions() as first, first.begin():
        await first.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": expiring.LOCK})
        await asyncio.wait_for(run(service), 5)
        assert len(await service.rows(LEFT["commands"])) == 1
    await run(service)
    assert await service.rows(LEFT["commands"]) == []


async def expire(audited, before: datetime, most: int = 1000) -> int:
    async with audited.service.sessions() as session, session.begin():
        return await audit_values.expire(session, before, most)


async def test_old_values_of_the_audit_go_and_it_verifies(audited):
    await audited.chain(2, 1)
    between = (await audited.service.rows("SELECT max(at) AS at FROM audit.entries"))[0].at
    await asyncio.sleep(0.01)
    await audited.chain(1)
    many = "SELECT count(*) AS n FROM audit.personal"
    before = (await audited.service.rows(many))[0].n
    assert await expire(audited, between + timedelta(milliseconds=1), most=1) == 1
    assert await expire(audited, between + timedelta(milliseconds=1)) == before // 4 * 3 - 1
    assert await expire(audited, between + timedelta(milliseconds=1)) == 0, (
        "nothing is said where nothing went"
    )
    assert (await audited.service.rows(many))[0].n == before // 4
    assert await audited.findings() == []
    assert await audited.sealer.seal() == 2
    assert await audited.findings() == []


async def meanwhile(audited, at: int, *changes) -> Verifier:
    """Verify while something happens: after so many records were read."""
    verifier, n = Verifier(), 0
    async for record in audited.records():
        if n == at:
            for change in changes:
                await change()
        n += 1
        verifier.take(record)
    assert n > at
    verifier.finish()
    return verifier


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("what", ["expired", "erased"])
async def test_what_goes_while_the_audit_is_read_is_no_finding(
    audited, monkeypatch, what: str, *, sealed: bool
):
    monkeypatch.setattr(exporting, "CHUNK", 2)
    whom = (await audited.chain(3, 1))[2]
    now = (await audited.service.rows("SELECT clock_timestamp() AS at"))[0].at

    async def go():
        if what == "expired":
            assert await expire(audited, now) > 0
        else:
            async with audited.app.state.runtime.transaction() as session:
                await audit.erase(session, [whom])

    changes = (go, audited.sealer.seal) if sealed else (go,)
    # by then two entries of the first block were read, neither of them the person's
    assert (await meanwhile(audited, 2, *changes)).findings == []
    assert await audited.findings() == []


async def test_what_is_removed_while_the_audit_is_read_is_found(audited, monkeypatch):
    monkeypatch.setattr(exporting, "CHUNK", 2)
    await audited.chain(3)
    later = (await audited.service.rows("SELECT clock_timestamp() AS at"))[0].at
    await audited.chain(1)
    newest = (await audited.service.rows("SELECT max(id) AS id FROM audit.entries"))[0].id

    async def go():
        assert await expire(audited, later) > 0
        await audited.tamper(f"DELETE FROM audit.personal WHERE entry_id = {newest}")

    found = (await meanwhile(audited, 2, go)).findings
    assert {finding.entry for finding in found} == {newest}


async def test_a_value_that_was_not_due_is_missed_all_the_same(audited):
    await audited.chain(1)
    await audited.chain(1)
    first, second = (row.id for row in await audited.service.rows("SELECT id FROM audit.entries ORDER BY id"))
    between = (await audited.service.rows("SELECT max(at) AS at FROM audit.entries"))[0].at
    assert await expire(audited, between) > 0
    await audited.sealer.seal()
    await audited.tamper(f"DELETE FROM audit.personal WHERE entry_id = {second}")
    (*_, found) = await audited.findings()
    assert (found.what, found.entry) == ("value-gone", second)
    assert first not in [one.entry for one in await audited.findings()]


async def test_an_age_that_no_entry_tells_of_excuses_nothing(audited):
    await audited.chain(1)
    verifier = Verifier()
    await audited.tamper("DELETE FROM audit.personal")
    async for record in audited.records():
        verifier.take(record | ({"expired_before": "9999"} if record["type"] == "begin" else {}))
    verifier.finish()
    assert [finding.what for finding in verifier.findings] == ["expiry-unproven"]


async def test_the_job_takes_the_audits_values_by_whole_days(audited):
    await audited.rename(uuid4(), "Ratna Dewi")
    await audited.tamper("UPDATE audit.entries SET at = at - interval '1828 days'")
    await audited.rename(uuid4(), "Ratna Sari")
    await audited.sealer.seal()
    await run(audited.service)
    (last,) = [entry for entry in await audited.entries() if entry.kind == "erasure"]
    told = last.detail["expired_before"]
    assert "T00:00:00" in told
    assert last.detail["values"] > 0
    values = await audited.service.rows("SELECT value FROM audit.personal")
    assert "Ratna Dewi" not in str(values)
    assert "Ratna Sari" in str(values)
    await audited.sealer.seal()
    assert await audited.findings() == []


async def test_a_period_that_is_none_stops_the_start(service: ServiceUnderTest, tmp_path: Path):
    own = tmp_path / "retention.toml"
    own.write_text('[[periods]]\nkeeps = "surveys"\nfrom = 2026-11-23\ndays = 3\nbasis = "agency"\n')
    settings = settings_for(service.engine.url.render_as_string(hide_password=False))
    runtime = Runtime(toy.service, settings.model_copy(update={"retention": str(own)}))
    with pytest.raises(UnknownPeriod, match=r"retention.toml, \[\[periods\]\] number 1: keeps = 'surveys'"):
        create_app(runtime, title="Contoh")
    await runtime.engine.dispose()
