"""What people, clerks and agencies do, and what must come of it whatever dies meanwhile.

Each story belongs to one person in one run, those of `crowds` to several people in one, so its end is known exactly.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from bina_local.publication import RawRecord
from chaos.journal import Journal
from chaos.listening import Ears
from chaos.poison import CONFLICT, POISONS, Poison, with_header
from chaos.sending import ACKNOWLEDGED, REFUSED, Commands, Publisher
from journeys.agency import REQUEST, RESULT, WITHDRAWAL, id_of
from journeys.world import Asn, World

JP = 12
WAITED, SEATED, LEFT = "enrollment.waitlisted.v1", "enrollment.accepted.v1", "enrollment.withdrawn.v1"
MET, DONE, FAILED = "attendance.met.v1", "training.completed.v1", "training.not_completed.v1"
CORRECTED = "training.result_corrected.v1"
ISSUED, REVOKED = "certificate.issued.v1", "certificate.revoked.v1"
YES, NO, OUT, WAIT = ["accepted"], ["refused"], ["withdrawn"], ["waitlisted"]
RUNS = "/enrollment/api/v1"


@dataclass(frozen=True)
class Attempt:
    """How one attempt of a person in a run must end; `facts`: the sequences of facts that are right."""

    states: tuple[str, ...]
    facts: tuple[tuple[str, ...], ...]
    jp: int = 0
    revision: int = 0
    certificate: str = ""


SEAT = Attempt(("accepted",), ((SEATED,),))
GIVEN_BACK = Attempt(("withdrawn",), ((SEATED, LEFT),))
ATTENDED = Attempt(("completed",), ((SEATED, MET, DONE),), JP, 1)


@dataclass
class Scene:
    """One story's place, person and means."""

    world: World
    journal: Journal
    commands: Commands
    publisher: Publisher
    ears: Ears
    chance: random.Random
    poison_share: float
    run: str
    person: Asn
    stranger: Asn
    cast: list[Asn] = field(default_factory=list)
    seats: int = 0
    programme: str = ""

    def ends(self, *attempts: Attempt, person: Asn | None = None, run: str | None = None) -> None:
        """Note what must be there in the end; before anything is sent."""
        told = [vars(attempt) for attempt in attempts]
        nip = (person or self.person).nip
        self.journal.write("end", nip=nip, run=self.run if run is None else run, attempts=told)

    async def tell(self, kind: str, expected: list[list[str]], person: Asn | None = None, **body: Any) -> str:
        """Publish an agency's event, now and then with a bad one beside it; gives its id."""
        columns = {"nip": (person or self.person).nip, "run_code": self.run} | body
        record = self.world.system.record(kind, columns, event_id=self.new_id())
        poison = self.chance.choice(POISONS) if self.chance.random() < self.poison_share else None
        await self.publisher.send(record, expected)
        if poison is not None:
            await self._spoil(poison, record)
        return id_of(record)

    async def _spoil(self, poison: Poison, record: RawRecord) -> None:
        own = record if poison is CONFLICT else with_header("ce_id", self.new_id().encode())(record)
        await self.publisher.send(poison.spoil(own), [], poison.name)

    def new_id(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128), version=4))

    async def command(self, path: str, body: Any, expected: str = ACKNOWLEDGED) -> Any:
        return await self.commands.send(self.world.operator, f"{RUNS}{path}", body, expected)

    async def ask(self, expected: str = ACKNOWLEDGED, **body: Any) -> Any:
        columns = {"run": self.run, "nip": self.person.nip} | body
        return await self.command("/enrolments", columns, expected)

    @property
    def today(self) -> str:
        return self.world.bina.today().isoformat()

    @property
    def later(self) -> str:
        return (self.world.bina.today() + timedelta(days=5)).isoformat()

    def result(self, kind: str, **more: Any) -> dict[str, Any]:
        return {"result": kind, "completed_on": self.today, "jp": JP if kind == "passed" else 0} | more

    @property
    def number(self) -> str:
        return f"SERT/{self.run}/{self.person.nip}"


async def asks_by_event(scene: Scene) -> None:
    scene.ends(SEAT)
    await scene.tell(REQUEST, [YES])


async def asks_by_http(scene: Scene) -> None:
    scene.ends(SEAT)
    await scene.ask()


async def asks_again_and_again(scene: Scene) -> None:
    scene.ends(SEAT)
    await scene.tell(REQUEST, [YES])
    await scene.tell(REQUEST, [YES])
    await scene.ask()


