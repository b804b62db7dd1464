"""The tree of units on a page: who serves where, in one question to the database, and the tree kept without a ring."""

import re
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from bina.events.enrollment import AsnRecorded
from bina.messaging.database import Session
from bina.web.audit.searching import Sought, find
from enrollment.register.bodies import RoleRow, UnitRow
from enrollment.register.domain import BrokenTreeError, Unit, placed
from enrollment.register.granting import record_roles
from enrollment.register.recording import record_asn, record_units
from enrollment.units.domain import Node, grow, narrowed, places_for, walked

from .conftest import Site
from .story import CITY, REGENCY, SECTION, SPACE, UNIT, asn_id, left_long_ago, nip, person
from .test_credits import guard
from .test_data_requests import page

OTHER = uuid5(SPACE, "other unit")
PATH = "/enrollment/unit"


@pytest.fixture
async def town(site: Site) -> Site:
    async with site.svc.sessions() as session, session.begin():
        await record_units(session, [UnitRow(id=OTHER, agency_code=CITY, name="Dinas Sosial")])
        await record_asn(session, [person(40, unit_id=str(OTHER)), person(41, unit_id=str(UNIT))])
    await site.svc.emitted()
    return site


async def sends(site: Site, path: str, *roles: str, **fields: Any) -> httpx.Response:
    who = {key: fields.pop(key) for key in ("unit", "agency") if key in fields}
    async with site.client(*(roles or ("operator",)), person=9, **who) as client:
        return await client.post(f"{PATH}{path}", data=await guard(client) | fields)


async def unit_of(site: Site, id_: UUID) -> Any:
    (row,) = await site.svc.rows("SELECT * FROM units WHERE unit_id = :id", id=id_)
    return row


async def test_the_tree_counts_who_serves_in_a_unit_and_below_it(town: Site):
    await left_long_ago(town.svc, 3)
    shown = await page(town, PATH, "head", person=9)
    assert "3 unit, 10 orang bertugas." in shown
    assert (
        "Sekretariat Daerah 1 langsung 9 orang Unit di bawah Sekretariat Daerah Subbagian Umum 8 orang"
        in shown
    )
    assert "Dinas Sosial 1 orang" in shown


async def test_a_search_leaves_what_it_means_and_the_way_to_it(town: Site):
    shown = await page(town, f"{PATH}?cari=UMUM", "operator")
    assert "1 unit cocok." in shown
    assert "Sekretariat Daerah" in shown
    assert "Dinas Sosial" not in shown
    assert "Tidak ada unit yang cocok." in await page(town, f"{PATH}?cari=tidakada", "operator")


async def test_a_units_own_staff_see_their_part_and_no_other(town: Site):
    shown = await page(town, PATH, "operator", unit=SECTION)
    assert "1 unit, 9 orang bertugas." in shown
    assert "Sekretariat Daerah" not in shown
    assert "Tambah unit teratas" not in shown
    async with town.client("operator", unit=SECTION) as client:
        assert (await client.get(f"{PATH}/{SECTION}")).status_code == 200
        for unit in (UNIT, OTHER, uuid4()):
            assert (await client.get(f"{PATH}/{unit}")).status_code == 404
            assert (await client.get(f"{PATH}/{unit}/pegawai.csv")).status_code == 404
    async with town.client("bkd", agency=REGENCY) as client:
        assert (await client.get(f"{PATH}/{UNIT}")).status_code == 404
        assert (await client.get(f"{PATH}?instansi={CITY}")).status_code == 404
    async with town.client("asn", person=2) as client:
        assert (await client.get(PATH)).status_code == 403


async def test_the_platform_chooses_an_agency_first(town: Site):
    assert "Pemerintah Kota Jambi 3 unit 11 orang" in await page(town, PATH, "platform", agency=None)
    assert "Dinas Sosial" in await page(town, f"{PATH}?instansi={CITY}", "platform", agency=None)


async def test_a_units_page_shows_its_people_and_notes_who_looked(town: Site):
    async with town.client("operator", person=9) as client:
        html = (await client.get(f"{PATH}/{UNIT}")).text
        async with town.svc.sessions() as session:
            shown = await find(session, Sought(whom=str(asn_id(41))))
        file = (await client.get(f"{PATH}/{UNIT}/pegawai.csv")).text
    assert nip(2) in html
    assert nip(41) in html
    assert nip(40) not in html
    assert file.count("19870303") == 10
    async with town.svc.sessions() as session:
        looked = await find(session, Sought(whom=str(asn_id(41))))
    assert [sum(e.kind == "reading" for e in entries) for entries in (shown, looked)] == [1, 2]
    assert nip(2) not in await page(town, f"{PATH}/{UNIT}", "head", person=9), "masked for a head"


