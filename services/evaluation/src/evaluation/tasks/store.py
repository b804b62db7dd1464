"""Table tasks: one row per respondent asked, and the windows in which they open and close."""

from collections.abc import Iterable, Sequence
from datetime import date
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns
from evaluation.instruments.shipped import load_instruments

from .domain import Task

COLUMNS = (
    "task_id", "enrollment_id", "run_id", "about_id", "agency_code", "instrument_code", "instrument_version",
    "level", "method", "role", "baseline", "attempt", "respondent_id", "opens_on", "closes_on", "state", "opened",
)  # fmt: skip
_LIST = ", ".join(COLUMNS)
_OF_T = ", ".join(f"t.{name}" for name in COLUMNS)
_TYPES = (
    "uuid", "uuid", "uuid", "uuid", "text", "text", "int", "text", "text", "text", "boolean", "int", "uuid",
    "date", "date", "text", "boolean",
)  # fmt: skip
# What tasks have in common is sent once: of whom they ask, and what the tasks of one form and day are alike in; about
# 24 values per completion instead of 85.
_OWN = ("task_id", "respondent_id")
_SUBJECT = ("enrollment_id", "run_id", "about_id", "agency_code")
_ALIKE = tuple(name for name in COLUMNS if name not in {*_OWN, *_SUBJECT})
_alike_of = attrgetter(*_ALIKE)


def _unnested(names: Sequence[str]) -> str:
    kinds = dict(zip(COLUMNS, _TYPES, strict=True))
    arrays = ", ".join(f"CAST(:{name} AS {kinds[name]}[])" for name in names)
    return f"unnest({arrays}) WITH ORDINALITY AS {{}} ({', '.join(names)}, place)"


_LIVE = "state IN ('planned', 'unassigned', 'open')"

# Answers with the few that stand as they were told, which is read faster than the many that are written.
_PUT = text(
    f"""WITH written AS (
        INSERT INTO tasks AS t ({_LIST}) SELECT {_LIST}
        FROM unnest(CAST(:task_id AS uuid[]), CAST(:respondent_id AS uuid[]), CAST(:subject AS int[]),
            CAST(:alike AS int[])) AS own (task_id, respondent_id, subject, alike)
        JOIN {_unnested(_SUBJECT).format("s")} ON s.place = own.subject
        JOIN {_unnested(_ALIKE).format("a")} ON a.place = own.alike
        ORDER BY task_id
        ON CONFLICT (task_id) DO UPDATE SET respondent_id = excluded.respondent_id, opens_on = excluded.opens_on,
            closes_on = excluded.closes_on, state = excluded.state, opened = excluded.opened
        WHERE NOT t.opened RETURNING t.task_id)
    SELECT unnest(CAST(:task_id AS uuid[])) EXCEPT SELECT task_id FROM written"""  # noqa: S608 - our own names
)
_SPENT = text(
    """SELECT DISTINCT ON (enrollment_id, instrument_code, role) enrollment_id, instrument_code, role,
        attempt + CASE WHEN opened AND state = 'withdrawn' THEN 1 ELSE 0 END AS next
    FROM tasks WHERE enrollment_id = ANY (CAST(:ids AS uuid[]))
    ORDER BY enrollment_id, instrument_code, role, attempt DESC"""
)


def _withdraw(condition: str) -> Any:
    return text(
        f"""WITH taken AS (
            SELECT task_id FROM tasks t WHERE {_LIVE} AND {condition} ORDER BY task_id FOR UPDATE)
        UPDATE tasks t SET state = 'withdrawn', draft = NULL, respondent_id = CASE WHEN t.opened THEN t.respondent_id END
        FROM taken WHERE t.task_id = taken.task_id
        RETURNING {_OF_T}"""  # noqa: S608 - conditions of this module
    )


_OF_RUNS = _withdraw("run_id = ANY (CAST(:ids AS uuid[]))")
_OF_ENROLMENTS = _withdraw("enrollment_id = ANY (CAST(:ids AS uuid[])) AND (:all OR NOT baseline)")
_ABOUT = _withdraw(
    """enrollment_id IN (SELECT enrollment_id FROM enrolments WHERE asn_id = ANY (CAST(:ids AS uuid[])))"""
)
_ASKED_OF = _withdraw("state = 'open' AND respondent_id = ANY (CAST(:ids AS uuid[]))")
_OF_SELVES = _withdraw(
    "state = 'open' AND respondent_id = about_id AND role <> 'alumnus' AND about_id = ANY (CAST(:ids AS uuid[]))"
)
_REASSIGN = text(
    """UPDATE tasks t SET respondent_id = p.supervisor_id FROM people p JOIN enrolments e ON e.asn_id = p.asn_id
    WHERE p.asn_id = ANY (CAST(:ids AS uuid[])) AND t.enrollment_id = e.enrollment_id AND t.role = 'supervisor'
        AND t.state IN ('planned', 'unassigned') AND t.respondent_id IS DISTINCT FROM p.supervisor_id
    RETURNING t.state, t.run_id, t.opens_on"""
)
# In no order: sorting would read all that is due for every chunk of it.
# Who was erased since is not asked; nor is anybody once the window is over. Locked, so that an erasure that is under
# way is waited for, and one that comes sees what was opened.
_OPEN = text(
    f"""WITH taken AS (
        SELECT t.task_id,
            CASE WHEN p.erased OR t.closes_on < :today THEN NULL ELSE t.respondent_id END AS respondent
        FROM unnest(CAST(:runs AS uuid[]), CAST(:days AS date[])) AS d (run_id, day)
        JOIN tasks t ON t.run_id = d.run_id AND t.opens_on <= d.day
            AND (t.state = 'planned' OR (t.state = 'unassigned' AND t.respondent_id IS NOT NULL))
        LEFT JOIN LATERAL (SELECT erased FROM people WHERE asn_id = t.respondent_id FOR SHARE) AS p ON true
        LIMIT :chunk FOR UPDATE OF t)
    UPDATE tasks t SET respondent_id = taken.respondent, opened = taken.respondent IS NOT NULL,
        instrument_version = v.version, state = CASE
            WHEN t.closes_on < :today THEN 'lapsed'
            WHEN taken.respondent IS NULL THEN 'unassigned' ELSE 'open' END
    FROM taken, unnest(CAST(:codes AS text[]), CAST(:versions AS int[])) AS v (code, version)
    WHERE t.task_id = taken.task_id AND v.code = t.instrument_code RETURNING {_OF_T}"""  # noqa: S608 - our own names
)
_CLOSE = text(
    f"""WITH taken AS (
        SELECT t.task_id FROM unnest(CAST(:runs AS uuid[]), CAST(:days AS date[])) AS d (run_id, day)
        JOIN tasks t ON t.run_id = d.run_id AND t.closes_on <= d.day AND t.state IN ('open', 'unassigned')
        LIMIT :chunk FOR UPDATE OF t)
    UPDATE tasks t SET state = CASE WHEN t.state = 'open' THEN 'expired' ELSE 'lapsed' END, draft = NULL
    FROM taken WHERE t.task_id = taken.task_id RETURNING {_OF_T}"""  # noqa: S608 - our own names
)


