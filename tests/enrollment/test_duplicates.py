"""One person recorded twice is found without a question per person, told apart for good, or merged."""

from typing import Any

import httpx
from sqlalchemy import text

from bina.events.enrollment import AsnMerged, AsnRecorded, ContactErased, ContactRecorded
from bina.web.audit.searching import Sought, find
from enrollment.register.recording import erase_asn, record_asn

from .conftest import Site
from .story import CITY, REGENCY, SECTION, asn_id, nip, person
from .test_credits import guard
from .test_data_requests import page

PATH = "/enrollment/pegawai/ganda"
TWIN, ALIKE = 70, 71


async def plant(site: Site) -> None:
    """Pegawai 2 again with another appointment, and pegawai 3 again with two digits swapped."""
    async with site.svc.sessions() as session, session.begin():
        rows = [
            person(2, name="Dra. Hj. Siti Rahmawati, M.Si."),
            person(TWIN, nip="198703032012022901", name="SITI RAHMAWATI", position="Analis"),
            person(3, name="Budi Santoso"),
            person(ALIKE, nip=nip(30), name="Budi S."),
            person(72, nip="199001012012021901", name="Siti Rahmawati"),
        ]
        await record_asn(session, rows)
    await site.svc.emitted()


async def pairs(site: Site, *roles: str, **who: Any) -> str:
    return await page(site, PATH, *(roles or ("platform",)), **({"agency": None} | who))


async def sends(site: Site, what: str, *roles: str, **fields: Any) -> httpx.Response:
    who = {"agency": fields.pop("agency", CITY), "unit": fields.pop("unit", None)}
    async with site.client(*(roles or ("operator",)), person=9, **who) as client:
        return await client.post(f"{PATH}/{what}", data=await guard(client) | fields)


def merging(kept: int, gone: int) -> dict[str, str]:
    return {"tetap": str(asn_id(kept)), "lain": str(asn_id(gone))}


async def there(site: Site) -> set[Any]:
    return {row.asn_id for row in await site.svc.rows("SELECT asn_id FROM asn")}


async def test_names_and_birth_dates_alike_and_nips_nearly_so_are_found(site: Site):
    assert "Tidak ada pasangan yang perlu diperiksa." in await pairs(site)
    await plant(site)
    shown = await pairs(site)
    assert "2 pasangan mungkin satu orang." in shown
    assert "Nama dan tanggal lahir sama" in shown
    assert "NIP hampir sama, nama depan dan inisial sama" in shown
    assert "199001012012021901" not in shown, "another birth date"


async def test_pairs_are_shown_within_reach_only(site: Site):
    await plant(site)
    assert "2 pasangan" in await pairs(site, "operator", agency=CITY, unit=SECTION, person=9)
    assert "Tidak ada pasangan" in await pairs(site, "operator", agency=REGENCY)
    refused = await sends(site, "gabung", agency=REGENCY, **merging(2, TWIN))
    assert (refused.status_code, len(await there(site))) == (403, 14)
    async with site.client("head", person=9) as client:
        assert (await client.get(PATH)).status_code == 403


async def test_two_people_are_told_apart_for_good(site: Site):
    await plant(site)
    for satu, lain in ((2, TWIN), (TWIN, 2)):
        answer = await sends(site, "beda", satu=str(asn_id(satu)), lain=str(asn_id(lain)))
        assert answer.status_code == 303
    assert "1 pasangan mungkin satu orang." in await pairs(site)
    assert await site.svc.emitted() == []


async def test_a_record_on_which_nothing_hangs_goes_and_leaves_the_other_whole(site: Site):
    await plant(site)
    async with site.svc.sessions() as session, session.begin():
        await record_asn(session, [person(4, supervisor_id=str(asn_id(TWIN)))])
    await site.svc.emitted()
    answer = await sends(site, "gabung", **merging(2, TWIN))
    assert answer.headers["location"] == f"/enrollment/pegawai/{asn_id(2)}"
    told = await site.svc.emitted()
    assert [fact for fact in told if not isinstance(fact, AsnRecorded | ContactRecorded)] == [
        AsnMerged(asn_id=asn_id(TWIN), into_id=asn_id(2)),
        ContactErased(asn_id=asn_id(TWIN)),
    ]
    under = {fact.asn_id: fact.supervisor_id for fact in told if isinstance(fact, AsnRecorded)}
    assert under == {asn_id(4): asn_id(2), asn_id(2): asn_id(1)}
    assert asn_id(TWIN) not in await there(site)
    assert await site.svc.rows("SELECT FROM placements WHERE asn_id = :id", id=asn_id(TWIN)) == []
    async with site.svc.sessions() as session:
        entries = await find(session, Sought(whom=str(asn_id(2))))
    merged = [change for entry in entries for change in entry.changes if change["kind"] == "merge"]
    assert len(merged) == 1
    assert (await sends(site, "gabung", **merging(2, TWIN))).status_code == 404


async def test_nobody_is_merged_with_themselves(site: Site):
    assert (await sends(site, "gabung", **merging(2, 2))).status_code == 422


async def test_a_speaker_goes_over_to_the_record_that_stays(site: Site):
    await plant(site)
    async with site.client("operator", person=9) as client:
        form = {"name": "Dr. Siti", "expertise": "Arsip", "region": "", "contact": "", "partner_id": ""}
        form |= {"nip": "198703032012022901"}
        answer = await client.post("/enrollment/narasumber", data=await guard(client) | form)
    assert answer.status_code == 303, answer.text
    assert (await sends(site, "gabung", **merging(2, TWIN))).status_code == 303
    (row,) = await site.svc.rows("SELECT name, asn_id FROM speakers")
    assert (row.name, row.asn_id) == ("Dr. Siti", asn_id(2))


async def test_no_record_goes_by_a_merge_with_somebody_else(site: Site):
    """Else a merge would erase whom the law lets nobody erase yet."""
    await plant(site)
    answer = await sends(site, "gabung", **merging(5, 6))
    assert answer.status_code == 409
    await sends(site, "beda", satu=str(asn_id(2)), lain=str(asn_id(TWIN)))
    assert (await sends(site, "gabung", **merging(2, TWIN))).status_code == 409, "told apart meanwhile"
    assert {asn_id(5), asn_id(6), asn_id(2), asn_id(TWIN)} <= await there(site)


async def test_what_says_that_somebody_speaks_goes_over_and_is_erased_with_them(site: Site):
    await plant(site)
    async with site.svc.sessions() as session, session.begin():
        sql = """INSERT INTO speakers (speaker_id, name, expertise, region, contact, asn_id)
            VALUES (gen_random_uuid(), 'Siti Rahmawati', '', '', '', :id)"""
        await session.execute(text(sql), {"id": asn_id(TWIN)})
    assert (await sends(site, "gabung", **merging(2, TWIN))).status_code == 303
    async with site.svc.sessions() as session, session.begin():
        await erase_asn(session, asn_id(2))
    (kept,) = await site.svc.rows("SELECT name FROM speakers")
    assert kept.name == "–"
