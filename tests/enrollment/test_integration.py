"""Whether an agency's data come in: what was decided is counted once, whichever way it came, and shown to the agency."""

import re

import pytest
from sqlalchemy import text

from enrollment.app import create

from .conftest import Site
from .importing import Importing
from .loaded_world import csv
from .story import CITY, OPEN, REGENCY, SMALL, TESTED, asked, left, nip, reported
from .test_publishing import answers, sent

PAGE = "/enrollment/integrasi"


async def health(site: Site, agency: str = CITY, role: str = "operator") -> dict:
    answer = await site.reads("integration", role, agency=agency)
    assert answer.status_code == 200, answer.text
    return answer.json()


def counted(way: dict) -> tuple[int, ...]:
    return tuple(way[name] for name in ("accepted", "waitlisted", "withdrawn", "refused"))


async def test_what_comes_by_topic_is_counted_with_its_decision(site: Site):
    await site.svc.receives(
        *(asked(n, SMALL) for n in (1, 2, 3)), asked(4, "TIADA"), left(1, SMALL), agency=CITY
    )
    found = await health(site)
    assert counted(found["ways"]["topic"]) == (2, 1, 1, 1)
    assert counted(found["ways"]["http"]) == counted(found["ways"]["file"]) == (0, 0, 0, 0)
    assert found["ways"]["http"]["last_at"] is None
    assert len(found["days"]) == 30
    assert counted(found["days"][-1]) == (2, 1, 1, 1)
    (refusal,) = found["refusals"]
    assert (refusal["code"], refusal["messages"], refusal["way"]) == ("run.unknown", 1, "topic")
    assert refusal["example"].endswith(" TIADA")
    assert refusal["advice"]


async def test_a_message_is_counted_once_however_often_it_comes(site: Site):
    message = site.svc.message(asked(1, OPEN), agency=CITY)
    await site.svc.receives_raw(message)
    await site.svc.receives_raw(message)
    again = sent(asked(1, OPEN), id=message.header("ce_id"))
    new = sent(asked(2, OPEN))
    assert [a["outcome"] for a in await answers(site, again, new, new)] == [
        "repeated",
        "accepted",
        "repeated",
    ]
    found = await health(site)
    assert counted(found["ways"]["topic"]) == (1, 0, 0, 0)
    assert counted(found["ways"]["http"]) == (1, 0, 0, 0)
    assert found["refusals"] == []


async def test_what_cannot_be_read_is_counted_and_no_nip_is_kept(site: Site):
    broken = site.svc.message(asked(1, OPEN), agency=CITY)._replace(value=b"{")
    await site.svc.receives_raw(broken)
    await answers(site, sent(asked(1, nip(2))), sent(asked(1, OPEN), type="coffee.made.v1", id=nip(3)))
    found = await health(site)
    assert {one["code"]: one["way"] for one in found["refusals"]} == {
        "message.json.invalid": "topic", "run.unknown": "http", "message.type": "http",
    }  # fmt: skip
    assert found["parked"] == 1
    kept = await site.svc.rows("SELECT example FROM agency_tallies")
    assert not [row.example for row in kept if re.search(r"\d{18}", row.example)]


async def test_a_batch_that_fails_counts_nothing(site: Site, monkeypatch: pytest.MonkeyPatch):
    from enrollment.enrolments import handlers

    async def broken(*_: object) -> None:
        raise RuntimeError("defect")

    with monkeypatch.context() as patched:
        patched.setattr(handlers, "report", broken)
        batch = [sent(asked(1, OPEN)), sent(reported(2, TESTED))]
        answer = await site.command("events", batch, "operator", agency=CITY)
    assert answer.status_code == 500
    assert await site.svc.rows("SELECT FROM agency_tallies") == []