def values_of(tasks: Sequence[Task]) -> dict[str, list[Any]]:
    """Tasks as `put_tasks` takes them; those of one occasion stand together and share its very objects."""
    subjects: list[Task] = []
    alike: dict[Any, int] = {}
    of_subject, of_alike = [], []
    for task in tasks:
        if not subjects or task.enrollment_id is not subjects[-1].enrollment_id:
            subjects.append(task)
        of_subject.append(len(subjects))
        of_alike.append(alike.setdefault(_alike_of(task), len(alike) + 1))
    return {
        **columns(tasks, *_OWN),
        **columns(subjects, *_SUBJECT),
        **{name: list(values) for name, values in zip(_ALIKE, zip(*alike, strict=True), strict=True)},
        "subject": of_subject,
        "alike": of_alike,
    }


async def put_tasks(session: AsyncSession, values: dict[str, list[Any]]) -> set[UUID]:
    """Add tasks, or plan again those never told; returns which of them stand as they were told and stay so."""
    return set(await session.scalars(_PUT, values))


async def next_attempts(
    session: AsyncSession, enrolments: Iterable[UUID]
) -> dict[UUID, dict[tuple[str, str], int]]:
    """Per enrolment and (instrument, role), the number of the task that may be told next."""
    found: dict[UUID, dict[tuple[str, str], int]] = {}
    for row in await session.execute(_SPENT, {"ids": sorted(set(enrolments))}):
        found.setdefault(row.enrollment_id, {})[row.instrument_code, row.role] = row.next
    return found


async def withdraw_of_runs(session: AsyncSession, ids: Iterable[UUID]) -> list[Task]:
    """Take back every live task of runs; returns them."""
    return _tasks(await session.execute(_OF_RUNS, {"ids": list(ids)}))


async def withdraw_of_enrolments(session: AsyncSession, ids: Iterable[UUID], *, baseline: bool) -> list[Task]:
    """Take back live tasks of enrolments, those before the training only with `baseline`; returns them."""
    return _tasks(await session.execute(_OF_ENROLMENTS, {"ids": list(ids), "all": baseline}))


async def withdraw_of_people(session: AsyncSession, ids: Iterable[UUID]) -> list[Task]:
    """Take back what is asked about or of erased people; returns it."""
    wanted = {"ids": list(ids)}
    about = _tasks(await session.execute(_ABOUT, wanted))
    return [*about, *_tasks(await session.execute(_ASKED_OF, wanted))]


async def withdraw_of_selves(session: AsyncSession, ids: Iterable[UUID]) -> list[Task]:
    """Take back what asks these people about themselves as others see them; returns it."""
    return _tasks(await session.execute(_OF_SELVES, {"ids": list(ids)}))


async def follow_supervisors(session: AsyncSession, ids: Iterable[UUID]) -> set[tuple[UUID, date]]:
    """Hand unopened tasks about people to their present supervisors; returns (run, day) of windows to look at."""
    rows = await session.execute(_REASSIGN, {"ids": sorted(ids)})
    return {(row.run_id, row.opens_on) for row in rows if row.state == "unassigned"}


async def open_tasks(session: AsyncSession, days: dict[UUID, date], today: date, chunk: int) -> list[Task]:
    """Open at most `chunk` tasks of runs whose window begins on or before a day; returns what was looked at."""
    versions = {code: instrument.version for code, instrument in load_instruments().items()}
    values = {
        **_days(days),
        "today": today,
        "chunk": chunk,
        "codes": list(versions),
        "versions": list(versions.values()),
    }
    return _tasks(await session.execute(_OPEN, values))


async def close_tasks(session: AsyncSession, days: dict[UUID, date], chunk: int) -> list[Task]:
    """Close at most `chunk` tasks of runs whose window ends on or before a day; returns them."""
    return _tasks(await session.execute(_CLOSE, {**_days(days), "chunk": chunk}))


def _days(days: dict[UUID, date]) -> dict[str, list[Any]]:
    return {"runs": list(days), "days": list(days.values())}


def _tasks(rows: Iterable[Any]) -> list[Task]:
    return sorted((Task(*row) for row in rows), key=lambda task: task.task_id)
