"""A NIP is not forever: whoever had another one before is found by it, and nobody else is taken for them."""

from typing import Any

from enrollment.register import store
from enrollment.register.bodies import AsnRow
from enrollment.register.recording import erase_asn, record_asn, remove_asn

from .conftest import Site
from .importing import CITY as IMPORT_CITY
from .importing import Importing
from .imports.sample_world import world
from .loaded_world import csv
from .story import CITY, asn_id, nip, person
from .test_data_requests import answers, asks, only_request, page
from .test_own_data import data_of, rows

NEW = "199009132025242014"
"""The NI PPPK of a contract: another appointment, another number."""
PATH = f"/enrollment/pegawai/{asn_id(2)}"


async def recorded(site: Site, *people: AsnRow) -> dict[str, Any]:
    async with site.svc.sessions() as session, session.begin():
        return await record_asn(session, list(people))


async def changes(site: Site, n: int = 2, to: str = NEW) -> dict[str, Any]:
    return await recorded(site, person(n, nip=to, employment="PPPK"))


async def earlier(site: Site) -> list[tuple[str, Any]]:
    found = await site.svc.rows("SELECT nip, asn_id FROM earlier_nips ORDER BY nip")
    return [tuple(row) for row in found]


async def found_by(site: Site, number: str) -> Any:
    async with site.svc.sessions() as session:
        return (await store.find_people(session, [number])).get(number)


def bare(number: str, **more: Any) -> AsnRow:
    return AsnRow.model_validate({"nip": number, "name": "Pegawai 2", "agency_code": CITY} | more)


async def test_whoever_gets_another_nip_is_found_by_the_one_before(site: Site):
    await changes(site)
    assert await earlier(site) == [(nip(2), asn_id(2))]
    assert await found_by(site, nip(2)) == await found_by(site, NEW) == asn_id(2)
    (read,) = (await site.reads(f"asn?nip={nip(2)}", "operator")).json()["items"]
    assert read["id"] == str(asn_id(2))


async def test_nothing_is_kept_where_the_nip_stays(site: Site):
    await recorded(site, person(2, position="Arsiparis"))
    assert await earlier(site) == []


async def test_a_correction_on_the_page_keeps_it_too(site: Site):
    await asks(site, 2, "nip", NEW)
    await answers(site, await only_request(site), "terima")
    assert await earlier(site) == [(nip(2), asn_id(2))]


async def test_whoever_has_a_nip_now_goes_before_who_had_it(site: Site):
    await changes(site)
    said = await recorded(site, person(77, nip=nip(2)))
    assert said["earlier_nip_of_others"] == [nip(2)]
    assert await found_by(site, nip(2)) == asn_id(77)
    read = (await site.reads(f"asn?nip={nip(2)}", "operator")).json()["items"]
    assert [one["id"] for one in read] == [str(asn_id(77))]


async def test_a_nip_that_two_had_finds_nobody(site: Site):
    await changes(site)
    await recorded(site, person(3, nip=nip(2)))
    await changes(site, 3, "199009132025242022")
    assert await found_by(site, nip(2)) is None


async def test_a_row_under_an_earlier_nip_is_of_that_person_whose_nip_stays(site: Site):
    await changes(site)
    said = await recorded(site, bare(nip(2), position="Arsiparis"))
    assert (said["by_earlier_nip"], said["ids"]) == ([nip(2)], {nip(2): asn_id(2)})
    (row,) = await site.svc.rows("SELECT nip, employment, position FROM asn WHERE asn_id = :id", id=asn_id(2))
    assert tuple(row) == (NEW, "PPPK", "Arsiparis")


async def test_an_earlier_nip_opens_nobodys_account(site: Site):
    await changes(site)
    async with site.svc.sessions() as session:
        assert await store.find_current(session, nip(2)) is None
        assert await store.find_current(session, NEW) == asn_id(2)


async def test_the_persons_page_says_it_masked_for_who_may_not_read_it(site: Site):
    await changes(site)
    assert f"NIP sebelumnya {nip(2)} sampai 20 November 2026" in await page(
        site, PATH, "operator", agency=CITY
    )
    seen = await page(site, PATH, "auditor")
    assert "NIP sebelumnya" in seen
    assert nip(2) not in seen


async def test_it_is_among_ones_own_data(site: Site):
    await changes(site)
    (own,) = rows(await data_of(site, 2), "earlier_nips")
    assert own["nip"] == nip(2)


async def test_erasure_forgets_it_and_what_lies_under_it(site: Site):
    await changes(site)
    async with site.svc.sessions() as session, session.begin():
        await erase_asn(session, asn_id(2))
    assert await earlier(site) == []
    due = await site.svc.rows(
        "SELECT payload->>'nip' AS nip FROM messaging.due WHERE kind = 'register.erased'"
    )
    assert {row.nip for row in due} == {NEW, nip(2)}


async def test_erasure_leaves_what_lies_under_a_nip_that_somebody_else_has_now(site: Site):
    await changes(site)
    await recorded(site, person(77, nip=nip(2)))
    async with site.svc.sessions() as session, session.begin():
        await erase_asn(session, asn_id(2))
    due = await site.svc.rows(
        "SELECT payload->>'nip' AS nip FROM messaging.due WHERE kind = 'register.erased'"
    )
    assert {row.nip for row in due} == {NEW}


async def test_whoever_is_taken_out_takes_it_along(site: Site):
    await changes(site)
    async with site.svc.sessions() as session, session.begin():
        await remove_asn(session, [asn_id(2)])
    assert await earlier(site) == []


OURS = [one for one in world()["asn"] if one["agency"] == IMPORT_CITY]


async def test_a_file_that_names_an_earlier_nip_means_that_person_and_is_told(importing: Importing):
    one = next(p for p in OURS if p["nip"][12:14] < "13")
    was, now = one["nip"], one["nip"][:-3] + "987"
    async with importing.site.svc.sessions() as session, session.begin():
        (asn,) = await store.load_people(session, [(await store.find_people(session, [was]))[was]])
        await record_asn(
            session,
            [AsnRow(id=asn.asn_id, nip=now, name=asn.name, agency_code=IMPORT_CITY, position=asn.position)],
        )
    file = csv(("NIP", "Nama", "Kode Instansi", "Jabatan"), (was, one["name"], IMPORT_CITY, "Arsiparis"))
    plan = (await importing.upload(file, "pegawai", IMPORT_CITY)).json()
    assert (plan["changed"], plan["added"], plan["refused"]) == (1, 0, 0)
    (row,) = await importing.rows(plan["id"])
    assert (row["nip"], [p["code"] for p in row["problems"]]) == (now, ["nip.earlier"])
    await importing.does("apply", plan["id"], {"plan": plan["plan"]})
    await importing.works()
    assert await importing.scalar("SELECT position FROM asn WHERE nip = :nip", nip=now) == "Arsiparis"
    assert await importing.scalar("SELECT count(*) FROM asn WHERE nip = :nip", nip=was) == 0
