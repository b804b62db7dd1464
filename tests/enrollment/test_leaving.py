"""When somebody left stays recorded until somebody says otherwise; a whole row that does not speak of it says nothing."""

from datetime import date

from enrollment.register.recording import record_asn

from .conftest import Site
from .story import CITY, PAST, UNIT, asn_id, nip, person, reported, served_since
from .test_placements import history, sends

LEFT = date(2026, 10, 1)


async def left_on(site: Site, n: int) -> tuple[date | None, str]:
    (row,) = await site.svc.rows("SELECT left_on, left_reason FROM asn WHERE asn_id = :id", id=asn_id(n))
    return row.left_on, row.left_reason


async def leaves(site: Site, n: int, **more) -> None:
    async with site.svc.sessions() as session, session.begin():
        await served_since(session, date(2024, 3, 1), n)
        await record_asn(session, [person(n, left_on=LEFT, left_reason="pension", **more)])


async def test_a_whole_row_without_the_day_keeps_it(site: Site):
    await leaves(site, 2)
    row = person(2, position="Arsiparis").model_dump(mode="json", exclude_unset=True)
    assert (await site.command("asn", {"items": [row]}, "operator")).status_code == 201
    assert await left_on(site, 2) == (LEFT, "pension")
    row = {"nip": nip(2), "name": "Pegawai 2", "agency_code": CITY}
    assert (await site.command("asn", {"items": [row]}, "operator")).status_code == 201
    assert await left_on(site, 2) == (LEFT, "pension")


async def test_whoever_says_that_nobody_left_takes_it_back(site: Site):
    await leaves(site, 2)
    row = person(2, left_on=None).model_dump(mode="json", exclude_unset=True)
    assert row["left_on"] is None
    assert (await site.command("asn", {"items": [row]}, "operator")).status_code == 201
    assert await left_on(site, 2) == (None, "")


async def test_another_day_has_another_reason(site: Site):
    await leaves(site, 2)
    row = person(2, left_on=date(2026, 11, 1)).model_dump(mode="json", exclude_unset=True)
    await site.command("asn", {"items": [row]}, "operator")
    assert await left_on(site, 2) == (date(2026, 11, 1), "")


async def test_the_reason_is_one_of_a_list_and_belongs_to_a_day(site: Site):
    row = person(2).model_dump(mode="json", exclude_unset=True)
    wrong = await site.command(
        "asn", {"items": [row | {"left_on": "2026-10-01", "left_reason": "bosan"}]}, "bkd"
    )
    without = await site.command("asn", {"items": [row | {"left_reason": "pension"}]}, "bkd")
    assert (wrong.status_code, without.status_code) == (422, 422)


async def left_too_early(site: Site, on: str, n: int = 2) -> tuple[int, str]:
    """(status, the words at the field) of a row and of the page's form, which say the same."""
    row = person(n).model_dump(mode="json", exclude_unset=True) | {"left_on": on}
    answer = await site.command("asn", {"items": [row]}, "operator")
    (fault,) = answer.json().get("errors") or [{"what": "", "where": ""}]
    form = await sends(site, n, "berhenti", left_on=on, left_reason="pension")
    assert (form.status_code, fault["what"] in form.text) == (answer.status_code, True)
    return answer.status_code, fault["what"]


async def test_who_left_before_a_list_first_named_them_is_recorded_late(site: Site):
    (stood,) = await history(site, 2)
    assert stood[0] == date(2026, 11, 20), "heard of by a machine that day, and serving since who knows when"
    assert (await sends(site, 2, "berhenti", left_on="2026-11-01", left_reason="pension")).status_code == 303
    assert await left_on(site, 2) == (date(2026, 11, 1), "pension")
    row = person(3, left_on=date(2026, 10, 1)).model_dump(mode="json", exclude_unset=True)
    assert (await site.command("asn", {"items": [row]}, "operator")).status_code == 201


async def test_nobody_left_before_a_placement_whose_day_was_said(site: Site):
    answer = await sends(site, 2, "penempatan", unit=str(UNIT), position="Arsiparis", since="2026-11-20")
    assert answer.status_code == 303
    status, words = await left_too_early(site, "2026-11-19")
    assert (status, "20 November 2026" in words) == (422, True)


async def test_nobody_left_years_before_a_list_named_them(site: Site):
    stood = await history(site, 2)
    status, words = await left_too_early(site, "2006-11-20")
    assert (status, "20 November 2025" in words, "atau sesudahnya" in words) == (422, True, True)
    assert (await history(site, 2), await left_on(site, 2)) == (stood, (None, ""))
    assert (await sends(site, 2, "berhenti", left_on="2026-11-20", left_reason="pension")).status_code == 303


async def test_nobody_left_before_a_result_or_an_attendance(site: Site):
    async with site.svc.sessions() as session, session.begin():
        await served_since(session, date(2024, 3, 1), 2)
    await site.svc.receives(reported(2, PAST), agency=CITY)
    (done,) = await site.svc.rows("SELECT completed_on FROM enrolments WHERE asn_id = :id", id=asn_id(2))
    status, words = await left_too_early(site, "2026-01-01")
    assert (status, "menyelesaikan pelatihan" in words) == (422, True)
    row = person(2, left_on=done.completed_on).model_dump(mode="json", exclude_unset=True)
    assert (await site.command("asn", {"items": [row]}, "operator")).status_code == 201


async def test_whoever_is_recorded_for_the_first_time_may_have_left_long_ago(site: Site):
    row = person(77, left_on=date(2001, 1, 1)).model_dump(mode="json", exclude_unset=True)
    assert (await site.command("asn", {"items": [row]}, "operator")).status_code == 201


async def test_leaving_that_is_taken_back_leaves_the_history(site: Site):
    stood = await history(site, 2)
    assert (await sends(site, 2, "berhenti", left_on="2026-12-31", left_reason="pension")).status_code == 303
    assert (await sends(site, 2, "kembali", since="2026-11-20")).status_code == 303
    assert (await history(site, 2), await left_on(site, 2)) == (stood, (None, ""))
