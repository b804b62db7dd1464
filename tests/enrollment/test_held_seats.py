"""Seats held back for groups: whatever happens, none twice, none idle while somebody who may have it waits."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bina.events.enrollment import EnrollmentAccepted
from bina.messaging import clock
from enrollment.catalogue.admission import Admission, Held
from enrollment.catalogue.announcing import announce_runs
from enrollment.catalogue.domain import Run
from enrollment.enrolments.domain import Ask, Enrolment, Known, decide, examine
from enrollment.enrolments.domain.pools import Candidate, Pools, pools_of, promotions
from enrollment.imports import Scope
from enrollment.register.bodies import UnitRow
from enrollment.register.domain import PersonKey
from enrollment.register.recording import record_asn, record_units

from .conftest import Site
from .story import CITY, REGENCY, SPACE, asked, asn_id, enrollment_id, nip, person, run

UNTIL, TODAY = date(2026, 11, 25), date(2026, 11, 20)
RUN = UUID(int=1)
GROUPS = ("remote", "women", "agency:5571")
AT = datetime(2026, 11, 20, 3, tzinfo=UTC)


def nip_of(n: int) -> str:
    return f"198703032010011{n:03d}"


@dataclass
class World:
    """A run and whoever asked, in memory: what the tables hold."""

    run: Run
    groups: dict[UUID, frozenset[str]] = field(default_factory=dict)
    found: dict[UUID, Enrolment] = field(default_factory=dict)
    today: date = TODAY

    def now(self) -> Run:
        live = self.found.values()
        tickets = [one.ticket or 0 for one in live]
        return replace(
            self.run,
            taken=sum(one.is_seated for one in live),
            waiting=sum(one.state == "waitlisted" for one in live),
            last_ticket=max([self.run.last_ticket, *tickets]),
        )

    def pools(self) -> Pools:
        taken = Counter(one.pool for one in self.found.values() if one.is_seated and one.pool)
        return Pools(self.now(), taken, self.today)

    def waiting(self) -> list[Candidate]:
        found = [one for one in self.found.values() if one.state == "waitlisted"]
        ordered = sorted(found, key=lambda one: one.ticket or 0)
        return [Candidate(one, self.groups[one.asn_id]) for one in ordered]

    def ask(self, batch: list[frozenset[str]]) -> None:
        """Several ask in one message after the other, decided together."""
        first = len(self.groups) + 1
        keys = [
            PersonKey(nip_of(n), UUID(int=n), CITY, "PNS", None) for n in range(first, first + len(batch))
        ]
        self.groups |= {key.asn_id: groups for key, groups in zip(keys, batch, strict=True)}
        now = self.now()
        taken = Counter(one.pool for one in self.found.values() if one.is_seated)
        pools = pools_of([now], {RUN: taken}, self.today)
        known = Known({key.nip: key for key in keys}, {now.code: now}, groups=self.groups, pools=pools)
        asks = [Ask(key.nip, now.code, Scope(CITY, {CITY}), AT, self.today) for key in keys]
        for decision in decide([examine(one) for one in asks], known):
            assert decision.change, decision.problems
            self.keep(decision.change.after)

    def keep(self, one: Enrolment) -> None:
        self.run = replace(self.run, last_ticket=max(self.run.last_ticket, one.ticket or 0))
        self.found[one.asn_id] = one

    def fill(self) -> None:
        for change in promotions(self.pools(), self.waiting()):
            self.keep(change.after)

    def leave(self, place: int) -> None:
        live = [one for one in self.found.values() if one.is_live]
        if live:
            one = live[place % len(live)]
            self.found[one.asn_id] = one._replace(state="withdrawn")
            self.fill()

    def check(self) -> None:
        seated = [one for one in self.found.values() if one.is_seated]
        assert len(seated) <= self.run.seats
        for group, seats in self.run.admission.held:
            mine = [one for one in seated if one.pool == group]
            assert len(mine) <= seats
            assert all(group in self.groups[one.asn_id] for one in mine)
        if self.run.admission.holds_on(self.today):
            others = sum(not one.pool for one in seated)
            assert others <= self.run.seats - self.run.admission.held_seats
        for one, groups in self.waiting():
            assert self.pools().take(groups) is None, f"{one} waits beside a free seat"


held = st.dictionaries(st.sampled_from(GROUPS), st.integers(1, 3), max_size=3)
groups = st.frozensets(st.sampled_from(GROUPS), max_size=3)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.lists(groups, min_size=1, max_size=4)),
        st.tuples(st.just("leave"), st.integers(0, 30)),
    ),
    max_size=25,
)


def world_of(spare: int, held: dict[str, int]) -> World:
    admission = Admission(held=tuple(Held(*one) for one in held.items()), held_until=UNTIL if held else None)
    seats = spare + sum(held.values())
    return World(
        Run(RUN, "KEU-2026-03", "KEU", "Keuangan", CITY, (CITY,), 20, date(2026, 12, 1), date(2026, 12, 2), seats,
            admission=admission)
    )  # fmt: skip


@settings(deadline=None)
@given(st.integers(0, 4), held, steps)
def test_no_seat_is_sold_twice_and_none_is_idle_while_somebody_who_may_have_it_waits(spare, held, steps):
    world = world_of(spare, held)
    for what, how in steps:
        getattr(world, what)(how)
        world.check()


@settings(deadline=None)
@given(st.integers(0, 4), held, steps)
def test_within_a_group_the_order_of_arrival_holds(spare, held, steps):
    world = world_of(spare, held)
    for what, how in steps:
        before = dict(world.found)
        getattr(world, what)(how)
        for asn, one in world.found.items():
            newly = one.is_seated and not (asn in before and before[asn].is_seated)
            ahead = [w for w, g in world.waiting() if w.asn_id < asn and g == world.groups[asn]]
            assert not (newly and ahead)


@settings(deadline=None)
@given(st.integers(0, 4), held, steps)
def test_seats_that_are_released_are_all_given_in_order(spare, held, steps):
    world = world_of(spare, held)
    for what, how in steps:
        getattr(world, what)(how)
    before = [one.asn_id for one, _groups in world.waiting()]
    free = world.now().seats_left
    world.today = UNTIL + timedelta(days=1)
    world.fill()
    world.check()
    given_now = [id_ for id_ in before if world.found[id_].is_seated]
    assert given_now == before[:free]
    assert not world.waiting() or not world.now().seats_left


HELD = "KEU-2026-63"
FAR = uuid5(SPACE, "far")


async def announced(site: Site, seats: int, *rows: dict, remote=()) -> None:
    admission = {"held": list(rows), "held_until": UNTIL.isoformat()}
    wanted = run(HELD, CITY, date(2026, 12, 1), date(2026, 12, 2), seats=seats, admission=admission)
    async with site.svc.sessions() as session, session.begin():
        await record_units(session, [UnitRow(id=FAR, agency_code=CITY, name="Pulau", remote=True)])
        await record_asn(session, [person(n, unit_id=FAR) for n in remote])
        await announce_runs(session, [wanted])
    await site.svc.emitted()


async def states(site: Site) -> dict[UUID, tuple[str, str]]:
    rows = await site.svc.rows(
        "SELECT e.asn_id, e.state, e.pool FROM enrolments AS e JOIN runs USING (run_id) WHERE run_code = :run",
        run=HELD,
    )
    return {row.asn_id: (row.state, row.pool) for row in rows}


async def test_topics_and_pages_give_held_seats_to_their_group_only(site: Site):
    await announced(site, 2, {"group": "remote", "seats": 1}, remote=[5])
    await site.svc.receives(asked(2, HELD), asked(3, HELD), asked(5, HELD), agency=CITY)
    found = await states(site)
    assert found[asn_id(2)] == ("accepted", "")
    assert found[asn_id(3)] == ("waitlisted", "")
    assert found[asn_id(5)] == ("accepted", "remote")
    answer = await site.command("enrolments", {"run": HELD}, "asn", person=4)
    assert answer.json()["outcome"] == "waitlisted"


async def test_a_held_seat_given_back_is_held_again_until_its_day(site: Site):
    await announced(site, 2, {"group": "remote", "seats": 1}, remote=[5, 6])
    await site.svc.receives(asked(2, HELD), asked(3, HELD), asked(5, HELD), agency=CITY)
    await site.svc.emitted()
    await site.command(f"enrolments/{enrollment_id(5, HELD)}/withdraw", {}, "operator")
    assert (await states(site))[asn_id(3)][0] == "waitlisted"
    await site.svc.receives(asked(6, HELD), agency=CITY)
    assert (await states(site))[asn_id(6)] == ("accepted", "remote")
    await site.command(f"enrolments/{enrollment_id(6, HELD)}/withdraw", {}, "operator")
    await site.svc.emitted()
    await site.svc.does_due_work(datetime(2026, 11, 25, 16, 59, tzinfo=UTC))
    assert await site.svc.emitted() == []
    await site.svc.does_due_work(datetime(2026, 11, 25, 17, 1, tzinfo=UTC))
    (moved,) = await site.svc.emitted(EnrollmentAccepted)
    assert moved.asn_id == asn_id(3)


async def test_who_waits_moves_into_what_their_group_gives_back(site: Site):
    await announced(site, 2, {"group": "remote", "seats": 1}, remote=[5, 6])
    await site.svc.receives(*(asked(n, HELD) for n in (2, 3, 5, 6)), agency=CITY)
    await site.svc.emitted()
    await site.command(f"enrolments/{enrollment_id(5, HELD)}/withdraw", {}, "operator")
    (moved,) = await site.svc.emitted(EnrollmentAccepted)
    assert moved.asn_id == asn_id(6)
    # what is anybody's goes to the longest waiting of all
    await site.command(f"enrolments/{enrollment_id(2, HELD)}/withdraw", {}, "operator")
    (moved,) = await site.svc.emitted(EnrollmentAccepted)
    assert moved.asn_id == asn_id(3)


async def test_seats_of_agencies_are_a_quota_where_they_are_all_given_to_agencies(site: Site):
    await announced(site, 2, {"agency": CITY, "seats": 1}, {"agency": REGENCY, "seats": 1})
    await site.svc.receives(asked(2, HELD), asked(3, HELD), agency=CITY)
    await site.svc.receives(asked(21, HELD), agency=REGENCY)
    found = await states(site)
    assert [found[asn_id(n)][0] for n in (2, 3, 21)] == ["accepted", "waitlisted", "accepted"]


async def test_a_substitute_for_a_held_seat_is_of_its_group(site: Site):
    await announced(site, 2, {"group": "remote", "seats": 1}, remote=[5, 6])
    await site.svc.receives(asked(5, HELD), agency=CITY)
    path = f"enrolments/{enrollment_id(5, HELD)}/substitute"
    refused = await site.command(path, {"nip": nip(3)}, "operator")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:bina:problem:substitute-held")
    assert (await site.command(path, {"nip": nip(6)}, "operator")).status_code == 200
    assert (await states(site))[asn_id(6)] == ("accepted", "remote")


async def test_more_cannot_be_held_than_there_are_seats(site: Site):
    await announced(site, 2, {"group": "remote", "seats": 2})
    answer = await site.command(f"runs/{HELD}/change", {"seats": 1}, "operator")
    assert answer.status_code == 422
    row = {"code": "KEU-2026-64", "programme": "KEU", "organiser": CITY, "starts_on": "2026-12-01"}
    row |= {"ends_on": "2026-12-02", "seats": 1}
    held = {"held": [{"group": "women", "seats": 2}], "held_until": "2026-11-30"}
    answer = await site.command("runs", {"items": [row | {"admission": held}]}, "operator")
    assert answer.status_code == 422
    shown = (await site.reads(f"runs/{HELD}", "operator")).json()["admission"]
    assert shown["held"] == [{"group": "remote", "seats": 2}]


async def test_the_page_says_for_whom_seats_are_held_until_when(site: Site):
    await announced(site, 1, {"group": "remote", "seats": 1}, remote=[5])
    async with site.client("asn", person=2) as general, site.client("asn", person=5) as remote:
        waits, free = [(await one.get(f"/enrollment/angkatan/{HELD}")).text for one in (general, remote)]
    words = "Kursi umum penuh; 1 kursi ditahan untuk unit terpencil sampai 25 November 2026."
    assert words in waits
    assert "Masuk daftar tunggu" in waits
    assert "Masuk daftar tunggu" not in free


@pytest.mark.parametrize("seats", [7])
async def test_a_rush_sells_no_held_seat_to_others_and_none_twice(site: Site, seats: int):
    racers, far = range(100, 160), range(100, 120)
    await announced(site, seats, {"group": "remote", "seats": 4})
    async with site.svc.sessions() as session, session.begin():
        await record_asn(session, [person(n, unit_id=FAR if n in far else None) for n in racers])
    turns = asyncio.Semaphore(20)

    async def ask(n: int) -> str:
        async with turns:
            return (await site.command("enrolments", {"run": HELD}, "asn", person=n)).json()["outcome"]

    outcomes = await asyncio.gather(*(ask(n) for n in racers))
    assert Counter(outcomes) == {"accepted": seats, "waitlisted": len(racers) - seats}
    pools = Counter(pool for state, pool in (await states(site)).values() if state == "accepted")
    assert pools == {"": seats - 4, "remote": 4}
    assert clock.today() <= UNTIL
