"""The samples' reference world in the service's own tables, recorded by its own commands."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging.testing import ServiceUnderTest
from enrollment.catalogue.announcing import announce_runs, record_programmes
from enrollment.catalogue.bodies import ProgrammeRow, RunRow
from enrollment.catalogue.domain import run_id_of
from enrollment.enrolments.applying import apply
from enrollment.enrolments.domain import Change, Enrolment, enrollment_id_of
from enrollment.register.bodies import AgencyRow, AsnRow, UnitRow
from enrollment.register.recording import record_agencies, record_asn, record_units

from .imports.sample_world import RESULT, world

SPACE = UUID("1b0c6d4e-9f44-4d6e-8a56-3f1f6f4d2a10")
ASKED = datetime(2026, 1, 5, 2, tzinfo=UTC)


async def load(service: ServiceUnderTest) -> None:
    """Record the whole world."""
    async with service.sessions() as session, session.begin():
        await _register(session)
        await _catalogue(session)
        await _enrolments(session)
    await service.emitted()


async def _register(session: AsyncSession) -> None:
    agencies = world()["agencies"]
    rows = [
        AgencyRow(code=a["code"], name=a["name"], uploads=world()["uploaders"][a["code"]]) for a in agencies
    ]
    await record_agencies(session, rows)
    units = {(p["agency"], p["unit"]) for p in world()["asn"]}
    await record_units(
        session, [UnitRow(id=unit_id(*unit), agency_code=unit[0], name=unit[1]) for unit in sorted(units)]
    )
    await record_asn(session, [_person(p) for p in world()["asn"]])


def unit_id(agency: str, name: str) -> UUID:
    return uuid5(SPACE, f"{agency}/{name}")


def _person(raw: dict[str, Any]) -> AsnRow:
    return AsnRow(
        id=UUID(raw["id"]),
        nip=raw["nip"],
        name=raw["name"],
        agency_code=raw["agency"],
        employment=raw["status"],
        unit_id=unit_id(raw["agency"], raw["unit"]),
        position=raw["position"],
        position_type=raw["position_type"],
        job_level=raw["level"],
        grade=raw["golongan"],
        gender=raw["sex"],
        supervisor_nip=raw["supervisor"],
        started_on=date.fromisoformat(raw["tmt"]),
        email=raw["email"],
        phone=raw["phone"],
    )


async def _catalogue(session: AsyncSession) -> None:
    programmes = world()["programmes"]
    await record_programmes(
        session, [ProgrammeRow(code=p["code"], name=p["name"], jp=p["jp"]) for p in programmes]
    )
    await announce_runs(
        session,
        [
            RunRow(
                code=r["code"],
                programme=r["programme"],
                organiser=r["agency"],
                open_to=r["open_to"],
                starts_on=date.fromisoformat(r["start"]),
                ends_on=date.fromisoformat(r["end"]),
                seats=r["quota"],
            )
            for r in world()["runs"]
        ],
    )


async def _enrolments(session: AsyncSession) -> None:
    people = {p["nip"]: (UUID(p["id"]), p["agency"]) for p in world()["asn"]}
    results = {(r["nip"], r["run"]): r for r in world()["results"]}
    enrolled = [
        _enrolment(*people[e["nip"]], e["run"], results.get((e["nip"], e["run"])))
        for e in world()["enrolments"]
    ]
    await apply(session, [Change(None, one, one.completed_on) for one in enrolled])


def _enrolment(asn_id: UUID, agency: str, run: str, result: dict[str, Any] | None) -> Enrolment:
    run_id = run_id_of(run)
    new = Enrolment(enrollment_id_of(run_id, asn_id), run_id, asn_id, agency, "accepted", ASKED)
    if result is None:
        return new
    day = date.fromisoformat(result["completed_on"])
    passed = RESULT[result["status"]] == "passed"
    return new._replace(
        state="completed" if passed else "not_completed",
        reason="" if passed else RESULT[result["status"]],
        met_on=day,
        completed_on=day,
        jp=result["jp"],
        pre_score=_score(result["pre"]),
        post_score=_score(result["post"]),
        certificate_number=result["certificate"] or "",
        origin="report",
        revision=1,
    )


def _score(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def csv(*lines: Iterable[object]) -> bytes:
    """A file of lines, with semicolons."""
    return "\n".join(";".join(str(cell) for cell in line) for line in lines).encode()
