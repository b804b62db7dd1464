"""One file read, judged and planned, in a process of its own: `python -m enrollment.imports.checker`.

A process and not a thread: it works for seconds in Python, which would hold up every page of the service (one
interpreter lock), and what it took of memory goes back when it ends. It asks and writes the database itself, so that
no row passes through the service. It takes a `Job` as a line of JSON and then the file; it gives an `Outcome` as JSON.
"""

import asyncio
import gc
import hashlib
import json
import os
import resource
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, cast
from uuid import UUID

from asyncpg import UniqueViolationError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bina.messaging.database import create_engine, sessions
from bina.web.masking import masked_in
from enrollment.imports import store, trial
from enrollment.imports.cells import collapsed, raw_text
from enrollment.imports.checking import Checked, Draft, drafts_of
from enrollment.imports.claims import Claim, about
from enrollment.imports.columns import IGNORE, Kind, chosen, configuration, header_key
from enrollment.imports.full_lists import load_full_list
from enrollment.imports.judging import Examined, Register, judge_examined
from enrollment.imports.plan import FullList, Key, Plan, Recorded, Values, plan_of, problem_values
from enrollment.imports.problems import Problem
from enrollment.imports.reading import FileRefused, read
from enrollment.imports.register_rules import Scope
from enrollment.imports.renumbering import named, renumbered
from enrollment.imports.source import Detected
from enrollment.imports.tables import Sheet, is_ignored, known_columns
from enrollment.register import store as register

NICE = 5
"""Who waits for a page goes first."""
SAMPLES = 3
"""Values shown beside a header that nobody knows."""
SAMPLE = 60
"""Characters of one."""
MEMORY = 768 << 20
"""Bytes of memory that it may take; what needs more is refused."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to check, and where it is kept. `columns`: what was chosen for headers; the file follows, `size` bytes, or
    is the import's own already (no `size`)."""

    database_url: str
    import_id: str
    agency_code: str
    kind: str
    file_name: str
    as_of: str
    now: str
    columns: dict[str, str]
    overwrite: bool = False
    replace: bool = False
    sandbox: bool = False
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`kept` as a draft or checked anew; `refused` as a whole, nothing kept; `exists`: there is an import of this id;
    `busy`: it is being applied; `gone`: no original to check."""

    outcome: Literal["kept", "refused", "exists", "busy", "gone"]
    problems: Sequence[Values] = ()
    detected: Values | None = None


@dataclass(frozen=True)
class Found:
    """A file that was read: its table, what its cells claim, what its headers are taken for."""

    content: bytes
    sheet: Sheet
    file_problems: Sequence[Problem]
    drafts: list[Draft]
    columns: dict[str, str | None]

    @property
    def samples(self) -> dict[str, list[str]]:
        """By header without a meaning the first different values below it, NIPs masked."""
        unknown = [text for text, meaning in self.columns.items() if meaning is None]
        return {text: _samples(self.sheet, self.sheet.header.index(text)) for text in unknown}


def _samples(sheet: Sheet, place: int) -> list[str]:
    found: dict[str, None] = {}
    for _number, row in sheet.rows:
        if value := collapsed(raw_text(sheet.cell(row, place))):
            found[masked_in(value)[:SAMPLE]] = None
        if len(found) == SAMPLES:
            break
    return [*found]


async def check(job: Job, content: bytes) -> Outcome:
    """Read, judge and plan a file, and keep what came of it."""
    engine = create_engine(job.database_url, kept=1)
    make = sessions(engine)
    try:
        return await _check(make, job, content)
    finally:
        await engine.dispose()


async def _check(make: async_sessionmaker[AsyncSession], job: Job, content: bytes) -> Outcome:
    kind, import_id = Kind(job.kind), UUID(job.import_id)
    async with make() as session:
        remembered = await store.load_columns(session, job.agency_code, kind)
        employers = await register.load_employers(session, kind.right, {job.agency_code})
        found = content if job.size is not None else await store.load_content(session, import_id)
    if found is None:
        return Outcome(outcome="gone")
    with chosen(remembered | {header_key(text): meaning for text, meaning in job.columns.items()}):
        file = read_file(job, found)
    if isinstance(file, Outcome):
        return file
    async with make() as session:
        file.drafts[:] = renumbered(file.drafts, await register.current_nips(session, named(file.drafts)))
        full = await _full_list(session, job, file) if job.replace else None
        scope = trial.scope_of if job.sandbox else lambda agency: Scope(agency, employers[agency])
        checked, plan = await _judge(session, job, file, scope(job.agency_code), full)
    one = _import(job, file, checked, plan, full)
    return await _keep(make, one, plan, file if job.size is not None else None)


def read_file(job: Job, content: bytes) -> Found | Outcome:
    """The file's table and what its cells claim, or why no row of it can be taken."""
    kind = Kind(job.kind)
    sheet = read(content, job.file_name, kind)
    if isinstance(sheet, FileRefused):
        return _refused(sheet.problems, sheet.detected)
    file_problems, drafts = drafts_of(sheet, kind, date.fromisoformat(job.as_of))
    if any(problem.is_error and problem.code.startswith("file.") for problem in file_problems):
        return _refused(file_problems, sheet.detected)
    return Found(content, sheet, file_problems, drafts, _columns(sheet, kind))


