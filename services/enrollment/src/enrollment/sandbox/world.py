"""The people and runs of `world.toml`, as the rules ask for them. Nothing of it is in a database."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from bina.messaging import named_in
from enrollment.catalogue.domain import Run
from enrollment.enrolments.domain import Enrolment, Known
from enrollment.enrolments.domain.enrolment import begun
from enrollment.register.domain import PersonKey

JP = 20
LASTS = timedelta(days=4)
REVOKED = "COBA/DICABUT"
"""A certificate's number that no report may bear."""
_named = named_in(UUID("7d0a4c5e-2f4b-4b7e-9c57-3a8f5b1c2d64"))
_RAW = tomllib.loads(files(__package__).joinpath("world.toml").read_text(encoding="utf-8"))


@cache
def world_of(agency: str, on: date) -> Known:
    """The world of one sandbox agency on a day: its runs, and its people but for one."""
    runs = {row["code"]: _run(row, agency, on) for row in _RAW["runs"]}
    people = {row["nip"]: _person(row, agency) for row in _RAW["people"]}
    enrolments = {
        (run.run_id, people[row["nip"]].asn_id): _enrolment(row, run, people[row["nip"]])
        for row in _RAW["people"]
        if (run := runs.get(row.get("enrolled", "")))
    }
    positions = {
        enrolments[runs[row["enrolled"]].run_id, people[row["nip"]].asn_id].enrollment_id: row["position"]
        for row in _RAW["people"]
        if "position" in row
    }
    return Known(people, runs, enrolments, positions)


def _run(row: dict[str, Any], agency: str, on: date) -> Run:
    starts = on + timedelta(days=row["starts"])
    waiting = row.get("waiting", 0)
    return Run(
        run_id=_named(row["code"]),
        code=row["code"],
        programme_code="COBA",
        programme_name="Uji coba",
        organiser=agency,
        open_to=(agency,),
        jp=JP,
        starts_on=starts,
        ends_on=starts + LASTS,
        seats=row["seats"],
        status=row.get("status", "open"),
        taken=row["seats"] if waiting else 0,
        waiting=waiting,
        last_ticket=waiting,
    )


def _person(row: dict[str, Any], agency: str) -> PersonKey:
    return PersonKey(row["nip"], _named(row["nip"]), row.get("agency", agency), "PNS", None)


def _enrolment(row: dict[str, Any], run: Run, person: PersonKey) -> Enrolment:
    at = datetime.combine(run.starts_on - timedelta(days=60), datetime.min.time(), UTC)
    new = begun(run.run_id, person.asn_id, person.agency_code, at, None)
    if row.get("completed"):
        ended = new._replace(state="completed", met_on=run.ends_on, completed_on=run.ends_on)
        return ended._replace(jp=JP, origin="report", revision=1)
    return new._replace(state="waitlisted", ticket=row["position"]) if "position" in row else new
