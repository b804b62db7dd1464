"""Sessions of runs."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns
from enrollment.catalogue.domain import RunSession

_NAMES = (
    "session_id",
    "run_id",
    "starts_at",
    "ends_at",
    "title",
    "place",
    "link",
    "trainer_id",
    "speaker_id",
)
_ADD = text(
    f"""INSERT INTO run_sessions AS s ({", ".join(_NAMES)})
    SELECT * FROM unnest(CAST(:session_id AS uuid[]), CAST(:run_id AS uuid[]), CAST(:starts_at AS timestamptz[]),
        CAST(:ends_at AS timestamptz[]), CAST(:title AS text[]), CAST(:place AS text[]), CAST(:link AS text[]),
        CAST(:trainer_id AS uuid[]), CAST(:speaker_id AS uuid[])) ORDER BY 1
    ON CONFLICT (session_id) DO UPDATE SET starts_at = excluded.starts_at, ends_at = excluded.ends_at,
        title = excluded.title, place = excluded.place, link = excluded.link, trainer_id = excluded.trainer_id, speaker_id = excluded.speaker_id,
        recorded_at = now() WHERE s.run_id = excluded.run_id RETURNING session_id"""  # noqa: S608 - fixed names
)
_SELECT = f"SELECT {', '.join(_NAMES)} FROM run_sessions"  # noqa: S608 - fixed names
_OF_RUNS = text(f"{_SELECT} WHERE run_id = ANY (CAST(:ids AS uuid[])) ORDER BY starts_at, session_id")
_ONE = text(f"{_SELECT} WHERE session_id = :id")
_REMOVE = text("DELETE FROM run_sessions WHERE session_id = ANY (CAST(:ids AS uuid[]))")
_ATTENDED = text("SELECT DISTINCT session_id FROM attendance WHERE session_id = ANY (CAST(:ids AS uuid[]))")


async def add_sessions(session: AsyncSession, sessions: Sequence[RunSession]) -> set[UUID]:
    """Record sessions as they now stand; returns those written: an id that another run has is not."""
    return set(await session.scalars(_ADD, columns(sessions, *_NAMES))) if sessions else set()


async def remove_sessions(session: AsyncSession, ids: Collection[UUID]) -> None:
    """Forget sessions to which nobody came."""
    if ids:
        await session.execute(_REMOVE, {"ids": sorted(ids)})


async def attended_sessions(session: AsyncSession, ids: Collection[UUID]) -> set[UUID]:
    """Those of these sessions whose attendance was taken."""
    return set(await session.scalars(_ATTENDED, {"ids": sorted(ids)})) if ids else set()


async def load_sessions(session: AsyncSession, run_ids: Iterable[UUID]) -> dict[UUID, list[RunSession]]:
    """Sessions of runs, by their start; a run without any has an empty list."""
    ids = sorted(set(run_ids))
    found: dict[UUID, list[RunSession]] = {run_id: [] for run_id in ids}
    for row in await session.execute(_OF_RUNS, {"ids": ids}) if ids else ():
        found[row.run_id].append(_session(row))
    return found


async def find_session(session: AsyncSession, session_id: UUID) -> RunSession | None:
    """A session by its id."""
    row = (await session.execute(_ONE, {"id": session_id})).one_or_none()
    return None if row is None else _session(row)


def _session(row: Any) -> RunSession:
    return RunSession(**{name: getattr(row, name) for name in _NAMES})
