"""What happens to the demo world's people besides training, as agencies do it: moves asked for, a NIP that changes, files.

On the world's last day, once all is played: nothing that is told of the year hangs on it.
"""

import csv
import hashlib
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

from .load_doors import Doors
from .load_register import recorded
from .model import Person, World

HOME, NEIGHBOUR, PROVINCE = "5571", "5508", "5500"
BALANCES, LEAVING = 8, 0.1
"""People whose balance is brought; the part of a run's people that its full list misses."""


async def change(doors: Doors, world: World) -> None:
    """Somebody asked for and waiting, somebody moved, a NIP changed, opening balances applied, a full list to look at;
    what was done before is not done again. Raises RefusedError with the service's problem."""
    ours, theirs = _ordinary(world, HOME), _ordinary(world, NEIGHBOUR)
    await _ask_for(doors, world, PROVINCE, ours[0], "Kebutuhan analis di Bappeda, surat 800/317/BKD")
    moved = await _ask_for(doors, world, HOME, theirs[0], "Mutasi mengikuti pasangan, surat 824/112/BKPSDMD")
    await doors.command("enrollment", f"transfers/{moved['id']}/accept", {}, "accept")
    renumbered = recorded(ours[1], world.by_nip) | {"nip": _other_nip(world, ours[1])}
    await doors.command("enrollment", "asn", {"items": [renumbered]}, "renumbered")
    await _bring_balances(doors, world.as_of.year - 1, ours[2 : 2 + BALANCES])
    await _list_in_full(doors, world)


async def _ask_for(doors: Doors, world: World, agency: str, person: Person, reason: str) -> Any:
    body = {"nip": person.nip, "reason": reason, "since": str(world.as_of)}
    return await doors.command("enrollment", "transfers", body, f"{agency}/{person.nip}", office=agency)


async def _bring_balances(doors: Doors, year: int, people: Sequence[Person]) -> None:
    """JP of a year before Bina, from an old list, applied."""
    rows = [(one.nip, year, 4 + n, "Rekap SIMPEG") for n, one in enumerate(people)]
    told = await _upload(doors, "saldo-jp", f"saldo-{year}.csv", _csv(("NIP", "Tahun", "JP", "Sumber"), rows))
    await doors.command("enrollment", f"imports/{told['id']}/apply", {"plan": told["plan"]}, "apply")


async def _list_in_full(doors: Doors, world: World) -> None:
    """The full list of the first run to come with more than one of our people; some are missing from it, and it is
    checked, not yet applied."""
    coming = sorted((run for run in world.runs if run.starts_on > world.as_of), key=lambda run: run.starts_on)
    for run in coming:
        asked = {"run": run.code, "agency": HOME, "state": "accepted", "limit": 1000}
        ours = sorted(row["nip"] for row in (await doors.ask("enrollment", "enrolments", **asked))["items"])
        if len(ours) > 1:
            staying = ours[math.ceil(LEAVING * len(ours)) :]
            file = _csv(("NIP", "Kode Angkatan"), [(nip, run.code) for nip in staying])
            await _upload(doors, "pendaftaran", f"peserta-{run.code}.csv", file, replace="true")
            return


async def _upload(doors: Doors, kind: str, name: str, file: bytes, **more: str) -> Any:
    known_by = f"{name}/{hashlib.sha256(file).hexdigest()}"
    asked = {"kind": kind, "agency": HOME, "name": name, **more}
    return await doors.command("enrollment", "imports", file, known_by, asked=asked)


def _ordinary(world: World, agency: str) -> list[Person]:
    """An agency's PNS who are nobody's supervisor, hold no role and are not among those to sign in as."""
    named = {person.supervisor for person in world.people} | {account.nip for account in world.accounts}
    found = (one for one in world.people if one.agency == agency and one.status == "PNS")
    return sorted(
        (one for one in found if one.nip not in named and set(one.roles) <= {"asn"}), key=lambda one: one.nip
    )


def _other_nip(world: World, person: Person) -> str:
    """The first serial number behind their own that nobody has."""
    serials = (f"{person.nip[:-3]}{n:03d}" for n in range(int(person.nip[-3:]) + 1, 1000))
    return next(nip for nip in serials if nip not in world.by_nip)


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([head, *rows])
    return file.getvalue().encode()
