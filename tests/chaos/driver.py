"""A seeded stream of stories, told side by side for as long as the run lasts."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from chaos.journal import Journal
from chaos.listening import Ears
from chaos.sending import Commands, Publisher
from chaos.stories import AHEAD, JP, TODAY, Scene, Story, many_want_few_seats
from journeys.running import Bina
from journeys.world import Asn, World

AGENCIES = ("3273", "3578")
SIDE_BY_SIDE = 60
CAST, SEATS = 12, 4
MAILED = 3
"""Every so manyth person has an address."""


@dataclass(frozen=True)
class Load:
    """How much is asked: stories a second, the share of agencies' events that are bad, for how long."""

    seed: int
    seconds: float
    per_second: float = 8.0
    poison: float = 0.01

    @property
    def stories(self) -> int:
        return int(self.seconds * self.per_second) + 1


@dataclass
class Agency:
    """An agency's people and its runs; each person is in each run's story at most once."""

    world: World
    ears: Ears
    people: list[Asn]
    ahead: list[str]
    today: list[str]
    few_seats: list[tuple[str, list[Asn]]]


class Driver:
    """Tells stories; `run` returns when all that were begun have ended."""

    def __init__(self, bina: Bina, journal: Journal, load: Load) -> None:
        self._bina = bina
        self._journal = journal
        self._load = load
        self._chance = random.Random(load.seed)
        self._commands = Commands(journal, f"chaos-{load.seed}")
        self._publisher = Publisher(journal, bina.kafka)
        self._agencies: list[Agency] = []
        self._numbers = count(1)

    async def prepare(self) -> None:
        """Register people and announce runs, before anything is killed."""
        each = self._load.stories // len(AGENCIES) + 1
        for code in AGENCIES:
            self._agencies.append(await self._agency(code, each))

    async def _agency(self, code: str, stories: int) -> Agency:
        world = await World.begin(self._bina, code)
        programme = f"LAYANAN-{code}"
        await world.programme(programme, "Pelayanan Prima", jp=JP)
        mailed = await world.people([f"Peserta {n}" for n in range(40)])
        others = await world.people([f"Peserta {n}" for n in range(40, 40 * MAILED)], with_email=False)
        people = [*mailed, *others]
        later = (self._bina.today() + timedelta(days=5)).isoformat()
        crowds = max(1, stories // 60)
        runs = stories // len(people) + 1
        ahead = [f"NANTI-{code}-{n:03}" for n in range(runs)]
        today = [f"KINI-{code}-{n:03}" for n in range(runs)]
        few = [f"SEDIKIT-{code}-{n:03}" for n in range(crowds)]
        for names, columns in ((ahead, {"starts_on": later}), (today, {}), (few, {"starts_on": later})):
            seats = SEATS if names is few else 10_000
            for name in names:
                await world.run(name, programme, seats=seats, **columns)
        casts = [await world.people([f"Peminat {n}" for n in range(CAST)], with_email=False) for _ in few]
        ears = Ears(self._bina.kafka, code)
        return Agency(world, ears, people, ahead, today, list(zip(few, casts, strict=True)))

    async def run(self) -> None:
        """Begin stories at the wanted rate for the wanted time; when all is slow, later ones begin later."""
        gate = asyncio.Semaphore(SIDE_BY_SIDE)
        loop = asyncio.get_running_loop()
        begun, end = loop.time(), loop.time() + self._load.seconds
        async with asyncio.TaskGroup() as group:
            for number, (story, scene) in enumerate(self._scenes()):
                await asyncio.sleep(max(0.0, begun + number / self._load.per_second - loop.time()))
                await gate.acquire()
                if loop.time() >= end:
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
        crowds = [(agency, *crowd) for agency in self._agencies for crowd in agency.few_seats]
        places = [iter(self._places(agency)) for agency in self._agencies]
        every = max(2, self._load.stories // (len(crowds) + 1))
        for number in count():
            chance = random.Random(f"{self._load.seed}/{number}")
            if crowds and number % every == 1:
                agency, run, cast = crowds.pop(0)
                yield many_want_few_seats, self._scene(agency, chance, run, cast)
            else:
                turn = number % len(self._agencies)
                run, person, is_today = next(places[turn])
                story = chance.choice(TODAY if is_today else AHEAD)
                yield story, self._scene(self._agencies[turn], chance, run, [person])

    def _places(self, agency: Agency) -> Iterator[tuple[str, Asn, bool]]:
        """Every person in every run, once, in an order of chance within each pair of runs."""
        for ahead, today in zip(agency.ahead, agency.today, strict=True):
            pairs = [(ahead, asn, False) for asn in agency.people] + [
                (today, asn, True) for asn in agency.people
            ]
            yield from self._chance.sample(pairs, len(pairs))

    def _scene(self, agency: Agency, chance: random.Random, run: str, cast: list[Asn]) -> Scene:
        other = next(a for a in self._agencies if a is not agency)
        crowded = len(cast) > 1
        return Scene(
            world=agency.world,
            journal=self._journal,
            commands=self._commands,
            publisher=self._publisher,
            ears=agency.ears,
            chance=chance,
            poison_share=0.0 if crowded else self._load.poison,
            run=run,
            person=cast[0],
            stranger=other.people[0],
            cast=cast,
            seats=SEATS if crowded else 0,
        )

    async def close(self) -> None:
        await asyncio.gather(self._publisher.close(), *(agency.ears.close() for agency in self._agencies))
