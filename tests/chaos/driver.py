"""A seeded stream of stories, told side by side for as long as the run lasts."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import TypeVar

from chaos.crowds import (
    PLENTY,
    is_new_and_asks,
    is_stopped_by_what_nobody_can_read,
    many_ask_at_once,
    many_want_few_seats,
)
from chaos.journal import Journal
from chaos.listening import Ears
from chaos.sending import Commands, Publisher
from chaos.stories import AHEAD, JP, TODAY, Scene, Story
from journeys.running import Bina
from journeys.world import Asn, World

T = TypeVar("T")
AGENCIES = ("3273", "3578")
SIDE_BY_SIDE = 60
CAST, SEATS = 12, 4
CROWD = 100
MAILED = 3
"""Every so manyth person has an address; of a crowd every tenth."""
UNREADABLE = 30
"""Most records of a run that nobody can read: far fewer than those at which a topic pauses."""
ROWS = 500
AIMED = 2
"""So many runs of a kind develop what people lack: each of these is told to everybody, with a mail."""


@dataclass(frozen=True)
class Load:
    """How much is asked: stories a second, the share of agencies' events that are bad, for how long.

    `crowd_every`: each so manyth story is of an agency's whole list, some 175 events.
    """

    seed: int
    seconds: float
    per_second: float = 10.0
    poison: float = 0.01
    crowd_every: int = 30

    @property
    def stories(self) -> int:
        return int(self.seconds * self.per_second) + 1

    @property
    def few_every(self) -> int:
        """Each so manyth story is of many people who want few seats."""
        return min(30, max(10, self.stories // 8))

    @property
    def unreadable_every(self) -> int:
        """Each so manyth story has a record that nobody can read in its middle."""
        return max(40, self.stories // UNREADABLE)


@dataclass
class Agency:
    """An agency's people and its runs; each person is in each run's story at most once."""

    world: World
    ears: Ears
    people: list[Asn]
    ahead: list[str]
    today: list[str]
    few_seats: list[tuple[str, Sequence[Asn]]]
    crowd: list[Asn]
    plain: str
    """A programme that develops nothing, so that its runs are told to nobody who does not ask."""


class Driver:
    """Tells stories; `run` returns when all that were begun have ended."""

    def __init__(self, bina: Bina, journal: Journal, load: Load) -> None:
        self.ends = False
        """Whether to begin no more, though there were time."""
        self._bina = bina
        self._journal = journal
        self._load = load
        self._chance = random.Random(load.seed)
        self._commands = Commands(journal, f"chaos-{load.seed}")
        self._publisher = Publisher(journal, bina.kafka)
        self._agencies: list[Agency] = []
        self._numbers = count(1)
        self._stretch = -1

    async def prepare(self) -> None:
        """Register people and announce runs, before anything is killed."""
        each = self._load.stories // len(AGENCIES) + 1
        for code in AGENCIES:
            self._agencies.append(await self._agency(code, each))

    async def _agency(self, code: str, stories: int) -> Agency:
        world = await World.begin(self._bina, code)
        people = await _people(world, "Peserta", 40, 40 * MAILED)
        crowd = await _people(world, "Warga", CROWD // 10, CROWD)
        ahead, today, few = (
            [f"{name}-{code}-{n:03}" for n in range(many)]
            for name, many in (
                ("NANTI", stories // len(people) + 1),
                ("KINI", stories // len(people) + 1),
                ("SEDIKIT", stories // self._load.few_every + 1),
            )
        )
        plain = await self._announce(world, ahead, today, few)
        casts = await _casts(world, len(few))
        few_seats = list(zip(few, casts, strict=True))
        return Agency(
            world, Ears(self._bina.kafka_of(code), code), people, ahead, today, few_seats, crowd, plain
        )

    async def _announce(self, world: World, ahead: list[str], today: list[str], few: list[str]) -> str:
        """Announce every run; gives the programme of those that are told to nobody."""
        aimed, plain = f"LAYANAN-{world.agency}", f"RAPAT-{world.agency}"
        await world.programme(aimed, "Pelayanan Prima", jp=JP)
        await world.operator.post("/enrollment/api/v1/programmes", {"items": [_aimless(plain)]})
        for names, days, seats in ((ahead, 5, PLENTY), (today, 0, PLENTY), (few, 5, SEATS)):
            held_on = (self._bina.today() + timedelta(days=days)).isoformat()
            first = [] if names is few else names[:AIMED]
            await _announce(world, first, aimed, held_on, seats)
            await _announce(world, names[len(first) :], plain, held_on, seats)
        return plain

    async def run(self) -> None:
        """Begin stories at the wanted rate for the wanted time; when all is slow, later ones begin later."""
        gate = asyncio.Semaphore(SIDE_BY_SIDE)
        loop = asyncio.get_running_loop()
        begun, end = loop.time(), loop.time() + self._load.seconds
        async with asyncio.TaskGroup() as group:
            for number, (story, scene) in enumerate(self._scenes()):
                await asyncio.sleep(max(0.0, begun + number / self._load.per_second - loop.time()))
                await gate.acquire()
                if loop.time() >= end or self.ends:
                    return
                group.create_task(self._tell(story, scene, gate))

    async def _tell(self, story: Story, scene: Scene, gate: asyncio.Semaphore) -> None:
        number, name = next(self._numbers), story.__name__
        self._journal.write("story", number=number, name=name, run=scene.run, nip=scene.person.nip)
        try:
            await story(scene)
        except (KeyError, AssertionError) as error:  # an answer that no story allows for
            self._journal.write("story failed", number=number, name=name, error=repr(error))
        finally:
            gate.release()
        self._journal.write("story ended", number=number)

    def _scenes(self) -> Iterator[tuple[Story, Scene]]:
        places = [iter(self._places(agency)) for agency in self._agencies]
        for number in count(1):
            chance = random.Random(f"{self._load.seed}/{number}")
            turn = chance.randrange(len(self._agencies))
            agency = self._agencies[turn]
            if number % self._load.few_every == 1 and agency.few_seats:
                run, cast = agency.few_seats.pop(0)
                yield many_want_few_seats, self._scene(agency, chance, run, cast)
            elif number % self._load.crowd_every == 3:
                run = f"RAMAI-{agency.world.agency}-{number:05}"
                yield many_ask_at_once, self._scene(agency, chance, run, agency.crowd)
            else:
                run, person, is_today = next(places[turn])
                yield self._story(number, chance, is_today), self._scene(agency, chance, run, [person])

    def _story(self, number: int, chance: random.Random, is_today: bool) -> Story:  # noqa: FBT001 - which list
        if not is_today:
            return chance.choice((*AHEAD, is_new_and_asks))
        # The first that comes in each stretch.
        stretch = number // self._load.unreadable_every
        if stretch > self._stretch:
            self._stretch = stretch
            return is_stopped_by_what_nobody_can_read
        return chance.choice(TODAY)

    def _places(self, agency: Agency) -> Iterator[tuple[str, Asn, bool]]:
        """Every person in every run, once, in an order of chance within each pair of runs."""
        for ahead, today in zip(agency.ahead, agency.today, strict=True):
            pairs = [(ahead, asn, False) for asn in agency.people] + [
                (today, asn, True) for asn in agency.people
            ]
            yield from self._chance.sample(pairs, len(pairs))

    def _scene(self, agency: Agency, chance: random.Random, run: str, cast: Sequence[Asn]) -> Scene:
        other = next(a for a in self._agencies if a is not agency)
        few = len(cast) == CAST
        return Scene(
            world=agency.world,
            journal=self._journal,
            commands=self._commands,
            publisher=self._publisher,
            ears=agency.ears,
            chance=chance,
            poison_share=0.0 if few else self._load.poison,
            run=run,
            person=cast[0],
            stranger=other.people[0],
            cast=list(cast),
            seats=SEATS if few else 0,
            programme=agency.plain,
        )

    async def close(self) -> None:
        await asyncio.gather(self._publisher.close(), *(agency.ears.close() for agency in self._agencies))


async def _people(world: World, name: str, mailed: int, many: int) -> list[Asn]:
    some = await world.people([f"{name} {n}" for n in range(mailed)])
    return some + await world.people([f"{name} {n}" for n in range(mailed, many)], with_email=False)


def _aimless(code: str) -> dict[str, object]:
    return {"code": code, "name": "Rapat kerja", "jp": JP, "competencies": []}


async def _announce(world: World, codes: Sequence[str], programme: str, held_on: str, seats: int) -> None:
    days = {"starts_on": held_on, "ends_on": held_on}
    rows = [
        {"code": c, "programme": programme, "organiser": world.agency, "seats": seats, **days} for c in codes
    ]
    for some in chunks(rows, ROWS):
        await world.operator.post("/enrollment/api/v1/runs", {"items": some})


async def _casts(world: World, many: int) -> list[Sequence[Asn]]:
    people: list[Asn] = []
    for some in chunks(range(many * CAST), ROWS):
        people += await world.people([f"Peminat {n}" for n in some], with_email=False)
    return list(chunks(people, CAST))


def chunks(rows: Sequence[T], many: int) -> Iterator[Sequence[T]]:
    return (rows[first : first + many] for first in range(0, len(rows), many))