async def test_a_unit_is_added_renamed_and_moved_with_its_people_told_and_its_past_kept(town: Site):
    made = await sends(town, "", instansi=CITY, nama="Subbagian Arsip", induk=str(OTHER))
    assert made.status_code == 303
    new = UUID(made.headers["location"].rsplit("/", 1)[1])
    assert list((await unit_of(town, new)).path) == [OTHER, new]
    assert (await sends(town, f"/{SECTION}/nama", nama="Subbagian Rumah Tangga")).status_code == 303
    assert (await sends(town, f"/{SECTION}/pindah", induk=str(OTHER))).status_code == 303
    await town.svc.does_due_work()
    told = {fact.asn_id: fact for fact in await town.svc.emitted(AsnRecorded)}
    assert told[asn_id(2)].unit_name == "Subbagian Rumah Tangga"
    assert told[asn_id(2)].unit_path == (OTHER, SECTION)
    shown = await page(town, f"{PATH}/{SECTION}", "operator")
    assert "Berganti nama dari Subbagian Umum menjadi Subbagian Rumah Tangga" in shown
    assert "Pindah dari Sekretariat Daerah ke Dinas Sosial" in shown
    async with town.svc.sessions() as session:
        kinds = [
            change["kind"]
            for entry in await find(session, Sought(whom=str(SECTION)))
            for change in entry.changes
        ]
    assert kinds.count("unit") >= 2


async def test_no_unit_moves_below_itself(town: Site):
    refused = await sends(town, f"/{UNIT}/pindah", induk=str(SECTION))
    assert refused.status_code == 409
    assert "Subbagian Umum berada di bawah Sekretariat Daerah." in refused.text
    assert (await sends(town, f"/{UNIT}/pindah", induk=str(UNIT))).status_code == 409
    assert (await unit_of(town, UNIT)).parent_id is None


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        (f"/{SECTION}/nama", {"nama": "Lain"}, 403),
        (f"/{SECTION}/pindah", {"induk": str(OTHER)}, 403),
        (f"/{SECTION}/tutup", {}, 403),
        (f"/{OTHER}/nama", {"nama": "Lain"}, 403),
        ("", {"instansi": CITY, "nama": "Baru"}, 403),
        ("", {"instansi": CITY, "nama": "Baru", "induk": str(OTHER)}, 403),
        ("", {"instansi": CITY, "nama": "Baru", "induk": str(SECTION)}, 303),
        ("", {"instansi": CITY, "nama": "", "induk": str(SECTION)}, 422),
        ("", {"instansi": CITY, "nama": "Baru", "induk": "bukan"}, 422),
    ],
)
async def test_a_units_staff_keep_what_is_below_it(
    town: Site, path: str, fields: dict[str, str], status: int
):
    assert (await sends(town, path, unit=SECTION, **fields)).status_code == status


async def test_a_unit_is_closed_only_when_nobody_and_nothing_is_there(town: Site):
    refused = await sends(town, f"/{UNIT}/tutup")
    assert refused.status_code == 409
    assert "Masih ada 1 orang, 1 unit di bawahnya." in refused.text
    async with town.svc.sessions() as session, session.begin():
        await record_asn(session, [person(40, unit_id=str(SECTION))])
        role = {"asn_id": asn_id(2), "role": "operator", "agency_code": CITY, "unit_id": OTHER}
        await record_roles(session, [RoleRow.model_validate(role)])
    assert "Masih ada 1 peran." in (await sends(town, f"/{OTHER}/tutup")).text
    async with town.svc.sessions() as session, session.begin():
        await session.execute(text("DELETE FROM role_grants"))
    assert (await sends(town, f"/{OTHER}/tutup")).status_code == 303
    assert "Dinas Sosial" not in await page(town, PATH, "operator")
    assert "Dinas Sosial Ditutup" in await page(town, f"{PATH}?tutup=ya", "operator")
    assert "Ditutup 20 November 2026" in await page(town, f"{PATH}/{OTHER}", "operator")


async def closed(town: Site) -> None:
    async with town.svc.sessions() as session, session.begin():
        await record_asn(session, [person(40, unit_id=str(SECTION))])
    assert (await sends(town, f"/{OTHER}/tutup")).status_code == 303


