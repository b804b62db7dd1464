"""An agency to try against is answered as any other, and nothing of it gets anywhere else."""

from datetime import timedelta
from typing import Any

import pytest

from bina.events import Event
from bina.events.agency import (
    EnrollmentRequested,
    RequestAnswered,
    TrainingResultReported,
    WithdrawalRequested,
)
from bina.messaging import clock
from enrollment.register.bodies import AgencyRow
from enrollment.register.recording import record_agencies

from .conftest import Site
from .story import CITY, OPEN, asked, nip
from .test_integration import counted, health
from .test_publishing import answers, sent

TRY = "COBA-5571"
FREE, SEATED, WAITING, DONE, FOREIGN = (f"19800101200604190{n}" for n in range(1, 6))
ANSWERED = ("agency_tallies",)
"""What a try leaves behind beside the answers."""


@pytest.fixture
async def trying(site: Site) -> Site:
    async with site.svc.sessions() as session, session.begin():
        await record_agencies(session, [AgencyRow(code=TRY, name="Uji coba Kota Jambi", sandbox=True)])
    return site


def wants(person: str, run: str) -> Event:
    return EnrollmentRequested(nip=person, run_code=run)


def leaves(person: str, run: str) -> Event:
    return WithdrawalRequested(nip=person, run_code=run)


def passed(person: str, run: str, back: int = 26, **more: Any) -> Event:
    day = clock.today() - timedelta(days=back)
    return TrainingResultReported(nip=person, run_code=run, result="passed", completed_on=day, jp=20, **more)


TRIES = [
    (wants(FREE, "COBA-BUKA"), "accepted", ""),
    (wants(SEATED, "COBA-BUKA"), "accepted", "duplicate.existing"),
    (wants(FREE, "COBA-PENUH"), "waitlisted", "run.full"),
    (wants(FREE, "COBA-SELESAI"), "refused", "run.closed"),
    (wants(FREE, "COBA-BATAL"), "refused", "run.closed"),
    (wants(FREE, OPEN), "refused", "run.unknown"),
    (wants(FOREIGN, "COBA-BUKA"), "refused", "nip.other_agency"),
    (wants(nip(1), "COBA-BUKA"), "refused", "nip.unknown"),
    (leaves(SEATED, "COBA-BUKA"), "withdrawn", ""),
    (leaves(WAITING, "COBA-PENUH"), "withdrawn", ""),
    (leaves(FREE, "COBA-BUKA"), "refused", "enrollment.unknown"),
    (leaves(DONE, "COBA-SELESAI"), "refused", "enrollment.ended"),
    (passed(FREE, "COBA-SELESAI"), "accepted", ""),
    (passed(DONE, "COBA-SELESAI", back=25), "refused", "duplicate.existing"),
    (passed(FREE, "COBA-SELESAI", certificate_number="COBA/DICABUT"), "refused", "certificate.revoked"),
    (passed(FREE, "COBA-BATAL"), "refused", "run.cancelled"),
]


async def everything(site: Site) -> dict[str, list[str]]:
    """Every row of the service's own tables."""
    names = await site.svc.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    found = {}
    for row in names:
        rows = await site.svc.rows(f'SELECT t::text AS line FROM public."{row.name}" AS t')
        found[row.name] = sorted(line.line for line in rows)
    return found


@pytest.mark.parametrize(("event", "outcome", "code"), TRIES)
async def test_every_rule_can_be_tried(trying: Site, event: Event, outcome: str, code: str):
    for _again in range(2):  # a try changes nothing, so the next one is answered the same
        (found,) = await answers(trying, sent(event), agency=TRY)
        assert (found["outcome"], code in {p["code"] for p in found["problems"]} or not code) == (
            outcome,
            True,
        )
        assert bool([p for p in found["problems"] if p["severity"] == "error"]) is (outcome == "refused")


