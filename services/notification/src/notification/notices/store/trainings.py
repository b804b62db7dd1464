"""Copies of training runs: how each stands now, and how it stood when something was told of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.enrollment import TrainingAnnounced, TrainingCancelled, TrainingChanged
from notification.notices.domain import Run
from notification.notices.domain.notice import start_of

_NOW = """jsonb_to_recordset(CAST(:rows AS jsonb)) AS n (run_id uuid, event_id uuid, correlation_id text,
    run_code text, programme_name text, audience text[], job_levels text[], competency_codes text[],
    competency_levels smallint[], jp int, location text, starts_on date, ends_on date, seats int,
    pass_score double precision, starts_at timestamptz, audience_at timestamptz)"""
_COLUMNS = """run_id, event_id, correlation_id, run_code, programme_name, audience, job_levels,
    competency_codes, competency_levels, jp, location, starts_on, ends_on, seats, pass_score, starts_at, audience_at"""
_PUT = text(
    f"""INSERT INTO trainings ({_COLUMNS}) SELECT {_COLUMNS} FROM {_NOW} ORDER BY run_id
    ON CONFLICT (run_id) DO UPDATE SET run_code = excluded.run_code, programme_name = excluded.programme_name,
        audience = excluded.audience, job_levels = excluded.job_levels,
        competency_codes = excluded.competency_codes, competency_levels = excluded.competency_levels,
        jp = excluded.jp, location = excluded.location, starts_on = excluded.starts_on,
        ends_on = excluded.ends_on, seats = excluded.seats, pass_score = excluded.pass_score,
        starts_at = excluded.starts_at, audience_at = excluded.audience_at"""  # noqa: S608 - constants only
)
_ADD_VERSIONS = text(
    """INSERT INTO training_versions (event_id, run_id, at, correlation_id, run_code, programme_name, jp,
        location, starts_on, ends_on, seats, pass_score, told, details)
    SELECT n.event_id, t.run_id, n.at, n.correlation_id, t.run_code, t.programme_name, t.jp, t.location,
        t.starts_on, t.ends_on, t.seats, t.pass_score, n.told, n.details
    FROM unnest(CAST(:run_id AS uuid[]), CAST(:event_id AS uuid[]), CAST(:at AS timestamptz[]),
        CAST(:correlation_id AS text[]), CAST(:told AS text[]), CAST(:details AS jsonb[]))
        AS n (run_id, event_id, at, correlation_id, told, details) JOIN trainings t USING (run_id)
    ORDER BY n.event_id ON CONFLICT DO NOTHING"""
)
_CANCEL = text(
    """UPDATE trainings SET cancelled_at = n.at
    FROM unnest(CAST(:run_id AS uuid[]), CAST(:at AS timestamptz[])) AS n (run_id, at)
    WHERE trainings.run_id = n.run_id"""
)
_LOAD = text("SELECT * FROM trainings WHERE run_id = ANY (CAST(:ids AS uuid[]))")
# Who looks for runs before one is known, and that run's announcement, must not overlook each other.
_LOOKING = 7_009
_LOOK = text("SELECT pg_advisory_xact_lock_shared(:lock)")
_ALL_HAVE_LOOKED = text("SELECT pg_advisory_xact_lock(:lock)")
_AHEAD = text("SELECT max(starts_at) FROM trainings WHERE cancelled_at IS NULL")


@dataclass(frozen=True, slots=True)
class Known:
    """A run as it stands: what it is, whom it is for."""

    run: Run
    audience: tuple[frozenset[str], frozenset[str], frozenset[tuple[str, int]]]
    audience_at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """One fact of a run. `told` is the kind of notice that goes to those enrolled, empty for none."""

    run_id: UUID
    cause: TrainingAnnounced | TrainingChanged | TrainingCancelled
    told: str = ""
    details: Mapping[str, Any] | None = None


async def load_runs(session: AsyncSession, run_ids: Iterable[UUID]) -> dict[UUID, Known]:
    """Runs as they stand now."""
    rows = await session.execute(_LOAD, {"ids": list(run_ids)})
    return {row.run_id: _known(row) for row in rows}


async def put_runs(
    session: AsyncSession,
    runs: Sequence[TrainingAnnounced | TrainingChanged],
    audience_at: Mapping[UUID, datetime],
) -> None:
    """Keep the newest state of runs; `audience_at` is when each last came to concern new people."""
    rows = json.dumps([_row(run, audience_at[run.run_id]) for run in runs])
    await session.execute(_PUT, {"rows": rows})


async def cancel_runs(session: AsyncSession, events: Sequence[TrainingCancelled]) -> None:
    """Mark runs as cancelled."""
    await session.execute(_CANCEL, {"run_id": [e.run_id for e in events], "at": [e.time for e in events]})


async def add_versions(session: AsyncSession, versions: Sequence[Version]) -> None:
    """Remember how runs stand from a fact on; call it after the run itself was written."""
    envelopes = [v.cause.envelope for v in versions]
    await session.execute(
        _ADD_VERSIONS,
        {
            "run_id": [v.run_id for v in versions],
            "event_id": [UUID(e.id) for e in envelopes],
            "at": [e.time for e in envelopes],
            "correlation_id": [e.correlation_id or e.id for e in envelopes],
            "told": [v.told for v in versions],
            "details": [json.dumps(v.details or {}) for v in versions],
        },
    )


async def last_start(session: AsyncSession) -> datetime | None:
    """When the last known run begins; after it nobody needs to hear of any.

    Whoever asks is waited for by the announcements of runs that were not known yet.
    """
    await session.execute(_LOOK, {"lock": _LOOKING})
    found: datetime | None = await session.scalar(_AHEAD)
    return found


async def await_lookers(session: AsyncSession) -> None:
    """Wait until all have committed who were told of a last start before this transaction's runs were known."""
    await session.execute(_ALL_HAVE_LOOKED, {"lock": _LOOKING})


