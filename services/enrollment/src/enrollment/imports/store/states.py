"""What is recorded under the keys of a file, as JSON that a plan keeps and the database itself compares later."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from enrollment.catalogue import store as catalogue
from enrollment.enrolments.domain import UNDONE
from enrollment.imports.claims import Claim, PersonClaim, ResultClaim
from enrollment.imports.columns import Kind
from enrollment.imports.judging import Register
from enrollment.imports.plan import Key, Recorded, State, decimal_of
from enrollment.imports.register_rules import ExistingResult, PersonFact, RunFact
from enrollment.register import store as register

_PEOPLE = """SELECT asn.nip, '' AS run_code, asn.asn_id AS ref, jsonb_build_object('name', asn.name,
        'employment', asn.employment, 'agency_code', asn.agency_code, 'unit_id', asn.unit_id,
        'unit', coalesce(units.name, ''), 'position', asn.position, 'position_type', asn.position_type,
        'job_level', asn.job_level, 'grade', asn.grade, 'gender', asn.gender, 'supervisor_nip', above.nip,
        'started_on', asn.started_on, 'email', coalesce(c.email, ''), 'phone', coalesce(c.phone, '')) AS state
    FROM asked JOIN asn USING (nip) LEFT JOIN units USING (unit_id)
    LEFT JOIN asn AS above ON above.asn_id = asn.supervisor_id LEFT JOIN contacts AS c ON c.asn_id = asn.asn_id"""
_ENROLMENTS = """SELECT DISTINCT ON (asked.nip, asked.run_code) asked.nip, asked.run_code, e.enrollment_id AS ref,
        jsonb_build_object('state', e.state, 'attempt', e.attempt, 'revision', e.revision, 'met_on', e.met_on,
        'completed_on', e.completed_on, 'reason', e.reason, 'jp', e.jp, 'pre_score', e.pre_score,
        'post_score', e.post_score, 'certificate_number', e.certificate_number, 'origin', e.origin) AS state
    FROM asked JOIN asn USING (nip) JOIN runs USING (run_code)
    JOIN enrolments AS e ON e.run_id = runs.run_id AND e.asn_id = asn.asn_id
    ORDER BY asked.nip, asked.run_code, e.attempt DESC"""
NOW = {Kind.PEGAWAI: _PEOPLE, Kind.PENDAFTARAN: _ENROLMENTS, Kind.KELULUSAN: _ENROLMENTS}
"""SQL over `asked (nip, run_code)`: what is recorded under these keys now"""
_LOAD = {
    kind: text(
        f"""WITH asked AS (SELECT * FROM unnest(CAST(:nips AS text[]), CAST(:codes AS text[])) AS n (nip, run_code))
        SELECT nip, run_code, ref, CAST(state AS text) AS state FROM ({now}) AS found"""  # noqa: S608 - fixed parts
    )
    for kind, now in NOW.items()
}
# The people named, and upwards everybody that their chains of supervisors run through.
_CHAINS = text(
    """WITH RECURSIVE chain AS (
        SELECT asn_id, nip, agency_code, supervisor_id FROM asn WHERE nip = ANY (CAST(:nips AS text[]))
        UNION SELECT above.asn_id, above.nip, above.agency_code, above.supervisor_id
        FROM chain JOIN asn AS above ON above.asn_id = chain.supervisor_id)
    SELECT chain.nip, chain.agency_code, above.nip AS above
    FROM chain LEFT JOIN asn AS above ON above.asn_id = chain.supervisor_id"""
)
_BY_HAND = text("SELECT asn_id, field FROM hand_edits WHERE asn_id = ANY (CAST(:ids AS uuid[]))")
_UNITS = text(
    "SELECT agency_code, lower(name) AS low, min(name) AS name, min(CAST(unit_id AS text)) AS unit_id "
    "FROM units WHERE agency_code = ANY (CAST(:agencies AS text[])) GROUP BY 1, 2 HAVING count(*) = 1"
)


async def load_states(session: AsyncSession, kind: Kind, keys: Iterable[Key]) -> dict[Key, State]:
    """What is recorded under keys; of enrolments the latest attempt."""
    asked = sorted(set(keys))
    values = {"nips": [nip for nip, _ in asked], "codes": [code for _, code in asked]}
    rows = await session.execute(_LOAD[kind], values)
    return {(row.nip, row.run_code): State(row.ref, json.loads(row.state)) for row in rows}


async def load_recorded(
    session: AsyncSession, kind: Kind, keys: Iterable[Key], agencies: Iterable[str]
) -> Recorded:
    """What a plan asks of the register."""
    states = await load_states(session, kind, keys)
    if kind is not Kind.PEGAWAI:
        return Recorded(states, {}, {})
    found: dict[UUID, set[str]] = {}
    for row in await session.execute(_BY_HAND, {"ids": [state.ref for state in states.values()]}):
        found.setdefault(row.asn_id, set()).add(row.field)
    units = await session.execute(_UNITS, {"agencies": sorted(agencies)})
    return Recorded(
        states,
        {(row.agency_code, row.low): (UUID(row.unit_id), row.name) for row in units},
        {asn_id: frozenset(fields) for asn_id, fields in found.items()},
    )


async def load_register(
    session: AsyncSession, kind: Kind, claims: Mapping[Key, Claim], recorded: Recorded, on: date
) -> Register:
    """What the rules ask of a file's claims on a day."""
    keys = claims.keys()
    nips, codes = {nip for nip, _ in keys}, {code for _, code in keys if code}
    agencies = frozenset(await register.load_agencies(session))
    if kind is Kind.PEGAWAI:
        above = {nip for c in claims.values() if isinstance(c, PersonClaim) and (nip := c.supervisor_nip)}
        rows = await session.execute(_CHAINS, {"nips": sorted(nips | above)})
        return Register({row.nip: PersonFact(row.agency_code, row.above) for row in rows}, agencies=agencies)
    people = {
        nip: PersonFact(key.agency_code) for nip, key in (await register.load_keys(session, nips)).items()
    }
    runs = {
        code: RunFact(
            code=code,
            organiser=run.organiser,
            open_to=run.open_to,
            start=run.starts_on,
            status=run.status_on(on),
            seats_left=run.seats_left,
            programme_jp=run.jp,
        )
        for code, run in (await catalogue.load_runs_by_code(session, codes)).items()
    }
    live = {key: state for key, state in recorded.states.items() if state.values["state"] != "withdrawn"}
    results = {key: found for key, state in live.items() if (found := _existing(state, claims[key]))}
    return Register(people, runs, frozenset(live), results, agencies)


def _existing(state: State, claim: Claim) -> ExistingResult | None:
    """As `enrolments.domain.results` has it."""
    values = state.values
    ended = values["state"] in ("completed", "not_completed") and values["completed_on"]
    passes = isinstance(claim, ResultClaim) and claim.result == "passed"
    if values["reason"] == UNDONE or (passes and values["origin"] in ("attendance", "assessment")):
        return None
    return (
        ExistingResult(
            result="passed" if values["state"] == "completed" else values["reason"],
            completed_on=date.fromisoformat(values["completed_on"]),
            jp=values["jp"],
            pre_score=decimal_of(values["pre_score"]),
            post_score=decimal_of(values["post_score"]),
            certificate_number=values["certificate_number"] or None,
        )
        if ended
        else None
    )
