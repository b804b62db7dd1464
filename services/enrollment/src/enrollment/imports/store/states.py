"""What is recorded under the keys of a file, as JSON that a plan keeps and the database itself compares later."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.requirements import load_unmet, window
from enrollment.enrolments.domain import UNDONE
from enrollment.enrolments.store.awaiting import load_open, runs_awaited
from enrollment.enrolments.store.pools import load_pools
from enrollment.imports.claims import Claim, PersonClaim, ResultClaim
from enrollment.imports.columns import Kind
from enrollment.imports.judging import Register
from enrollment.imports.plan import Key, Recorded, State, decimal_of
from enrollment.imports.register_rules import ExistingResult, PersonFact, RunFact
from enrollment.imports.store.balances import BALANCES, load_employment
from enrollment.register import store as register

_PEOPLE = """SELECT asn.nip, '' AS run_code, asn.asn_id AS ref, jsonb_build_object('name', asn.name,
        'employment', asn.employment, 'agency_code', asn.agency_code, 'unit_id', asn.unit_id,
        'unit', coalesce(units.name, ''), 'position', asn.position, 'position_type', asn.position_type,
        'job_level', asn.job_level, 'grade', asn.grade, 'gender', asn.gender, 'supervisor_nip', above.nip,
        'started_on', asn.started_on, 'email', coalesce(c.email, ''), 'phone', coalesce(c.phone, ''))
        || CASE WHEN asn.left_on IS NULL THEN CAST('{}' AS jsonb)
            ELSE jsonb_build_object('left_on', asn.left_on, 'left_reason', asn.left_reason) END
        || CASE WHEN asn.appointment = '' THEN CAST('{}' AS jsonb)
            ELSE jsonb_build_object('appointment', asn.appointment) END AS state
    FROM asked JOIN asn USING (nip) LEFT JOIN units USING (unit_id)
    LEFT JOIN asn AS above ON above.asn_id = asn.supervisor_id LEFT JOIN contacts AS c ON c.asn_id = asn.asn_id"""
_ENROLMENTS = """SELECT DISTINCT ON (asked.nip, asked.run_code) asked.nip, asked.run_code, e.enrollment_id AS ref,
        jsonb_build_object('state', e.state, 'attempt', e.attempt, 'revision', e.revision, 'met_on', e.met_on,
        'completed_on', e.completed_on, 'reason', e.reason, 'jp', e.jp, 'pre_score', e.pre_score,
        'post_score', e.post_score, 'certificate_number', e.certificate_number, 'origin', e.origin) AS state
    FROM asked JOIN asn USING (nip) JOIN runs USING (run_code)
    JOIN enrolments AS e ON e.run_id = runs.run_id AND e.asn_id = asn.asn_id
    ORDER BY asked.nip, asked.run_code, e.attempt DESC"""
NOW = {
    Kind.PEGAWAI: _PEOPLE,
    Kind.PENDAFTARAN: _ENROLMENTS,
    Kind.KELULUSAN: _ENROLMENTS,
    Kind.SALDO_JP: BALANCES,
}
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
_EMPLOYED = text(
    """SELECT nip FROM asn WHERE agency_code = :agency AND (left_on IS NULL OR left_on > CAST(:today AS date))
    ORDER BY nip"""
)
_UNITS = text(
    "SELECT agency_code, lower(name) AS low, min(name) AS name, min(CAST(unit_id AS text)) AS unit_id "
    "FROM units WHERE agency_code = ANY (CAST(:agencies AS text[])) AND closed_on IS NULL GROUP BY 1, 2 HAVING count(*) = 1"
)


async def load_states(session: AsyncSession, kind: Kind, keys: Iterable[Key]) -> dict[Key, State]:
    """What is recorded under keys; of enrolments the latest attempt."""
    found = await load_state_texts(session, kind, keys)
    return {key: State(ref, json.loads(state)) for key, (ref, state) in found.items()}


async def load_state_texts(
    session: AsyncSession, kind: Kind, keys: Iterable[Key]
) -> dict[Key, tuple[UUID, str]]:
    """The same with its values as JSON, for who only keeps them."""
    asked = sorted(set(keys))
    values = {"nips": [nip for nip, _ in asked], "codes": [code for _, code in asked]}
    rows = await session.execute(_LOAD[kind], values)
    return {(nip, code): (ref, state) for nip, code, ref, state in rows}


async def load_employed(session: AsyncSession, agency: str, today: date) -> list[str]:
    """NIPs of those who serve at an agency."""
    return list(await session.scalars(_EMPLOYED, {"agency": agency, "today": today}))


async def load_recorded(
    session: AsyncSession, kind: Kind, keys: Iterable[Key], agencies: Iterable[str]
) -> Recorded:
    """What a plan asks of the register."""
    states = await load_states(session, kind, keys)
    if kind is Kind.SALDO_JP:
        return Recorded(states, {}, {}, await load_employment(session, {nip for nip, _year in keys}))
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
    if kind is Kind.SALDO_JP:
        return Register(employed=recorded.employed, on=on)
    if kind is Kind.PEGAWAI:
        above = {nip for c in claims.values() if isinstance(c, PersonClaim) and (nip := c.supervisor_nip)}
        rows = await session.execute(_CHAINS, {"nips": sorted(nips | above)})
        return Register({row.nip: PersonFact(row.agency_code, row.above) for row in rows}, agencies=agencies)
    known = await register.load_keys(session, nips)
    people = {nip: PersonFact(key.agency_code) for nip, key in known.items()}
    found_runs = await catalogue.load_runs_by_code(session, codes)
    pairs = {
        (nip, code): (found_runs[code].run_id, known[nip].asn_id)
        for nip, code in keys
        if kind is Kind.PENDAFTARAN and nip in known and code in found_runs
    }
    unmet = await load_unmet(session, found_runs.values(), pairs.values())
    pools = await load_pools(session, found_runs.values(), on)
    now = clock.now()
    runs = {
        code: RunFact(
            code=code,
            organiser=run.organiser,
            open_to=run.open_to,
            start=run.starts_on,
            status=run.status_on(on),
            # of seats held back nobody is promised one
            seats_left=pools[run.run_id].anybodys if run.run_id in pools else run.seats_unclaimed,
            programme_jp=run.jp,
            window=window(run, now),
        )
        for code, run in found_runs.items()
    }
    said = {key: recorded.states[key] for key in keys if key in recorded.states}
    live = {key: state for key, state in said.items() if state.values["state"] != "withdrawn"}
    results = {key: found for key, state in live.items() if (found := existing_result(state, claims[key]))}
    kept_out = {key: unmet[pair] for key, pair in pairs.items() if pair in unmet}
    asking = await runs_awaited(session, [run.run_id for run in found_runs.values()])
    waiting = await load_open(session, [pair for pair in pairs.values() if pair[0] in asking])
    awaiting = frozenset(key for key, pair in pairs.items() if pair in waiting)
    return Register(people, runs, frozenset(live), results, agencies, kept_out, awaiting)


def existing_result(state: State, claim: Claim) -> ExistingResult | None:
    """The result that an enrolment has, as `enrolments.domain.results` has it."""
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