async def asks_by_both_at_once(scene: Scene) -> None:
    scene.ends(SEAT)
    await asyncio.gather(scene.tell(REQUEST, [YES]), scene.ask())


async def leaves_by_event(scene: Scene) -> None:
    scene.ends(GIVEN_BACK)
    await scene.tell(REQUEST, [YES])
    await scene.tell(WITHDRAWAL, [OUT])


async def leaves_by_http(scene: Scene) -> None:
    scene.ends(GIVEN_BACK)
    answer = await scene.ask()
    await scene.command(f"/enrolments/{answer['enrollment_id']}/withdraw", {"reason": "Tugas lain"})


async def comes_back(scene: Scene) -> None:
    scene.ends(GIVEN_BACK, SEAT)
    await scene.tell(REQUEST, [YES])
    await scene.tell(WITHDRAWAL, [OUT])
    await scene.tell(REQUEST, [YES])


async def attends(scene: Scene) -> None:
    scene.ends(ATTENDED)
    await _attended(scene)


async def is_corrected(scene: Scene) -> None:
    scene.ends(Attempt(("completed",), ((SEATED, MET, DONE, CORRECTED),), JP - 2, 2))
    enrolment = await _attended(scene)
    await _correct(scene, enrolment, completed=True, jp=JP - 2)


async def passes(scene: Scene) -> None:
    facts = (SEATED, DONE, MET, ISSUED)
    scene.ends(Attempt(("completed",), (facts,), JP, 1, scene.number))
    await scene.tell(REQUEST, [YES])
    await scene.tell(RESULT, [YES], **scene.result("passed", certificate_number=scene.number))


async def passes_unasked(scene: Scene) -> None:
    scene.ends(Attempt(("completed",), ((SEATED, DONE, MET),), JP, 1))
    await scene.tell(RESULT, [YES], **scene.result("passed"))


async def fails(scene: Scene) -> None:
    scene.ends(Attempt(("not_completed",), ((SEATED, FAILED),), 0, 1))
    await scene.tell(REQUEST, [YES])
    await scene.tell(RESULT, [YES], **scene.result("failed"))


async def loses_the_certificate(scene: Scene) -> None:
    facts = (SEATED, DONE, MET, ISSUED, REVOKED, CORRECTED)
    scene.ends(Attempt(("not_completed",), (facts,), 0, 2))
    answer = await scene.ask()
    id_ = await scene.tell(RESULT, [YES], **scene.result("passed", certificate_number=scene.number))
    await scene.ears.answer_to(id_)
    await _correct(scene, answer["enrollment_id"], completed=False, jp=0)


async def asks_for_no_run(scene: Scene) -> None:
    scene.ends(run="")
    await scene.tell(REQUEST, [NO], run_code="TIDAK-ADA-2026-01")
    await scene.ask(REFUSED, run="TIDAK-ADA-2026-01")


async def asks_for_a_stranger(scene: Scene) -> None:
    scene.ends(person=scene.stranger)
    await scene.tell(REQUEST, [NO], scene.stranger)
    await scene.ask(REFUSED, nip=scene.stranger.nip)


async def _attended(scene: Scene) -> str:
    enrolment = str((await scene.ask())["enrollment_id"])
    await record_attendance(scene, enrolment)
    return enrolment


async def record_attendance(scene: Scene, enrolment: str) -> None:
    await scene.command("/attendance", {"enrollments": [enrolment], "met_on": scene.today})


async def _correct(scene: Scene, enrolment: str, *, completed: bool, jp: int) -> None:
    reason = "Salah catat pada daftar hadir."
    body = {"completed": completed, "jp": jp, "completed_on": scene.today, "reason": reason}
    await scene.command(f"/results/{enrolment}/correct", body)


Story = Callable[[Scene], Awaitable[None]]
AHEAD: tuple[Story, ...] = (
    asks_by_event,
    asks_by_http,
    asks_again_and_again,
    asks_by_both_at_once,
    leaves_by_event,
    leaves_by_http,
    comes_back,
    asks_for_no_run,
    asks_for_a_stranger,
)
"""Those of a run that has not begun."""
TODAY: tuple[Story, ...] = (
    attends,
    is_corrected,
    passes,
    passes_unasked,
    fails,
    loses_the_certificate,
)
"""Those of a run that is held on this very day."""
