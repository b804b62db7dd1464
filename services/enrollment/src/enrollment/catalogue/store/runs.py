"""Runs (angkatan), each with the row that counts its seats."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.tables import Query, literal
from enrollment.catalogue.admission import admission_of
from enrollment.catalogue.domain import Audience, Run
from enrollment.catalogue.store.programmes import targets
from enrollment.imports import run_code

_ADD = text(
    """INSERT INTO runs (run_id, run_code, programme_code, organiser, open_to, jp, job_levels, mode, location,
        starts_on, ends_on, seats, pass_score, attendance_percent, report_required, programme_version,
        opens_at, closes_at, cost_per_seat, required_programmes, required_levels, partner_id, admission)
    SELECT run_id, code, programme_code, organiser, ARRAY(SELECT jsonb_array_elements_text(open_to)), jp,
        ARRAY(SELECT jsonb_array_elements_text(job_levels)), mode, location, starts_on, ends_on, seats, pass_score,
        attendance_percent, report_required, programme_version, opens_at, closes_at, cost_per_seat,
        ARRAY(SELECT jsonb_array_elements_text(required_programmes)), required_levels, partner_id, admission
    FROM unnest(CAST(:run_id AS uuid[]), CAST(:code AS text[]), CAST(:programme_code AS text[]),
        CAST(:organiser AS text[]), CAST(:open_to AS jsonb[]), CAST(:jp AS int[]),
        CAST(:job_levels AS jsonb[]), CAST(:mode AS text[]), CAST(:location AS text[]),
        CAST(:starts_on AS date[]), CAST(:ends_on AS date[]), CAST(:seats AS int[]),
        CAST(:pass_score AS numeric[]), CAST(:attendance_percent AS int[]), CAST(:report_required AS boolean[]),
        CAST(:programme_version AS int[]), CAST(:opens_at AS timestamptz[]), CAST(:closes_at AS timestamptz[]),
        CAST(:cost_per_seat AS bigint[]), CAST(:required_programmes AS jsonb[]), CAST(:required_levels AS jsonb[]),
        CAST(:partner_id AS uuid[]), CAST(:admission AS jsonb[]))
        AS n (run_id, code, programme_code, organiser, open_to, jp, job_levels, mode, location, starts_on,
            ends_on, seats, pass_score, attendance_percent, report_required, programme_version, opens_at, closes_at,
            cost_per_seat, required_programmes, required_levels, partner_id, admission) ORDER BY run_id"""
)
_ADD_SEATS = text("INSERT INTO run_seats (run_id) SELECT unnest(CAST(:run_id AS uuid[])) ORDER BY 1")
_CHANGE = text(
    """UPDATE runs SET open_to = ARRAY(SELECT jsonb_array_elements_text(CAST(:open_to AS jsonb))),
        job_levels = ARRAY(SELECT jsonb_array_elements_text(CAST(:job_levels AS jsonb))), mode = :mode,
        location = :location, starts_on = :starts_on, ends_on = :ends_on, seats = :seats,
        pass_score = CAST(:pass_score AS numeric), attendance_percent = :attendance_percent,
        report_required = :report_required, opens_at = CAST(:opens_at AS timestamptz),
        closes_at = CAST(:closes_at AS timestamptz), cost_per_seat = :cost_per_seat,
        required_programmes = ARRAY(SELECT jsonb_array_elements_text(CAST(:required_programmes AS jsonb))),
        required_levels = CAST(:required_levels AS jsonb), partner_id = CAST(:partner_id AS uuid),
        admission = CAST(:admission AS jsonb), status = :status,
        recorded_at = now() WHERE run_id = :run_id"""
)
_SELECT = """SELECT runs.*, programmes.name AS programme_name, programmes.kind, programmes.competencies,
    programmes.positions, programmes.agencies, programmes.audience_binds,
    run_seats.taken, run_seats.waiting, run_seats.last_ticket
    FROM runs JOIN run_programmes AS programmes USING (run_id) JOIN run_seats USING (run_id)"""
_LOAD = text(f"{_SELECT} WHERE run_id = ANY (CAST(:ids AS uuid[]))")
_BY_CODE = text(f"{_SELECT} WHERE run_code = ANY (CAST(:codes AS text[]))")
# As `enrolments.domain.pools` and `Run.window_at` have it: a seat that somebody of these groups could ask for now.
_FREE = """taken < runs.seats AND (opens_at IS NULL OR opens_at <= CAST(:now AS timestamptz))
    AND (closes_at IS NULL OR closes_at > CAST(:now AS timestamptz))
    AND CASE WHEN admission -> 'held' IS NULL THEN true
        WHEN admission ->> 'held_until' < CAST(CAST(:today AS date) AS text) THEN taken + waiting < runs.seats
        ELSE (SELECT coalesce(bool_or(held.free > 0 AND held.pool = ANY (CAST(:groups AS text[]))), false)
                OR taken + coalesce(sum(held.free), 0) < runs.seats
            FROM jsonb_array_elements(admission -> 'held') AS h
            CROSS JOIN LATERAL (SELECT h ->> 0 AS pool, greatest(CAST(h ->> 1 AS int) - (
                SELECT count(*) FROM enrolments AS e WHERE e.run_id = runs.run_id AND e.pool = h ->> 0
                    AND e.state IN ('accepted', 'completed', 'not_completed')), 0) AS free) AS held) END"""
_FOUND = f"""{_SELECT}
    WHERE (CAST(:agency AS text) IS NULL OR CAST(:agency AS text) = ANY (open_to) OR organiser = :agency)
    AND (CAST(:organiser AS text) IS NULL OR organiser = :organiser)
    AND (CAST(:programme AS text) IS NULL OR programme_code = :programme)
    AND (CAST(:running_on AS date) IS NULL OR (status = 'open' AND ends_on >= :running_on))
    AND (CAST(:words AS text) IS NULL OR programmes.name ILIKE :words OR run_code ILIKE :words)
    AND (CAST(:kind AS text) IS NULL OR programmes.kind = :kind)
    AND (CAST(:mode AS text) IS NULL OR runs.mode = :mode)
    AND (NOT :with_seats OR ({_FREE}))"""
_PAGE = text(
    f"""{_FOUND}
    AND (CAST(:after AS uuid) IS NULL
        OR (starts_on, run_id) > (SELECT r.starts_on, r.run_id FROM runs AS r WHERE r.run_id = :after))
    ORDER BY starts_on, run_id LIMIT :limit"""  # noqa: S608 - fixed names
)
_LISTED = f"""SELECT found.*, greatest(seats - taken, 0) AS seats_left,
    programme_code <> ALL (CAST(:first AS text[])) AS is_other FROM ({_FOUND}) AS found"""  # noqa: S608 - fixed names
_KINDS = text("SELECT DISTINCT kind FROM programmes WHERE kind <> '' ORDER BY kind")
_MODES = text(
    "SELECT DISTINCT mode FROM runs WHERE mode <> '' AND status = 'open' AND ends_on >= :today ORDER BY mode"
)


class FreeFor(NamedTuple):
    """Who could ask for a seat when: the groups that they belong to, as held seats name them."""

    groups: frozenset[str]
    now: datetime
    today: date


NOBODY = FreeFor(frozenset(), datetime.min.replace(tzinfo=UTC), date.min)


@dataclass(frozen=True)
class RunFilter:
    """Which runs: open to or organised by an agency, by one organiser, not ended by a day, by words, by SIASN's kind of
    training, by the way it is held, with a seat that is free for somebody, of one programme."""

    agency: str | None = None
    organiser: str | None = None
    running_on: date | None = None
    words: str | None = None
    kind: str | None = None
    mode: str | None = None
    free_for: FreeFor | None = None
    programme: str | None = None


async def hold_catalogue(session: AsyncSession) -> None:
    """Let one command at a time announce runs or begin drafts, so that none meets another's codes and ids half-way."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('enrollment.catalogue', 0))"))


