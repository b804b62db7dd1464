"""Where people serve and served: one place after the other, whichever way the register heard of it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bina.events.enrollment import AsnRecorded
from bina.messaging import clock
from bina.web.audit.searching import Sought, find
from enrollment.placements.domain import Placement, placed
from enrollment.register.bodies import RoleRow, UnitRow
from enrollment.register.granting import record_roles
from enrollment.register.recording import erase_asn, record_asn, record_units, remove_asn

from .conftest import Site
from .story import CITY, OPEN, REGENCY, SECTION, SPACE, UNIT, asked, asn_id, nip, person
from .test_credits import guard
from .test_data_requests import page

TODAY = date(2026, 11, 20)


async def history(site: Site, n: int) -> list[tuple[Any, ...]]:
    rows = await site.svc.rows(
        """SELECT from_on, until_on, agency_code, unit_id, position, cause, ended_for FROM placements
        WHERE asn_id = :id ORDER BY from_on""",
        id=asn_id(n),
    )
    return [tuple(row) for row in rows]


async def recorded(site: Site, *rows: Any, **how: Any) -> None:
    async with site.svc.sessions() as session, session.begin():
        await record_asn(session, list(rows), **how)


async def sends(site: Site, n: int, what: str, *roles: str, **fields: Any) -> httpx.Response:
    who = {key: fields.pop(key) for key in ("unit_of", "agency_of") if key in fields}
    named = {"unit": who.get("unit_of"), "agency": who.get("agency_of", CITY)}
    async with site.client(*(roles or ("operator",)), person=9, **named) as client:
        return await client.post(f"/enrollment/pegawai/{asn_id(n)}/{what}", data=await guard(client) | fields)


def later(days: int) -> None:
    clock.move(clock.offset() + timedelta(days=days))


async def moves_about(site: Site) -> None:
    """A person who moves, leaves and returns."""
    await recorded(site, person(2, position="Pengelola Data"), since=date(2024, 3, 1))
    await recorded(site, person(2, position="Analis Kepegawaian", unit_id=str(UNIT)), cause="import")
    later(30)
    await recorded(site, person(2, position="Analis Kepegawaian", unit_id=str(UNIT), left_on=clock.today(), left_reason="resigned"))  # fmt: skip
    later(60)
    await recorded(site, person(2, position="Analis Ahli Muda", left_on=None), cause="page")


async def test_whoever_is_recorded_has_a_place_and_another_one_after_it(site: Site):
    assert await history(site, 2) == [(TODAY, None, CITY, SECTION, "", "api", "")]
    later(10)
    await recorded(site, person(2, position="Arsiparis"), cause="import")
    later(5)
    await recorded(site, person(2, position="Arsiparis", name="Nama Lain"), cause="import")
    assert await history(site, 2) == [
        (TODAY, TODAY + timedelta(10), CITY, SECTION, "", "api", ""),
        (TODAY + timedelta(10), None, CITY, SECTION, "Arsiparis", "import", ""),
    ]


async def test_what_is_taken_back_the_same_day_leaves_nothing(site: Site):
    later(10)
    await recorded(site, person(2, position="Keliru"), cause="import")
    await recorded(site, person(2), cause="import")
    assert await history(site, 2) == [(TODAY, None, CITY, SECTION, "", "api", "")]


async def test_leaving_ends_a_place_for_a_reason_and_returning_begins_another(site: Site):
    later(10)
    await recorded(site, person(2, left_on=TODAY + timedelta(10), left_reason="contract_over"))
    later(30)
    await recorded(site, person(2, left_on=None))
    assert await history(site, 2) == [
        (TODAY, TODAY + timedelta(10), CITY, SECTION, "", "api", "contract_over"),
        (TODAY + timedelta(40), None, CITY, SECTION, "", "api", ""),
    ]


async def test_a_day_of_leaving_that_is_put_right_is_the_histories_too(site: Site):
    later(10)
    await recorded(site, person(2, left_on=TODAY + timedelta(5), left_reason="pension"))
    for days in (8, 3, 9, 20):
        await recorded(site, person(2, left_on=TODAY + timedelta(days), left_reason="resigned"))
        assert await history(site, 2) == [
            (TODAY, TODAY + timedelta(days), CITY, SECTION, "", "api", "resigned")
        ]


async def test_leaving_that_is_only_planned_is_taken_back(site: Site):
    later(10)
    assert (await sends(site, 2, "berhenti", left_on="2026-12-31", left_reason="resigned")).status_code == 303
    shown = await page(site, f"/enrollment/pegawai/{asn_id(2)}", "operator", person=9)
    assert "Bertugas lagi mulai" not in shown, "nobody returns who is still there"
    assert (await sends(site, 2, "kembali")).status_code == 303
    assert await history(site, 2) == [(TODAY, None, CITY, SECTION, "", "api", "")]
    (kept,) = await site.svc.rows("SELECT left_on, left_reason FROM asn WHERE asn_id = :id", id=asn_id(2))
    assert tuple(kept) == (None, "")


async def test_whoever_returns_to_a_unit_that_was_closed_meanwhile_stands_above_the_units(site: Site):
    gone = uuid5(SPACE, "closed unit")
    async with site.svc.sessions() as session, session.begin():
        await record_units(session, [UnitRow(id=gone, agency_code=CITY, name="Dinas Lama")])
        await record_asn(session, [person(2, unit_id=str(gone), left_on=TODAY, left_reason="resigned")])
    async with site.client("operator", person=9) as client:
        closed = await client.post(f"/enrollment/unit/{gone}/tutup", data=await guard(client))
    assert closed.status_code == 303
    assert (await sends(site, 2, "kembali", since="2026-11-20")).status_code == 303
    (kept,) = await site.svc.rows("SELECT unit_id, left_on FROM asn WHERE asn_id = :id", id=asn_id(2))
    assert tuple(kept) == (None, None)


async def test_whoever_goes_takes_the_history_along(site: Site):
    async with site.svc.sessions() as session, session.begin():
        await erase_asn(session, asn_id(2))
        await record_asn(session, [person(60)])
        await remove_asn(session, [asn_id(60)])
    assert await history(site, 2) == await history(site, 60) == []


async def test_a_page_moves_a_person_within_the_agency_and_shows_it(site: Site):
    later(10)
    answer = await sends(site, 2, "penempatan", unit=str(UNIT), position="Arsiparis", since="2026-11-25")
    assert answer.status_code == 303
    (told,) = await site.svc.emitted(AsnRecorded)
    assert (told.unit_path, told.position, told.name) == ((UNIT,), "Arsiparis", "Pegawai 2")
    shown = await page(site, f"/enrollment/pegawai/{asn_id(2)}", "operator", person=9)
    assert "Sejak 25 November 2026 Arsiparis · Sekretariat Daerah" in shown
    assert "dicatat lewat halaman" in shown
    async with site.svc.sessions() as session:
        entries = await find(session, Sought(whom=str(asn_id(2))))
    assert {"command", "reading"} <= {entry.kind for entry in entries}
    kept = await site.svc.rows("SELECT field FROM hand_edits WHERE asn_id = :id ORDER BY 1", id=asn_id(2))
    assert {row.field for row in kept} == {"unit_id", "position"}, "no file overwrites it silently"


@pytest.mark.parametrize(
    ("what", "fields", "status"),
    [
        ("penempatan", {"since": "2026-11-21"}, 422),
        ("penempatan", {"since": "2026-11-19"}, 422),
        ("penempatan", {"since": "kapan"}, 422),
        ("penempatan", {"since": "2026-11-20", "unit": "bukan"}, 422),
        ("penempatan", {"since": "2026-11-20", "unit": str(uuid5(SPACE, "none"))}, 422),
        ("berhenti", {"left_on": "2026-11-20"}, 422),
        ("berhenti", {"left_on": "2026-11-20", "left_reason": "bosan"}, 422),
        ("berhenti", {"left_on": "2026-11-20", "left_reason": "pension"}, 303),
        ("kembali", {"since": "2026-11-20"}, 409),
        ("instansi", {"since": "2026-11-20", "agency": REGENCY}, 403),
    ],
)
async def test_what_a_page_takes(site: Site, what: str, fields: dict[str, str], status: int):
    assert (await sends(site, 2, what, **fields)).status_code == status


async def test_whoever_left_is_placed_nowhere_until_they_return(site: Site):
    later(10)
    assert (await sends(site, 2, "berhenti", left_on="2026-11-30", left_reason="pension")).status_code == 303
    assert (await sends(site, 2, "penempatan", since="2026-11-30", unit=str(UNIT))).status_code == 409
    assert (await sends(site, 2, "kembali", since="2026-11-29")).status_code == 422
    shown = await page(site, f"/enrollment/pegawai/{asn_id(2)}", "operator", person=9)
    assert "Berhenti sejak 30 November 2026" in shown
    assert "30 November 2026 Berhenti Pensiun" in shown
    assert (await sends(site, 2, "kembali", since="2026-11-30")).status_code == 303
    assert await history(site, 2) == [(TODAY, None, CITY, SECTION, "", "api", "")]


async def test_a_move_to_another_agency_ends_roles_and_lets_enrolments_go_on(site: Site):
    await site.svc.receives(asked(2, OPEN), agency=CITY)
    async with site.svc.sessions() as session, session.begin():
        row = {"asn_id": asn_id(2), "role": "operator", "agency_code": CITY}
        await record_roles(session, [RoleRow.model_validate(row)])
    later(3)
    await site.svc.emitted()
    assert (await sends(site, 2, "instansi", "bkd", agency=REGENCY, since="2026-11-22")).status_code == 303
    (told,) = await site.svc.emitted(AsnRecorded)
    assert (told.agency_code, told.unit_id, told.supervisor_id) == (REGENCY, None, None)
    assert await site.svc.rows("SELECT FROM role_grants") == []
    (live,) = await site.svc.rows(
        "SELECT agency_code, state FROM enrolments WHERE asn_id = :id", id=asn_id(2)
    )
    assert tuple(live) == (CITY, "accepted")
    assert (await sends(site, 2, "penempatan", since="2026-11-23")).status_code == 403
    shown = await page(site, f"/enrollment/pegawai/{asn_id(2)}", "operator", agency=REGENCY)
    assert "Pendaftaran tetap berlaku bila pegawai pindah" in shown
    assert "Pemerintah Kota Jambi" in shown
    assert [row[2] for row in await history(site, 2)] == [CITY, REGENCY]
    again = await sends(site, 2, "instansi", "platform", agency_of=None, agency=REGENCY, since="2026-11-23")
    assert again.status_code == 409


async def test_whoever_moves_to_another_agency_leads_nobody_in_the_one_they_left(site: Site):
    async with site.client("asn", "supervisor", person=1) as client:
        assert (await client.get(f"/enrollment/pegawai/{asn_id(2)}")).status_code == 200
    await site.svc.emitted()
    assert (await sends(site, 1, "instansi", "bkd", agency=REGENCY, since="2026-11-20")).status_code == 303
    facts = await site.svc.emitted(AsnRecorded)
    assert {fact.supervisor_id for fact in facts if fact.agency_code == CITY} == {None}
    async with site.client("asn", "supervisor", person=1, agency=REGENCY) as client:
        assert (await client.get(f"/enrollment/pegawai/{asn_id(2)}")).status_code == 404


async def test_a_units_staff_move_their_people_within_it_only(site: Site):
    other = uuid5(SPACE, "other unit")
    async with site.svc.sessions() as session, session.begin():
        await record_units(session, [UnitRow(id=other, agency_code=CITY, name="Dinas Sosial")])
    assert (
        await sends(site, 2, "penempatan", unit_of=UNIT, unit=str(other), since="2026-11-20")
    ).status_code == 403
    assert (
        await sends(site, 2, "penempatan", unit_of=UNIT, unit=str(UNIT), since="2026-11-20")
    ).status_code == 303
    assert (
        await sends(site, 2, "penempatan", unit_of=other, unit=str(other), since="2026-11-20")
    ).status_code == 403


async def test_people_read_their_own_history_and_no_strangers(site: Site):
    assert "Riwayat penempatan" in await page(site, f"/enrollment/pegawai/{asn_id(2)}", person=2)
    async with site.client("asn", "supervisor", person=1) as client:
        assert (await client.get(f"/enrollment/pegawai/{asn_id(2)}")).status_code == 200
        assert (await client.get(f"/enrollment/pegawai/{asn_id(21)}")).status_code == 404
    head = await page(site, f"/enrollment/pegawai/{asn_id(2)}", "head", person=9)
    assert nip(2) not in head
    assert "Catat perubahan" not in head
    assert "Riwayat penempatan" in await page(site, "/data-saya", person=2)


days = st.dates(date(2020, 1, 1), date(2020, 2, 15))
SOMEBODY = UUID(int=1)
steps = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from("ABC"), st.none() | st.integers(-10, 10)),
    min_size=1,
    max_size=25,
)


@given(days, steps)
def test_no_history_overlaps_and_what_was_stays(first: date, given_steps):
    told: list[Placement] = []
    on = first
    for ahead, position, leaves in given_steps:
        on += timedelta(ahead)
        left_on = None if leaves is None else on + timedelta(leaves)
        now = Placement(SOMEBODY, on, None, CITY, None, position, "api")
        after = placed(told, now, left_on, "pension" if left_on else "")
        ends = [one.until_on or date.max for one in after]
        assert all(one.from_on < end for one, end in zip(after, ends, strict=True)), "none is empty"
        assert all(end <= one.from_on for end, one in zip(ends, after[1:], strict=False)), "none over another"
        assert all(one.until_on for one in after if one.ended_for), "whoever stays left for nothing"
        there = [one for one in after if one.from_on <= on < (one.until_on or date.max)]
        assert [one.position for one in there] == ([] if left_on and left_on <= on else [position])
        cut = min(on, left_on or on)
        for day in range(-5, 130):
            at = first + timedelta(day)
            assert at >= cut or place_on(told, at) == place_on(after, at), "the past"
        assert placed(after, now, left_on, "pension" if left_on else "") == after, "said twice"
        told = after


def place_on(history: list[Placement], day: date) -> str | None:
    return next((p.position for p in history if p.from_on <= day < (p.until_on or date.max)), None)
