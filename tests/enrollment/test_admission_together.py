"""What a run asks for, whom it holds seats for and whose word it wants, all at once: no rule undoes another."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bina.events.enrollment import EnrollmentAccepted
from bina.messaging import clock
from enrollment.catalogue.announcing import announce_runs, record_programmes
from enrollment.catalogue.bodies import ProgrammeRow

from .conftest import Site
from .story import CITY, REGENCY, SMALL, asked, asn_id, run
from .test_approvals import ASKING, announced, approves, asks
from .test_data_requests import page
from .test_held_seats import HELD, UNTIL
from .test_held_seats import announced as holding
from .test_held_seats import states as held_states
from .test_substitutes import full, refused, replaces

HOUR = timedelta(hours=1)


async def change(site: Site, code: str, **wanted: object) -> int:
    return (await site.command(f"runs/{code}/change", wanted, "operator")).status_code


async def open_requests(site: Site) -> int:
    (row,) = await site.svc.rows("SELECT count(*) AS n FROM approvals WHERE state = 'open'")
    return row.n


async def test_a_substitute_has_what_the_run_asks_for(site: Site):
    await full(site)
    assert await change(site, SMALL, required_programmes=["SKB"]) == 200
    assert await refused(site, 2, 6) == "requirement-missing"
    # who waits had it when they joined
    assert (await replaces(site, 2, 5)).status_code == 200


async def test_a_substitute_comes_after_the_closing(site: Site):
    await full(site)
    assert await change(site, SMALL, closes_at=(clock.now() - HOUR).isoformat()) == 200
    assert (await replaces(site, 2, 6)).status_code == 200


async def test_what_waits_for_a_word_is_settled_though_the_run_asks_for_none_any_more(site: Site):
    await announced(site, "supervisor", seats=1)
    id_ = await asks(site, 2)
    await site.svc.receives(asked(3, ASKING), asked(4, ASKING), agency=CITY)
    wanted = {"admission": {}, "closes_at": (clock.now() - HOUR).isoformat()}
    assert await change(site, ASKING, **wanted) == 200
    answer = await approves(site, id_, "asn", person=1)
    assert (answer["outcome"], answer["position"], await open_requests(site)) == ("waitlisted", 1, 0)


async def test_who_asks_again_once_no_word_is_wanted_waits_for_none(site: Site):
    await announced(site, "supervisor")
    await asks(site, 2)
    assert await change(site, ASKING, admission={}) == 200
    answer = await site.command("enrolments", {"run": ASKING}, "asn", person=2)
    assert (answer.json()["outcome"], await open_requests(site)) == ("accepted", 0)


async def test_seats_that_nobody_is_held_for_any_more_go_first_to_who_waits(site: Site):
    """Whoever asks between the end of the day and the work that gives these seats waits behind them."""
    await holding(site, 2, {"group": "remote", "seats": 1}, remote=[5])
    await site.svc.receives(asked(2, HELD), asked(3, HELD), agency=CITY)
    await site.svc.emitted()
    midnight = datetime(2026, 11, 25, 17, tzinfo=UTC)
    clock.move(midnight - datetime.now(UTC))
    assert clock.today() > UNTIL
    await site.svc.receives(asked(4, HELD), agency=CITY)
    found = await held_states(site)
    assert (found[asn_id(3)][0], found[asn_id(4)][0]) == ("waitlisted", "waitlisted")
    await site.svc.emitted()
    await site.svc.does_due_work(midnight + HOUR)
    (moved,) = await site.svc.emitted(EnrollmentAccepted)
    assert moved.asn_id == asn_id(3)


@pytest.mark.parametrize("whom", [{"agency": "wanita"}, {"agency": "5500"}])
async def test_no_seat_is_held_for_an_agency_that_there_is_not_or_that_may_not_come(site: Site, whom: dict):
    held = {"held": [whom | {"seats": 1}], "held_until": "2026-11-30"}
    row = {"code": "KEU-2026-64", "programme": "KEU", "organiser": CITY, "starts_on": "2026-12-01"}
    row |= {"ends_on": "2026-12-02", "seats": 5, "admission": held}
    answer = await site.command("runs", {"items": [row]}, "operator")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "items.0.admission.held"
    assert await change(site, SMALL, admission=held) == 422


async def test_seats_may_be_fewer_than_were_held_once_nothing_is_held(site: Site):
    await holding(site, 3, {"group": "remote", "seats": 3})
    clock.move(datetime(2026, 11, 26, 3, tzinfo=UTC) - datetime.now(UTC))
    assert await change(site, HELD, seats=2) == 200


async def test_lists_name_a_run_by_the_version_it_was_announced_in(site: Site):
    await announced(site, "agency")
    await asks(site, 2)
    await site.command("enrolments", {"run": SMALL}, "asn", person=3)
    async with site.svc.sessions() as session, session.begin():
        await record_programmes(session, [ProgrammeRow(code="KEU", name="Nama Lain Sama Sekali", jp=50)])
    lists = (
        await page(site, "/enrollment/persetujuan", "operator"),
        await page(site, "/enrollment/kalender?bulan=2026-12", "asn", person=3),
        await page(site, f"/enrollment/pegawai/{asn_id(3)}", "operator", person=9),
    )
    for shown in lists:
        assert "Pengelolaan Keuangan Daerah" in shown
        assert "Nama Lain" not in shown


async def test_a_pass_score_reads_as_it_was_typed(site: Site):
    assert await change(site, SMALL, pass_score=70) == 200
    async with site.client("operator", person=9) as client:
        shown = (await client.get(f"/enrollment/angkatan/{SMALL}/ubah")).text
    assert "7E+1" not in shown
    assert 'value="70"' in shown


async def test_a_run_is_not_opened_to_agencies_that_its_programme_is_not_for(site: Site):
    async with site.svc.sessions() as session, session.begin():
        row = ProgrammeRow(code="KHS", name="Khusus Kota", jp=10, agencies=[CITY])
        await record_programmes(session, [row])
        await announce_runs(
            session,
            [run("KHS-1", CITY, date(2026, 12, 1), date(2026, 12, 2), programme="KHS", open_to=[CITY])],
        )
    wider = {"open_to": [CITY, REGENCY]}
    assert await change(site, "KHS-1", **wider) == 422
    assert await change(site, "KHS-1", open_to=[CITY], seats=9) == 200
    assert await change(site, SMALL, open_to=[CITY, "0000"]) == 422
    # who may come already may stay so, whatever the programme says by now
    async with site.svc.sessions() as session, session.begin():
        await record_programmes(session, [ProgrammeRow(code="KEU", name="Keuangan", jp=50, agencies=[CITY])])
    assert await change(site, SMALL, open_to=[CITY, REGENCY], seats=9) == 200