async def test_a_file_is_counted_when_it_is_applied_and_what_its_check_refused_with_it(importing: Importing):
    people = importing.site.svc
    (person, *_rest) = await people.rows(
        "SELECT nip FROM asn WHERE agency_code = '5571' ORDER BY nip LIMIT 1"
    )
    (run, *_others) = await people.rows("SELECT run_code FROM runs AS r WHERE '5571' = ANY (open_to) AND starts_on > '2026-12-01' ORDER BY 1")  # fmt: skip
    content = csv(("NIP", "Kode Angkatan"), (person.nip, run.run_code), ("12", run.run_code))
    uploaded = (await importing.upload(content, "pendaftaran", "5571")).json()
    assert await people.rows("SELECT FROM agency_tallies") == []
    await importing.does("apply", uploaded["id"], {"plan": uploaded["plan"]})
    await importing.works()
    answer = await importing.site.reads("integration", "operator", agency="5571")
    found = answer.json()
    accepted, waitlisted, _withdrawn, refused = counted(found["ways"]["file"])
    assert (accepted + waitlisted, refused) == (1, 1)
    assert [(one["code"], one["way"]) for one in found["refusals"]] == [("nip.format", "file")]
    async with importing.site.client("operator", person=900, agency="5571") as client:
        page = (await client.get(PAGE)).text
    assert f"/enrollment/impor/{uploaded['id']}" in page
    assert "baris 3" in page


async def test_an_agency_reads_its_own_and_the_platform_everybodys(site: Site):
    await site.svc.receives(asked(1, OPEN), asked(2, "TIADA"), agency=CITY)
    async with site.client("operator", person=9) as client:
        page = (await client.get(PAGE)).text
        assert "2 data masuk dalam 30 hari terakhir, 1 ditolak." in page
        assert "50% ditolak, terbanyak run.unknown" in page.replace("50,0%", "50%")
        assert "data-live" in page
        assert (await client.get(f"{PAGE}?instansi={REGENCY}")).status_code == 403
        listed = (await client.get(f"{PAGE}.csv")).text
        assert "Kota Jambi" in listed
        assert "Muaro" not in listed
    async with site.client("platform", person=8, agency=None) as client:
        page = (await client.get(PAGE)).text
        assert "Data 1 dari 3 instansi masuk" in page
        assert f"{PAGE}?instansi={REGENCY}" in page
        assert (
            "Belum ada data instansi ini yang masuk." in (await client.get(f"{PAGE}?instansi={REGENCY}")).text
        )
        assert (await client.get(f"{PAGE}?instansi=0000")).status_code == 404
    assert (await site.reads(f"integration?agency={REGENCY}", "operator")).status_code == 403
    assert (await site.reads("integration", "platform", agency=None)).status_code == 403
    async with site.client("asn", person=2) as client:
        assert (await client.get(PAGE)).status_code == 403


async def test_parked_messages_are_told_and_only_who_may_mend_them_is_led_there(site: Site):
    await site.svc.receives_raw(site.svc.message(asked(1, OPEN), agency=CITY)._replace(value=b"{"))
    for role, leads in (("operator", False), ("auditor", True)):
        async with site.client(role, person=9) as client:
            page = (await client.get(f"{PAGE}?instansi={CITY}")).text
        assert "Pesan yang tertahan" in page
        assert ("/enrollment/ops/kelompok/" in page) is leads
        assert nip(1) not in page


async def test_counts_are_few_and_go_with_their_time(site: Site):
    await site.svc.receives(*(asked(n, "TIADA") for n in range(1, 10)), agency=CITY)
    (row,) = await site.svc.rows("SELECT count FROM agency_tallies")
    assert row.count == 9
    async with site.svc.sessions() as session, session.begin():
        await session.execute(text("UPDATE agency_tallies SET day = day - 500"))
    runtime = create(site.app.state.settings).state.runtime
    try:
        await runtime.keep_up()
    finally:
        await runtime.engine.dispose()
    assert await site.svc.rows("SELECT FROM agency_tallies") == []
