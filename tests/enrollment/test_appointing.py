"""Who is CPNS or of part time, said on a person's page and by files of people."""

from typing import Any

from .conftest import Site
from .importing import CITY, Importing, new_nip
from .imports.sample_world import world
from .loaded_world import csv
from .story import asn_id, person
from .test_appointments import PART_TIMER, appointment, recorded
from .test_data_requests import page
from .test_placements import sends

HEAD = ("NIP", "Nama", "Kode Instansi", "Status Pengangkatan")
PNS = next(p for p in world()["asn"] if p["agency"] == CITY and p["nip"][12:14] < "13")
STATED = "SELECT appointment FROM asn WHERE nip = :nip"


def file(*rows: tuple[str, str], head: tuple[str, ...] = HEAD) -> bytes:
    named = {p["nip"]: p["name"] for p in world()["asn"]}
    return csv(head, *((nip, named.get(nip, "Orang Baru"), CITY, said) for nip, said in rows))


async def undoes(importing: Importing, one: dict[str, Any]) -> None:
    assert (await importing.does("undo", one["id"])).status_code == 202
    await importing.works()


async def test_a_clerk_sets_it_on_the_persons_page(site: Site):
    assert (await sends(site, 2, "pengangkatan", appointment="CPNS")).status_code == 303
    assert await appointment(site, 2) == "CPNS"
    assert (await sends(site, 2, "pengangkatan", appointment="penuh")).status_code == 303
    assert await appointment(site, 2) == ""


async def test_only_what_fits_the_employment_is_offered_and_taken(site: Site):
    shown = await page(site, f"/enrollment/pegawai/{asn_id(2)}", "operator", person=9)
    assert ("CPNS" in shown, "paruh waktu" in shown) == (True, False)
    assert (await sends(site, 2, "pengangkatan", appointment="paruh_waktu")).status_code == 422
    await recorded(site, person(2, **PART_TIMER))
    assert (await sends(site, 2, "pengangkatan", appointment="CPNS")).status_code == 422
    assert (await sends(site, 2, "pengangkatan", appointment="penuh")).status_code == 303
    assert await appointment(site, 2) == ""


async def test_nobody_else_sets_it(site: Site):
    assert (await sends(site, 2, "pengangkatan", "head", appointment="CPNS")).status_code == 403


async def test_a_file_sets_it_and_its_undo_takes_it_back(importing: Importing):
    nip = PNS["nip"]
    one = await importing.applied(file((nip, "calon pns")), "pegawai")
    assert await importing.scalar(STATED, nip=nip) == "CPNS"
    (row,) = await importing.rows(one["id"])
    assert row["changes"] == {"appointment": [None, "CPNS"]}
    await undoes(importing, one)
    assert await importing.scalar(STATED, nip=nip) == ""


async def test_a_file_ends_it_and_its_undo_brings_it_back(importing: Importing):
    nip = PNS["nip"]
    await importing.execute("UPDATE asn SET appointment = 'CPNS' WHERE nip = :nip", nip=nip)
    one = await importing.applied(file((nip, "PNS")), "pegawai")
    assert await importing.scalar(STATED, nip=nip) == ""
    await undoes(importing, one)
    assert await importing.scalar(STATED, nip=nip) == "CPNS"


async def test_an_empty_cell_and_a_file_without_the_column_leave_it(importing: Importing):
    nip = PNS["nip"]
    await importing.execute("UPDATE asn SET appointment = 'CPNS' WHERE nip = :nip", nip=nip)
    blank = (await importing.upload(file((nip, "")), "pegawai", CITY)).json()
    assert blank["unchanged"] == 1
    await importing.applied(csv(HEAD[:3], (nip, "Nama Lain", CITY)), "pegawai")
    assert await importing.scalar(STATED, nip=nip) == "CPNS"


async def test_somebody_new_is_recorded_with_it(importing: Importing):
    await importing.applied(file((new_nip(940), "CPNS")), "pegawai")
    assert await importing.scalar(STATED, nip=new_nip(940)) == "CPNS"


async def test_a_word_of_the_other_employment_is_refused_with_those_that_fit(importing: Importing):
    one = (await importing.upload(file((PNS["nip"], "Paruh Waktu")), "pegawai", CITY)).json()
    (row,) = await importing.rows(one["id"])
    (problem,) = row["problems"]
    assert (row["effect"], problem["code"], problem["column"]) == ("refused", "choice.unknown", HEAD[3])
    assert "PNS, CPNS" in problem["advice"]


async def test_what_was_set_by_hand_is_kept_unless_said_otherwise(importing: Importing):
    nip = PNS["nip"]
    row = {"id": PNS["id"], "nip": nip, "name": PNS["name"], "agency_code": CITY, "appointment": "CPNS"}
    answer = await importing.site.command("asn", {"items": [row]}, "bkd", person=901, agency=CITY)
    assert answer.status_code == 201, answer.text
    one = (await importing.upload(file((nip, "PNS")), "pegawai", CITY)).json()
    (planned,) = await importing.rows(one["id"])
    assert (planned["effect"], planned["conflicts"]) == ("unchanged", {"appointment": ""})
