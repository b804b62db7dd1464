"""A thousand people want the last seat at the same moment."""

import asyncio
from datetime import date

from enrollment.catalogue.announcing import announce_runs
from enrollment.register.recording import record_asn

from .conftest import Site
from .story import CITY, asn_id, person, run

RACERS = range(2000, 3000)
LAST = "KEU-2026-77"


def nip_of(n: int) -> str:
    """Serial numbers end at 999, so the day of birth counts on."""
    return f"1987030{4 + n // 500 % 2}2010011{n % 500 + 1:03d}"


async def test_one_gets_the_last_seat_and_all_others_wait_each_in_a_place_of_their_own(site: Site):
    async with site.svc.sessions() as session, session.begin():
        await record_asn(session, [person(n, nip=nip_of(n)) for n in RACERS])
        await announce_runs(session, [run(LAST, CITY, date(2026, 12, 1), date(2026, 12, 2), seats=1)])
    await site.svc.emitted()
    # one interpreter serves and asks: more at once would measure it, not the seat
    turns = asyncio.Semaphore(100)
    answers = await asyncio.gather(*(ask(site, n, turns) for n in RACERS))
    outcomes = [answer["outcome"] for answer in answers]
    assert (outcomes.count("accepted"), outcomes.count("waitlisted")) == (1, 999)
    assert sorted(answer["position"] for answer in answers if answer["position"]) == list(range(1, 1000))
    # who was told a place stands there still, and who came after stands behind
    listed = await site.svc.rows("SELECT asn_id FROM enrolments WHERE state = 'waitlisted' ORDER BY ticket")
    told = {asn_id(n): answer["position"] for n, answer in zip(RACERS, answers, strict=True)}
    assert [told[row.asn_id] for row in listed] == list(range(1, 1000))
    (seats,) = await site.svc.rows(
        "SELECT taken, waiting FROM run_seats JOIN runs USING (run_id) WHERE run_code = :run", run=LAST
    )
    assert (seats.taken, seats.waiting) == (1, 999)


async def ask(site: Site, n: int, turns: asyncio.Semaphore) -> dict:
    async with turns:
        answer = await site.command("enrolments", {"run": LAST}, "asn", person=n)
    assert answer.status_code == 201, answer.text
    return answer.json()
