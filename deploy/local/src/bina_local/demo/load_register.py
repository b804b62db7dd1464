"""Registers the world: agencies with their topics, units, people, programmes, roles, evaluators."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from bina_local.access import open_to

from .load_doors import Doors
from .load_quiet import Quiet
from .model import Agency, DemoAccount, Person, Programme, Run, Unit, World
from .runs import FIRST_DAY

ROWS = 500
ADMISSIONS = {
    "MAN-2026-05": {"approval": "supervisor"},
    "PKP-2026-02": {"approval": "both"},
    "AUD-2026-01": {"held": [{"group": "remote", "seats": 3}], "held_until": "2027-01-15"},
}
"""Runs to come that ask for an approval, or hold seats back; what agencies send of the world needs neither."""
T = TypeVar("T")


async def admit(doors: Doors, world: World) -> None:
    """Each agency's own pair of topics and right to it; `bina up` has done it before the services began to read."""
    broker = doors.context.broker
    await open_to(broker.bootstrap, broker.password, [agency.code for agency in world.agencies])


async def register(doors: Doors, world: World) -> None:
    """Everything that enrollment keeps of who there is and what is offered."""
    await _record(doors, "agencies", world.agencies, _agency)
    await _record(doors, "units", world.units, _unit)
    await asyncio.gather(
        _record(doors, "asn", world.people, lambda person: recorded(person, world.by_nip)),
        _record(doors, "programmes", world.programmes, _programme),
    )
    await _record(doors, "roles", [*_roles(world)], dict)
    for agency in world.agencies:
        for year in (FIRST_DAY.year, world.as_of.year):
            body = {"agency_code": agency.code, "year": year, "complete": True, "source": "Dunia demo"}
            await doors.command("enrollment", "jp-histories", body, f"{agency.code}/{year}")


async def appoint(doors: Doors, quiet: Quiet, world: World) -> None:
    """Evaluators of each agency's people, once evaluation knows them."""
    pools: dict[str, list[str]] = defaultdict(list)
    for person in world.people:
        if "evaluator" in person.roles:
            pools[person.agency].append(person.nip)
    await quiet.everything()
    for agency, nips in pools.items():
        body = {"agency_code": agency, "evaluators": nips}
        await doors.command("evaluation", "evaluators", body, agency)


def announcement(run: Run) -> dict[str, Any]:
    """A run as its announcement."""
    return {
        "code": run.code,
        "programme": run.programme,
        "organiser": run.agency,
        "open_to": list(run.open_to),
        "starts_on": str(run.starts_on),
        "ends_on": str(run.ends_on),
        "seats": run.quota,
        "location": run.location,
        "pass_score": run.pass_score,
        "admission": ADMISSIONS.get(run.code),
    }


async def _record(doors: Doors, path: str, rows: Sequence[T], write: Callable[[T], dict[str, Any]]) -> None:
    bodies = [{"items": [write(row) for row in rows[n : n + ROWS]]} for n in range(0, len(rows), ROWS)]
    await asyncio.gather(*(doors.command("enrollment", path, body, str(n)) for n, body in enumerate(bodies)))


def _agency(agency: Agency) -> dict[str, Any]:
    own = [agency.code]
    uploads = {"pegawai": own, "pendaftaran": own, "kelulusan": list(agency.reports_for)}
    return {"code": agency.code, "name": agency.name, "uploads": uploads}


def _unit(unit: Unit) -> dict[str, Any]:
    parent = str(unit.parent) if unit.parent else None
    return {
        "id": str(unit.id),
        "agency_code": unit.agency,
        "name": unit.name,
        "parent_id": parent,
        "remote": unit.remote,
    }


def recorded(person: Person, by_nip: dict[str, Person]) -> dict[str, Any]:
    """A person as the register is told of them."""
    supervisor = str(by_nip[person.supervisor].id) if person.supervisor else None
    return {
        "id": str(person.id),
        "nip": person.nip,
        "name": person.name,
        "agency_code": person.agency,
        "employment": person.status,
        "unit_id": str(person.unit_id),
        "position": person.position,
        "position_type": person.position_type,
        "job_level": person.job_level,
        "grade": person.grade,
        "gender": person.sex,
        "supervisor_id": supervisor,
        "started_on": str(person.started_on),
        "email": person.email,
        "phone": person.phone,
    }


def _programme(programme: Programme) -> dict[str, Any]:
    return {
        "code": programme.code,
        "name": programme.name,
        "jp": programme.jp,
        "kind": programme.kind,
        "kind_id": programme.kind_id,
        "mode": programme.mode,
        "competencies": [{"code": code, "level": programme.level} for code in programme.competencies],
        "job_levels": list(programme.job_levels),
        "quota": programme.quota,
    }


def _roles(world: World) -> Iterable[dict[str, Any]]:
    """Appointments, and for those to sign in as what they show."""
    accounts = {account.nip: account for account in world.accounts}
    for person in world.people:
        account = accounts.get(person.nip)
        held: list[str] = [role for role in person.roles if role != "asn"]
        for role in held or (["asn"] if account else []):
            yield {
                "asn_id": str(person.id),
                "role": role,
                "agency_code": person.agency,
                "shows": _shown(account) if account else "",
            }


def _shown(account: DemoAccount) -> str:
    return f"{account.label}: {account.shows}"
