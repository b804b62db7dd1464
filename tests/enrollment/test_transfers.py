"""The agency that takes somebody asks for them; the one that has them answers; nobody finds out by asking who is where."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from bina.messaging import clock
from bina.web.audit.searching import Sought, find
from bina.web.masking import masked_in
from enrollment import settings
from enrollment.register.recording import erase_asn

from .conftest import Site
from .story import CITY, REGENCY, asn_id, nip
from .test_credits import guard
from .test_data_requests import page
from .test_own_data import data_of, rows

PATH = "/enrollment/mutasi"
NOBODY = "197001012000011999"
SINCE = "2026-11-20"


async def sends(site: Site, path: str, *roles: str, agency: str = CITY, **fields: Any) -> httpx.Response:
    async with site.client(*(roles or ("bkd",)), person=9, agency=agency) as client:
        return await client.post(PATH + path, data=await guard(client) | fields)


async def asks(site: Site, number: str, agency: str = REGENCY, **changes: Any) -> httpx.Response:
    form = {"nip": number, "reason": "Surat 800/12", "since": SINCE} | changes
    return await sends(site, "", agency=agency, **form)


async def only(site: Site) -> Any:
    (row,) = await site.svc.rows("SELECT * FROM transfers")
    return row


async def answers(site: Site, how: str, agency: str = CITY, *roles: str, **fields: Any) -> httpx.Response:
    one: UUID = (await only(site)).transfer_id
    return await sends(site, f"/{one}/{how}", *roles, agency=agency, **fields)


async def employer(site: Site, n: int) -> str:
    (row,) = await site.svc.rows("SELECT agency_code FROM asn WHERE asn_id = :id", id=asn_id(n))
    return str(row.agency_code)


async def reads(site: Site, agency: str, *roles: str) -> str:
    return await page(site, PATH, *(roles or ("bkd",)), person=9, agency=agency)


async def test_who_is_asked_for_moves_once_the_agency_that_has_them_says_yes(site: Site):
    assert (await asks(site, nip(2))).status_code == 303
    seen = await reads(site, CITY)
    assert (nip(2) in seen, "Surat 800/12" in seen) == (True, True)
    assert (await answers(site, "terima")).status_code == 303
    assert (await employer(site, 2), (await only(site)).state) == (REGENCY, "accepted")
    past = await site.svc.rows("SELECT agency_code FROM placements WHERE asn_id = :id", id=asn_id(2))
    assert REGENCY in {row.agency_code for row in past}
    assert "Diterima" in await reads(site, REGENCY)


async def test_a_day_before_the_last_placement_becomes_that_placements_first(site: Site):
    assert (await asks(site, nip(2), since="2020-01-01")).status_code == 303
    (placed,) = await site.svc.rows(
        "SELECT max(from_on) AS day FROM placements WHERE asn_id = :id", id=asn_id(2)
    )
    assert (await answers(site, "terima")).status_code == 303
    assert (await employer(site, 2), (await only(site)).since) == (REGENCY, placed.day)


async def test_asking_tells_nothing_of_anybody(site: Site):
    known, unknown = await asks(site, nip(2)), await asks(site, NOBODY)
    assert (known.status_code, known.headers["location"]) == (
        unknown.status_code,
        unknown.headers["location"],
    )
    again = [(await asks(site, number)).status_code for number in (nip(2), NOBODY)]
    assert again == [409, 409]
    seen = await reads(site, REGENCY)
    assert [masked_in(number) in seen for number in (nip(2), NOBODY)] == [True, True]
    assert [word in seen for word in ("Pegawai 2", nip(2), NOBODY)] == [False, False, False]
    items = (await site.reads("transfers?asked=true", "bkd", person=9, agency=REGENCY)).json()["items"]
    shown = [{k: v for k, v in one.items() if k not in ("id", "nip", "asked_at", "due_at")} for one in items]
    assert shown[0] == shown[1]


async def test_the_one_that_has_them_refuses_with_a_reason(site: Site):
    await asks(site, nip(2))
    assert (await answers(site, "tolak")).status_code == 422
    assert (await answers(site, "tolak", answer="Masih dibutuhkan")).status_code == 303
    assert (await employer(site, 2), (await only(site)).state) == (CITY, "refused")
    assert "Masih dibutuhkan" in await reads(site, REGENCY)
    assert (await answers(site, "terima")).status_code == 409
    assert (await asks(site, nip(2))).status_code == 303, "and may be asked for again"


async def test_the_one_that_asked_takes_it_back(site: Site):
    await asks(site, nip(2))
    assert (await answers(site, "tarik", REGENCY)).status_code == 303
    assert (await only(site)).state == "withdrawn"
    assert (await answers(site, "terima")).status_code == 409


@pytest.mark.parametrize(
    ("how", "agency", "role"),
    [
        ("terima", REGENCY, "bkd"),
        ("tolak", REGENCY, "bkd"),
        ("tarik", CITY, "bkd"),
        ("terima", CITY, "operator"),
        ("tolak", CITY, "auditor"),
        ("tarik", REGENCY, "head"),
    ],
)
async def test_nobody_else_answers(site: Site, how: str, agency: str, role: str):
    await asks(site, nip(2))
    answer = await answers(site, how, agency, role, answer="Tidak")
    assert answer.status_code == (404 if role == "bkd" else 403)
    assert ((await only(site)).state, await employer(site, 2)) == ("open", CITY)


async def test_a_request_for_nobody_is_answered_by_nobody(site: Site):
    await asks(site, NOBODY)
    assert [(await answers(site, "terima", a)).status_code for a in (CITY, REGENCY)] == [404, 404]


async def test_what_nobody_answers_is_over_in_time(site: Site):
    await asks(site, nip(2))
    clock.move(clock.offset() + timedelta(days=31))
    assert (await answers(site, "terima")).status_code == 409
    while await site.svc.due.run():
        pass
    assert (await only(site)).state == "expired"
    assert "Tidak dijawab" in await reads(site, REGENCY)
    assert (await asks(site, nip(2))).status_code == 303


async def test_ones_own_people_and_wrong_forms_are_not_asked_for(site: Site):
    assert (await asks(site, nip(2), CITY)).status_code == 409
    for wrong in ({"nip": "123"}, {"reason": ""}, {"since": "kapan"}, {"since": "2027-06-01"}):
        assert (await asks(site, nip(2), **wrong)).status_code == 422


async def test_nobody_moves_before_the_day(site: Site):
    await asks(site, nip(2), since="2026-12-01")
    assert (await answers(site, "terima")).status_code == 409
    clock.move(clock.offset() + timedelta(days=11))
    assert (await answers(site, "terima")).status_code == 303


async def test_an_agency_asks_only_so_often(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BINA_TRANSFER_ASKS", "1")
    assert settings.TransferSettings().transfer_asks == 1
    assert [(await asks(site, number)).status_code for number in (NOBODY, nip(2))] == [303, 429]


async def test_the_machine_interface_does_the_same(site: Site):
    body = {"nip": nip(2), "reason": "Surat 800/12", "since": SINCE}
    made = await site.command("transfers", body, "bkd", person=9, agency=REGENCY)
    assert (made.status_code, made.json()["state"]) == (201, "open")
    (listed,) = (await site.reads("transfers", "bkd", person=9, agency=CITY)).json()["items"]
    assert (listed["nip"], listed["name"]) == (nip(2), "Pegawai 2")
    done = await site.command(f"transfers/{listed['id']}/accept", {}, "bkd", person=9, agency=CITY)
    assert (done.status_code, await employer(site, 2)) == (200, REGENCY)


async def test_it_waits_at_home_and_is_ones_own_data_and_audited(site: Site):
    await asks(site, nip(2))
    assert "1 permintaan" in await page(site, "/beranda", "bkd", person=9, agency=CITY)
    (own,) = rows(await data_of(site, 2), "transfers")
    assert own["reason"] == "Surat 800/12"
    async with site.svc.sessions() as session:
        found = await find(session, Sought(whom=str(asn_id(2))))
    assert any(change["kind"] == "transfer" for entry in found for change in entry.changes)


async def test_erasure_takes_it_along(site: Site):
    await asks(site, nip(2))
    async with site.svc.sessions() as session, session.begin():
        await erase_asn(session, asn_id(2))
    assert await site.svc.rows("SELECT FROM transfers") == []