async def test_nobody_is_placed_in_a_closed_unit_nor_any_below_it(town: Site):
    await closed(town)
    row = person(50, unit_id=str(OTHER)).model_dump(mode="json", exclude_unset=True)
    refused = await town.command("asn", {"items": [row]}, "operator")
    assert [fault["what"] for fault in refused.json()["errors"]] == ["Unit ini sudah ditutup."]
    below = await sends(town, "", instansi=CITY, nama="Baru", induk=str(OTHER))
    assert (below.status_code, "Unit induk sudah ditutup." in below.text) == (422, True)
    assert (await sends(town, f"/{SECTION}/pindah", induk=str(OTHER))).status_code == 422
    again = {"id": str(OTHER), "agency_code": CITY, "name": "Dinas Sosial P3A"}
    assert (await town.command("units", {"items": [again]}, "bkd")).status_code == 201
    assert (await unit_of(town, OTHER)).closed_on is not None, "its name alone was changed"


async def test_a_closed_unit_is_opened_again_below_an_open_one(town: Site):
    below = await sends(town, "", instansi=CITY, nama="Bidang", induk=str(OTHER))
    new = below.headers["location"].rsplit("/", 1)[1]
    assert (await sends(town, f"/{new}/tutup")).status_code == 303
    await closed(town)
    assert (await sends(town, f"/{new}/buka")).status_code == 409
    assert (await sends(town, f"/{OTHER}/buka")).status_code == 303
    assert (await sends(town, f"/{new}/buka")).status_code == 303
    assert "Dibuka lagi" in await page(town, f"{PATH}/{new}", "operator")


async def test_two_thousand_units_take_as_many_questions_as_three(
    town: Site, monkeypatch: pytest.MonkeyPatch
):
    questions: list[str] = []
    ask = Session.execute

    async def counted(self: Session, asked: Any, *values: Any, **options: Any) -> Any:
        if "ended_sessions" not in str(asked):  # once a second, whatever is asked
            questions.append(str(asked))
        return await ask(self, asked, *values, **options)

    async def asked() -> int:
        before = len(questions)
        await page(town, PATH, "bkd", person=9)
        return len(questions) - before

    monkeypatch.setattr(Session, "execute", counted)
    few = await asked()
    assert few > 1
    rows = [UnitRow(id=uuid5(SPACE, str(n)), agency_code=CITY, name=f"Unit {n}", parent_id=OTHER if n < 1000 else uuid5(SPACE, str(n - 1000))) for n in range(2000)]  # fmt: skip
    async with town.svc.sessions() as session, session.begin():
        await record_units(session, rows)
    assert await asked() == few
    assert "2.003 unit" in await page(town, PATH, "bkd", person=9)


IDS = [uuid5(SPACE, f"tree/{n}") for n in range(6)]
moves = st.lists(st.tuples(st.sampled_from(IDS), st.none() | st.sampled_from(IDS)), max_size=20)


@given(moves)
def test_no_row_of_moves_makes_a_ring(given_moves):
    units = {id_: Unit(id_, CITY, "U") for id_ in IDS}
    units = {unit.unit_id: unit for unit in placed(units)}
    for id_, parent in given_moves:
        turns = parent is not None and id_ in units[parent].path
        moved = units | {id_: Unit(id_, CITY, "U", parent)}
        try:
            after = {unit.unit_id: unit for unit in placed(moved)}
        except BrokenTreeError:
            assert turns
            continue
        assert not turns
        units = after
        assert all(
            unit.path[-1] == unit.unit_id and len(set(unit.path)) == len(unit.path) for unit in units.values()
        )
        assert all(
            unit.path[:-1] == (units[unit.parent_id].path if unit.parent_id else ())
            for unit in units.values()
        )
        for unit in units.values():
            offered = {one.unit_id for one in places_for(unit, units, None)}
            assert offered == {one.unit_id for one in units.values() if unit.unit_id not in one.path}


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30), st.data())
def test_every_unit_counts_all_below_it_once(people, data):
    ids = [uuid5(SPACE, f"node/{n}") for n in range(len(people))]
    above = [data.draw(st.none() | st.sampled_from(ids[:n])) if n else None for n in range(len(ids))]
    tops = grow(Node(id_, f"Unit {n}", above[n], people[n]) for n, id_ in enumerate(ids))
    assert sum(node.whole for node in tops) == sum(people)
    assert sorted(str(node.unit_id) for node in walked(tops)) == sorted(map(str, ids))
    found = narrowed(tops, "unit 1")
    assert {n.name for n in walked(found) if n.found} == {
        f"Unit {n}" for n in range(len(ids)) if re.match("1", str(n))
    }