async def test_nothing_of_a_try_gets_anywhere(trying: Site):
    before = await everything(trying)
    await trying.svc.emitted()
    await trying.svc.receives(*(event for event, _outcome, _code in TRIES), agency=TRY)
    told = await trying.svc.emitted()
    assert {one.destination for one in told} == {f"agency.outcomes.{TRY}"}
    assert len(told) == len(TRIES)
    assert sorted(one.outcome for one in told) == sorted(outcome for _event, outcome, _code in TRIES)
    after = await everything(trying)
    assert {name for name in after if after[name] != before[name]} == {*ANSWERED}
    assert await trying.svc.held() == []


async def test_a_batch_of_both_keeps_them_apart(trying: Site):
    messages = [
        trying.svc.message(asked(1, OPEN), agency=CITY),
        trying.svc.message(wants(FREE, "COBA-BUKA"), agency=TRY),
        trying.svc.message(asked(2, OPEN), agency=TRY),
    ]
    await trying.svc.receives_raw(*messages)
    told = [one for one in await trying.svc.emitted() if isinstance(one, RequestAnswered)]
    assert {(one.agency_code, one.run_code): one.outcome for one in told} == {
        (CITY, OPEN): "accepted", (TRY, "COBA-BUKA"): "accepted", (TRY, OPEN): "refused",
    }  # fmt: skip
    assert (
        len(await trying.svc.rows("SELECT FROM enrolments WHERE state = 'accepted' AND met_on IS NULL")) == 1
    )


async def test_nobody_takes_it_for_an_agency(trying: Site):
    assert await trying.svc.emitted() == []  # no service is told of it
    listed = (await trying.reads("agencies", "platform")).json()["items"]
    assert TRY not in {one["code"] for one in listed}
    async with trying.client("platform", person=8, agency=None) as client:
        for path in (
            "/enrollment/katalog",
            "/enrollment/instansi",
            "/enrollment/instansi.csv",
            "/enrollment/unit",
        ):
            assert "Uji coba Kota" not in (await client.get(path)).text
        page = (await client.get("/enrollment/integrasi")).text
        assert "dari 3 instansi" in page
        assert "Uji coba Kota Jambi" in page
        uploads = (await client.get("/enrollment/impor/baru")).text
        assert "Uji coba Kota Jambi" in uploads  # whose files are tried
        assert "Instansi uji coba" in (await client.get(f"/enrollment/integrasi?instansi={TRY}")).text
    person = {"nip": nip(40), "name": "Orang", "agency_code": TRY}
    unit = {"id": "7d0a4c5e-2f4b-4b7e-9c57-3a8f5b1c2d99", "agency_code": TRY, "name": "Unit"}
    run = {
        "code": "X-1",
        "programme": "PBJ",
        "organiser": TRY,
        "starts_on": "2026-12-01",
        "ends_on": "2026-12-02",
    }
    for path, row in (
        ("asn", person),
        ("units", unit),
        ("runs", run),
        ("runs", run | {"organiser": CITY, "open_to": [TRY]}),
    ):
        answer = await trying.command(path, {"items": [row]}, "platform", agency=None)
        assert answer.status_code == 422, (path, row, answer.text)


async def test_its_system_has_its_own_page_and_tries_are_counted(trying: Site):
    await answers(trying, sent(wants(FREE, "COBA-BUKA")), sent(wants(FREE, "TIADA")), agency=TRY)
    found = await health(trying, TRY)
    assert counted(found["ways"]["http"]) == (1, 0, 0, 1)
    assert counted((await health(trying))["ways"]["http"]) == (0, 0, 0, 0)


async def test_an_agency_stays_what_it_is(trying: Site):
    for row in (
        {"code": CITY, "name": "Kota", "sandbox": True},
        {"code": TRY, "name": "Uji", "sandbox": False},
    ):
        answer = await trying.command("agencies", row, "platform", agency=None)
        assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "items.0.sandbox")
    renamed = await trying.command("agencies", {"code": TRY, "name": "Nama baru"}, "platform", agency=None)
    assert renamed.status_code == 201
    assert await trying.svc.emitted() == []
    (kept,) = await trying.svc.rows(f"SELECT name, sandbox FROM agencies WHERE agency_code = '{TRY}'")
    assert (kept.name, kept.sandbox) == ("Nama baru", True)
