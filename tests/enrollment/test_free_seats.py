"""The catalogue's runs with a free seat: one that the reader could ask for now, by the desk's own rules."""

from datetime import date, datetime, timedelta

import pytest

from bina.messaging import clock
from enrollment.catalogue.announcing import announce_runs
from enrollment.register.recording import record_asn

from .conftest import Site
from .story import CITY, REGENCY, asked, person, run
from .test_held_seats import HELD, UNTIL

FREE = "/enrollment/katalog?kursi=ada&kata=KEU-2026-63"


async def announced(site: Site, seats: int, *held: dict, **more: object) -> None:
    admission = {"held": list(held), "held_until": UNTIL.isoformat()} if held else {}
    row = run(HELD, CITY, date(2026, 12, 1), date(2026, 12, 2), seats=seats, admission=admission, **more)
    async with site.svc.sessions() as session, session.begin():
        await record_asn(session, [person(3, gender="P"), person(4, gender="L")])
        await announce_runs(session, [row])
    await site.svc.emitted()


async def is_found(site: Site, n: int) -> bool:
    async with site.client("asn", person=n) as client:
        shown = await client.get(FREE)
    return f"/angkatan/{HELD}" in shown.text


async def gets_a_seat(site: Site, n: int) -> bool:
    answer = await site.command("enrolments", {"run": HELD}, "asn", person=n)
    return answer.json().get("outcome") == "accepted"


@pytest.mark.parametrize("n", [3, 4])
@pytest.mark.parametrize(
    "held",
    [
        [],
        [{"group": "women", "seats": 1}],
        [{"group": "women", "seats": 1}, {"agency": REGENCY, "seats": 1}],
        [{"group": "men", "seats": 1}, {"group": "women", "seats": 1}],
        [{"agency": REGENCY, "seats": 2}],
        [{"group": "below_floor", "seats": 2}],
    ],
)
async def test_what_the_filter_finds_is_what_the_desk_gives(site: Site, n: int, held: list[dict]):
    await announced(site, 2, *held)
    await site.svc.receives(asked(5, HELD), asked(6, HELD), agency=CITY)  # of no gender, so in no such group
    await site.svc.emitted()
    assert await is_found(site, n) is await gets_a_seat(site, n)


async def test_a_held_seat_that_is_taken_is_held_no_more(site: Site):
    await announced(site, 2, {"group": "women", "seats": 1})
    assert (await is_found(site, 3), await is_found(site, 4)) == (True, True)
    await gets_a_seat(site, 3)
    assert (await is_found(site, 2), await is_found(site, 4)) == (True, True)
    await gets_a_seat(site, 4)
    assert await is_found(site, 2) is False


async def test_after_their_day_held_seats_are_anybodys_but_of_those_who_wait(site: Site):
    await announced(site, 2, {"group": "women", "seats": 2})
    assert await is_found(site, 4) is False
    clock.move(clock.offset() + (UNTIL - clock.today()) + timedelta(days=1))
    assert await is_found(site, 4) is True


@pytest.mark.parametrize(
    ("opens", "closes", "found"),
    [(1, None, False), (-1, 1, True), (-2, -1, False), (None, -1, False), (None, None, True)],
)
async def test_a_seat_that_nobody_can_ask_for_now_is_not_free(
    site: Site, opens: int | None, closes: int | None, *, found: bool
):
    def at(hours: int | None) -> datetime | None:
        return None if hours is None else clock.now() + timedelta(hours=hours)

    await announced(site, 2, opens_at=at(opens), closes_at=at(closes))
    assert await is_found(site, 4) is found
