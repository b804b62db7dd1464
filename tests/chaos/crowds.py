"""Stories of many people at once, and of runs that are asked for as soon as they are announced."""

import asyncio
from collections.abc import Sequence
from typing import Any

from chaos.slipped import unreadable
from chaos.stories import (
    ATTENDED,
    GIVEN_BACK,
    LEFT,
    OUT,
    SEAT,
    SEATED,
    WAIT,
    WAITED,
    YES,
    Attempt,
    Scene,
    record_attendance,
)
from journeys.agency import REQUEST, WITHDRAWAL
from journeys.world import Asn, new_nip

PLENTY = 10_000


async def many_want_few_seats(scene: Scene) -> None:
    """The first to ask who stay to the end have the seats, in whatever moments seats become free."""
    leaving = scene.chance.sample(scene.cast, len(scene.cast) // 3)
    staying = [asn for asn in scene.cast if asn not in leaving]
    for place, asn in enumerate(staying):
        scene.ends(_waited_for(place < scene.seats), person=asn)
    for asn in leaving:
        scene.ends(
            Attempt(("withdrawn",), ((SEATED, LEFT), (WAITED, LEFT), (WAITED, SEATED, LEFT))), person=asn
        )
    for step, asn in _requests_and_withdrawals(scene, leaving):
        if step == REQUEST:
            ends_waiting = asn in staying[scene.seats :]
            expected = [WAIT] if ends_waiting else [YES, [*WAIT, *YES]]
            await scene.tell(REQUEST, [*expected, WAIT] if asn in leaving else expected, asn)
        else:
            await scene.tell(WITHDRAWAL, [OUT], asn)
        await asyncio.sleep(scene.chance.random())


def _waited_for(seated: bool) -> Attempt:  # noqa: FBT001 - the one thing that differs
    if seated:
        return Attempt(("accepted",), ((SEATED,), (WAITED, SEATED)))
    return Attempt(("waitlisted",), ((WAITED,),))


def _requests_and_withdrawals(scene: Scene, leaving: Sequence[Asn]) -> list[tuple[str, Asn]]:
    """Requests in the cast's order, each withdrawal somewhere after its request."""
    steps = [(REQUEST, asn) for asn in scene.cast]
    for asn in leaving:
        first = steps.index((REQUEST, asn)) + 1
        steps.insert(scene.chance.randint(first, len(steps)), (WITHDRAWAL, asn))
    return steps


async def many_ask_at_once(scene: Scene) -> None:
    """A run that nobody knew is announced, and in the same moment an agency's whole list asks for it."""
    await _announce(scene)
    plans = [(asn, scene.chance.choice((_stays, _stays, _leaves, _returns))) for asn in scene.cast]
    await asyncio.gather(*(plan(scene, asn) for asn, plan in plans))


async def _stays(scene: Scene, asn: Asn) -> None:
    scene.ends(SEAT, person=asn)
    await scene.tell(REQUEST, [YES], asn)


async def _leaves(scene: Scene, asn: Asn) -> None:
    scene.ends(GIVEN_BACK, person=asn)
    await scene.tell(REQUEST, [YES], asn)
    await scene.tell(WITHDRAWAL, [OUT], asn)


async def _returns(scene: Scene, asn: Asn) -> None:
    scene.ends(GIVEN_BACK, SEAT, person=asn)
    await scene.tell(REQUEST, [YES], asn)
    await scene.tell(WITHDRAWAL, [OUT], asn)
    await scene.tell(REQUEST, [YES], asn)


async def is_new_and_asks(scene: Scene) -> None:
    """Somebody nobody knew asks for a run nobody knew; what is told of the seat may be read before both."""
    scene.run = f"BARU-{scene.run}-{scene.person.nip}"
    await _announce(scene)
    nip = new_nip()
    row = {
        "nip": nip,
        "name": "Pegawai baru",
        "agency_code": scene.world.agency,
        "email": f"{nip}@bina.example",
    }
    answer = await scene.command("/asn", {"items": [row]})
    scene.person = Asn(answer["ids"][nip], nip, row["name"], row["email"], scene.world.agency)
    scene.ends(SEAT)
    await scene.tell(REQUEST, [YES])


async def is_stopped_by_what_nobody_can_read(scene: Scene) -> None:
    """Among the facts of somebody's enrolment lies one that is none: what follows waits for an operator."""
    scene.ends(ATTENDED)
    enrolment = str((await scene.ask())["enrollment_id"])
    await scene.publisher.slip_in(unreadable(enrolment, scene.new_id()))
    await record_attendance(scene, enrolment)


async def _announce(scene: Scene) -> None:
    row: dict[str, Any] = {"code": scene.run, "programme": scene.programme, "organiser": scene.world.agency}
    days = {"starts_on": scene.later, "ends_on": scene.later}
    await scene.command("/runs", {"items": [row | days | {"seats": PLENTY}]})