async def _full_list(session: AsyncSession, job: Job, file: Found) -> FullList:
    about, as_of = (file.sheet.kind, job.agency_code), date.fromisoformat(job.as_of)
    if job.sandbox:
        return trial.full_list_in(*about, as_of, file.drafts)
    return await load_full_list(session, *about, as_of, file.drafts)


async def _facts(
    session: AsyncSession, job: Job, file: Found, scope: Scope, full: FullList | None
) -> tuple[Recorded, Register]:
    """What the plan and the rules ask; of an agency to try against in its own world."""
    kind, as_of = file.sheet.kind, date.fromisoformat(job.as_of)
    claims = {_key(draft.claim): draft.claim for draft in file.drafts if draft.claim.nip}
    if job.sandbox:
        recorded = trial.recorded_in(kind, job.agency_code, as_of)
        return recorded, trial.register_in(kind, job.agency_code, claims, recorded, as_of)
    asked = [*claims, *(full.gone if full else ())]
    agencies = {job.agency_code, *cast("frozenset[str]", scope.employers)}
    recorded = await store.load_recorded(session, kind, asked, agencies)
    return recorded, await store.load_register(session, kind, claims, recorded, as_of)


async def _judge(
    session: AsyncSession, job: Job, file: Found, scope: Scope, full: FullList | None
) -> tuple[Checked, Plan | None]:
    sheet = file.sheet
    recorded, facts = await _facts(session, job, file, scope, full)
    # The server ends a transaction that asks nothing for ten seconds, as judging may.
    await session.rollback()
    examined = Examined(file.file_problems, file.drafts)
    checked = judge_examined(sheet, examined, scope, facts)
    file.drafts.clear()  # a plan is made of what was accepted
    del facts, examined
    if checked.file_refused:
        return checked, None
    plan = plan_of(sheet, checked, recorded, agency=job.agency_code, overwrite=job.overwrite, full=full)
    return checked, plan


async def _keep(
    make: async_sessionmaker[AsyncSession], one: store.Import, plan: Plan | None, new: Found | None
) -> Outcome:
    try:
        async with make() as session, session.begin():
            if new is not None:
                await store.add_import(session, replace(one, state="draft"), new.content, new.samples)
            elif not await store.check_anew(session, one):
                return Outcome(outcome="busy")
            await store.replace_rows(session, one.import_id, plan.rows if plan else [])
    except UniqueViolationError:
        return Outcome(outcome="exists")
    return Outcome(outcome="kept")


def _import(
    job: Job, file: Found, checked: Checked, plan: Plan | None, full: FullList | None
) -> store.Import:
    count = plan.count if plan else lambda _effect: 0
    return store.Import(
        import_id=UUID(job.import_id),
        agency_code=job.agency_code,
        kind=checked.kind,
        file_name=job.file_name,
        size=len(file.content),
        sha256=hashlib.sha256(file.content).hexdigest(),
        uploaded_by=None,
        uploaded_at=datetime.fromisoformat(job.now),
        state="checked" if plan else "columns",
        as_of=date.fromisoformat(job.as_of),
        detected=asdict(checked.detected),
        header=list(file.sheet.header),
        columns=file.columns,
        problems=[{"row": p.row} | problem_values(p) for p in checked.problems if _of_file(p)],
        overwrite=job.overwrite,
        plan=plan.hash if plan else "",
        rows_total=checked.rows_total,
        accepted=checked.accepted,
        warned=checked.warned,
        refused=checked.refused,
        added=count("added"),
        changed=count("changed"),
        unchanged=count("unchanged"),
        replace=job.replace,
        employed=full.employed if full else 0,
        removed=count("removed"),
        sandbox=job.sandbox,
        unread=full.unread if full else 0,
    )


def _of_file(problem: Problem) -> bool:
    return problem.row is None or problem.code.startswith("column.")


def _refused(problems: Sequence[Problem], detected: Detected) -> Outcome:
    told = [{"row": p.row} | problem_values(p) for p in problems]
    return Outcome(outcome="refused", problems=told, detected=asdict(detected))


def _columns(sheet: Sheet, kind: Kind) -> dict[str, str | None]:
    known = dict(known_columns(kind, sheet.header))
    configured = configuration()
    return {
        text: known[place].name if place in known else IGNORE if is_ignored(configured, text) else None
        for place, text in enumerate(sheet.header)
        if header_key(text)
    }


def _key(claim: Claim) -> Key:
    return str(claim.nip), about(claim)


def _place_of(error: BaseException) -> str:
    """Where it failed and how, without what it failed on: values of rows name people."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"


def limit_memory() -> None:
    """Let the system give this process no more than `MEMORY`, whatever a file has in it."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, most))


def main() -> None:
    """Check one file as it is told on the standard input."""
    os.nice(NICE)
    limit_memory()
    gc.disable()  # it ends before anything is worth a search
    told: Mapping[str, Any] = json.loads(sys.stdin.buffer.readline())
    job = Job(**told)
    try:
        outcome = asyncio.run(check(job, sys.stdin.buffer.read(job.size or 0)))
    except MemoryError:
        outcome = _refused([Problem(None, None, "file.too_large")], Detected())
    except Exception as error:  # noqa: BLE001 - its place is told, not its words
        sys.exit(_place_of(error))
    json.dump(asdict(outcome), sys.stdout)


if __name__ == "__main__":
    main()