async def add_runs(session: AsyncSession, runs: Sequence[Run]) -> None:
    """Record new runs with no seat taken."""
    await session.execute(
        _ADD,
        {
            "run_id": [run.run_id for run in runs],
            "code": [run.code for run in runs],
            "programme_code": [run.programme_code for run in runs],
            "organiser": [run.organiser for run in runs],
            "open_to": [json.dumps(run.open_to) for run in runs],
            "jp": [run.jp for run in runs],
            "job_levels": [json.dumps(run.job_levels) for run in runs],
            "mode": [run.mode for run in runs],
            "location": [run.location for run in runs],
            "starts_on": [run.starts_on for run in runs],
            "ends_on": [run.ends_on for run in runs],
            "seats": [run.seats for run in runs],
            "pass_score": [run.pass_score for run in runs],
            "attendance_percent": [run.attendance_percent for run in runs],
            "report_required": [run.report_required for run in runs],
            "programme_version": [run.programme_version for run in runs],
            "opens_at": [run.opens_at for run in runs],
            "closes_at": [run.closes_at for run in runs],
            "cost_per_seat": [run.cost_per_seat for run in runs],
            "required_programmes": [json.dumps(run.required_programmes) for run in runs],
            "required_levels": [_levels(run) for run in runs],
            "partner_id": [run.partner_id for run in runs],
            "admission": [json.dumps(run.admission.stored()) for run in runs],
        },
    )
    await session.execute(_ADD_SEATS, {"run_id": [run.run_id for run in runs]})