def audience_of(
    run: TrainingAnnounced | TrainingChanged,
) -> tuple[frozenset[str], frozenset[str], frozenset[tuple[str, int]]]:
    """Whom a run is for: agencies, job levels, competencies with the level it leads to."""
    return frozenset(_agencies(run)), frozenset(run.job_levels), frozenset(_targets(run).items())


def run_of(training: TrainingAnnounced | TrainingChanged) -> Run:
    """What people are told of a run."""
    return Run(
        training.run_code, training.programme_name, training.jp, training.location, training.starts_on,
        training.ends_on, training.seats, training.pass_score,
    )  # fmt: skip


def _agencies(run: TrainingAnnounced | TrainingChanged) -> tuple[str, ...]:
    """A run that names no agency is the organiser's own."""
    return run.open_to or (run.organiser,)


def _targets(run: TrainingAnnounced | TrainingChanged) -> dict[str, int]:
    """The level that a run leads to, by competency; of one that it names twice the higher."""
    return {target.code: target.level for target in sorted(run.competencies, key=lambda t: t.level)}


def _row(run: TrainingAnnounced | TrainingChanged, audience_at: datetime) -> dict[str, Any]:
    shown = run.model_dump(
        mode="json",
        include={
            "run_id", "run_code", "programme_name", "job_levels", "jp", "location", "starts_on", "ends_on",
            "seats", "pass_score",
        },
    )  # fmt: skip
    return {
        **shown,
        "event_id": run.event_id,
        "correlation_id": run.envelope.correlation_id or run.event_id,
        "audience": sorted(set(_agencies(run))),
        "competency_codes": list(_targets(run)),
        "competency_levels": list(_targets(run).values()),
        "starts_at": start_of(run.starts_on).isoformat(),
        "audience_at": audience_at.isoformat(),
    }


def _known(row: Any) -> Known:
    run = Run(
        row.run_code,
        row.programme_name,
        row.jp,
        row.location,
        row.starts_on,
        row.ends_on,
        row.seats,
        row.pass_score,
    )
    targets = frozenset(zip(row.competency_codes, row.competency_levels, strict=True))
    return Known(run, (frozenset(row.audience), frozenset(row.job_levels), targets), row.audience_at)
