"""Files of agencies to try against: judged and planned by the same rules in the sandbox's fixed world, without a database."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from enrollment.enrolments.domain import Enrolment, Known
from enrollment.enrolments.domain.requests import Subject
from enrollment.imports.balance_rules import Employed
from enrollment.imports.checking import Draft
from enrollment.imports.claims import Claim
from enrollment.imports.columns import Kind
from enrollment.imports.full_lists import named_in, of_people, of_runs
from enrollment.imports.judging import Register
from enrollment.imports.plan import BLANK, FullList, Key, Recorded, State
from enrollment.imports.register_rules import PersonFact, Scope
from enrollment.imports.store.states import existing_result
from enrollment.sandbox.world import world_of

NAME = "Pegawai Uji Coba"


def scope_of(agency: str) -> Scope:
    """It names its own people only, whatever was granted."""
    return Scope(agency, {agency})


def recorded_in(kind: Kind, agency: str, on: date) -> Recorded:
    """What a plan finds recorded in the world."""
    world = world_of(agency, on)
    if kind is Kind.SALDO_JP:
        found = {nip: Employed(p.agency_code, "PNS", None, None) for nip, p in world.people.items()}
        return Recorded({}, {}, {}, found)
    if kind is Kind.PEGAWAI:
        return Recorded(
            {(nip, ""): State(p.asn_id, _person(p.agency_code)) for nip, p in world.people.items()}, {}, {}
        )
    return Recorded(
        {key: State(e.enrollment_id, _values(e)) for key, e in _enrolments(world).items()}, {}, {}
    )


def register_in(
    kind: Kind, agency: str, claims: Mapping[Key, Claim], recorded: Recorded, on: date
) -> Register:
    """What the rules find there."""
    world = world_of(agency, on)
    if kind is Kind.SALDO_JP:
        return Register(employed=recorded.employed, on=on)
    people = {nip: PersonFact(p.agency_code) for nip, p in world.people.items()}
    agencies = {agency, *(p.agency_code for p in world.people.values())}
    if kind is Kind.PEGAWAI:
        return Register(people, agencies=agencies)
    facts = {code: Subject(None, run, None).run_fact(on) for code, run in world.runs.items()}
    said = {key: recorded.states[key] for key in claims if key in recorded.states}
    results = {key: found for key, state in said.items() if (found := existing_result(state, claims[key]))}
    runs = {code: fact for code, fact in facts.items() if fact}
    return Register(people, runs, frozenset(said), results, agencies)


def full_list_in(kind: Kind, agency: str, on: date, drafts: Sequence[Draft]) -> FullList:
    """Whom a full list leaves out there."""
    world = world_of(agency, on)
    ours = sorted(nip for nip, person in world.people.items() if person.agency_code == agency)
    if kind is Kind.PEGAWAI:
        return of_people(ours, named_in(drafts))
    rows = named_in(drafts)
    named = {row.run_code for row in rows}
    enrolled = {
        key: "result" if one.has_ended else ""
        for key, one in _enrolments(world).items()
        if key[0] in ours and key[1] in named
    }
    return of_runs(enrolled, world.people, world.runs, rows)


def _enrolments(world: Known) -> dict[Key, Enrolment]:
    nips = {person.asn_id: nip for nip, person in world.people.items()}
    codes = {run.run_id: code for code, run in world.runs.items()}
    return {(nips[asn_id], codes[run_id]): one for (run_id, asn_id), one in world.enrolments.items()}


def _person(agency: str) -> dict[str, Any]:
    return {**BLANK, "name": NAME, "employment": "PNS", "agency_code": agency}


def _values(one: Enrolment) -> dict[str, Any]:
    """As `store.states` has it."""
    names = ("state", "attempt", "revision", "reason", "jp", "certificate_number", "origin")
    days = {
        name: day.isoformat() if (day := getattr(one, name)) else None for name in ("met_on", "completed_on")
    }
    return {**{name: getattr(one, name) for name in names}, **days, "pre_score": None, "post_score": None}