async def change_run(session: AsyncSession, run: Run) -> None:
    """Replace what may change of a run."""
    await session.execute(
        _CHANGE,
        {
            "run_id": run.run_id,
            "open_to": json.dumps(run.open_to),
            "job_levels": json.dumps(run.job_levels),
            "mode": run.mode,
            "location": run.location,
            "starts_on": run.starts_on,
            "ends_on": run.ends_on,
            "seats": run.seats,
            "pass_score": run.pass_score,
            "attendance_percent": run.attendance_percent,
            "report_required": run.report_required,
            "opens_at": run.opens_at,
            "closes_at": run.closes_at,
            "cost_per_seat": run.cost_per_seat,
            "required_programmes": json.dumps(run.required_programmes),
            "required_levels": _levels(run),
            "partner_id": run.partner_id,
            "admission": json.dumps(run.admission.stored()),
            "status": run.status,
        },
    )


async def mark_cancelled(session: AsyncSession, run_id: UUID, reason: str) -> None:
    """The run will not be held."""
    await session.execute(
        text("UPDATE runs SET status = 'cancelled', reason = :reason WHERE run_id = :run_id"),
        {"run_id": run_id, "reason": reason},
    )


async def mark_concluded(session: AsyncSession, run_id: UUID, day: date) -> None:
    """The run ended and its results are in."""
    await session.execute(
        text("UPDATE runs SET status = 'closed', concluded_on = :day WHERE run_id = :run_id"),
        {"run_id": run_id, "day": day},
    )


async def load_runs(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Run]:
    """Runs by id; unknown ones are left out."""
    rows = await session.execute(_LOAD, {"ids": sorted(set(ids))})
    return {row.run_id: _run(row) for row in rows}


async def load_runs_by_code(session: AsyncSession, codes: Iterable[str]) -> dict[str, Run]:
    """Runs by code in normal form; unknown ones are left out."""
    rows = await session.execute(_BY_CODE, {"codes": sorted(set(codes))})
    return {row.run_code: _run(row) for row in rows}


async def find_run(session: AsyncSession, reference: str) -> Run | None:
    """A run by its id or its code."""
    try:
        found = list((await load_runs(session, [UUID(reference)])).values())
    except ValueError:
        found = list((await load_runs_by_code(session, [run_code(reference)])).values())
    return found[0] if found else None


async def page_of_runs(
    session: AsyncSession, which: RunFilter, *, after: UUID | None = None, limit: int
) -> list[Run]:
    """Runs by their start, after a run."""
    values = {**_values(which), "after": after, "limit": limit}
    return [_run(row) for row in await session.execute(_PAGE, values)]


def runs_found(which: RunFilter, first: Iterable[str] = ()) -> Query[Run]:
    """Runs in an order to be asked for: by columns of theirs, `seats_left`, and `is_other`: of none of the programmes
    named `first`."""
    return Query(_LISTED, {**_values(which), "first": sorted(first)}, _run)


async def load_choices(session: AsyncSession, today: date) -> tuple[list[str], list[str]]:
    """What runs can be chosen by: SIASN's kinds of the programmes, and ways in which coming runs are held."""
    kinds = await session.scalars(_KINDS)
    modes = await session.scalars(_MODES, {"today": today})
    return list(kinds), list(modes)


def _levels(run: Run) -> str:
    return json.dumps([target.model_dump() for target in run.required_levels])


def _values(which: RunFilter) -> dict[str, Any]:
    words = f"%{literal(which.words)}%" if which.words else None
    return {
        "agency": which.agency,
        "organiser": which.organiser,
        "running_on": which.running_on,
        "words": words,
        "kind": which.kind,
        "mode": which.mode,
        "with_seats": which.free_for is not None,
        "groups": sorted((which.free_for or NOBODY).groups),
        "now": (which.free_for or NOBODY).now,
        "today": (which.free_for or NOBODY).today,
        "programme": which.programme,
    }


def _run(row: Any) -> Run:
    return Run(
        run_id=row.run_id,
        code=row.run_code,
        programme_code=row.programme_code,
        programme_name=row.programme_name,
        organiser=row.organiser,
        open_to=tuple(row.open_to),
        jp=row.jp,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        seats=row.seats,
        mode=row.mode,
        location=row.location,
        job_levels=tuple(row.job_levels),
        pass_score=row.pass_score,
        attendance_percent=row.attendance_percent,
        report_required=row.report_required,
        admission=admission_of(
            json.loads(row.admission) if isinstance(row.admission, str) else row.admission
        ),
        status=row.status,
        concluded_on=row.concluded_on,
        reason=row.reason,
        taken=row.taken,
        waiting=row.waiting,
        last_ticket=row.last_ticket,
        kind=row.kind,
        competencies=targets(row.competencies),
        programme_version=row.programme_version,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        cost_per_seat=row.cost_per_seat,
        required_programmes=tuple(row.required_programmes),
        required_levels=targets(row.required_levels),
        partner_id=row.partner_id,
        audience=_audience(row) if row.audience_binds else None,
    )


def _audience(row: Any) -> Audience | None:
    """Of a row whose programme's version binds; None where it is for everybody all the same."""
    found = Audience(tuple(row.positions), tuple(row.job_levels), tuple(row.agencies))
    return found if any(found) else None
