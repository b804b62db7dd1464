"""Making rows of a confirmed plan true: only those whose record is still what the plan was made on."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import clock
from bina.web.problems import Problem
from enrollment.enrolments import reporting, requesting
from enrollment.enrolments.domain import Decision, ExaminedReport, Judgement, Report
from enrollment.imports import balances, store
from enrollment.imports.claims import ResultClaim
from enrollment.imports.columns import Kind
from enrollment.imports.listed_seats import ask_of, give_back
from enrollment.imports.outcomes import MOVED, Done, is_moved
from enrollment.imports.plan import LEAVING, decimal_of
from enrollment.imports.register_rules import Scope
from enrollment.imports.store import Import, ImportRow, Marked
from enrollment.register import recording
from enrollment.register import store as register
from enrollment.register.bodies import AsnRow
from enrollment.register.domain import Asn, Contact
from enrollment.settings import undo_window

NO_SUPERVISOR = "supervisor.unknown"


async def apply_rows(session: AsyncSession, one: Import, rows: Sequence[ImportRow]) -> Done:
    """Apply rows in their order, as the plan says or not at all."""
    done = await _APPLIED[one.kind](session, one, rows)
    applied = {mark.row for mark in done.marks if mark.outcome == "applied"}
    keys = {row.row: row.key for row in rows if row.row in applied}
    states = await store.load_state_texts(session, one.kind, keys.values())
    assert one.confirmed_at is not None
    return Done(
        [_left(mark, states.get(keys.get(mark.row, ("", "")))) for mark in done.marks],
        stamped(done.events, notify_after=one.confirmed_at + undo_window()),
    )


def stamped(events: Sequence[Event], **values: object) -> list[Event]:
    """The same facts with further values, each as far as its contract has a place for them."""
    return [
        event.model_copy(update={k: v for k, v in values.items() if k in type(event).model_fields})
        for event in events
    ]


def _left(mark: Marked, state: tuple[UUID, str] | None) -> Marked:
    return Marked(mark.row, mark.outcome, mark.reason, *state) if state else mark


async def _enrol(session: AsyncSession, one: Import, rows: Sequence[ImportRow]) -> Done:
    """First who is in the file, then who is not, as the plan has it."""
    scope = await scope_of(session, one)
    seated = await _seat(session, one, [row for row in rows if row.effect != "removed"], scope)
    out = [row for row in rows if row.effect == "removed"]
    given = await give_back(session, one, out, scope) if out else Done([])
    return Done([*seated.marks, *given.marks], [*seated.events, *given.events])


async def _seat(session: AsyncSession, one: Import, rows: Sequence[ImportRow], scope: Scope) -> Done:
    """Seats are handed out again until every row that stays gets what was planned for it, or better."""
    now = clock.now()
    asks = {row.row: ask_of(row, scope) for row in rows}
    going, marks, decisions = list(rows), list[Marked](), list[Decision]()
    while going:
        decisions = await requesting.judge(session, [asks[row.row]._replace(at=now) for row in going])
        states = await store.load_states(session, one.kind, [row.key for row in going])
        off = {
            row.row: why
            for row, decision in zip(going, decisions, strict=True)
            if (why := MOVED if is_moved(row, states) else _seat_off(row, decision))
        }
        marks += [Marked(number, "moved", why) for number, why in off.items()]
        if not off:
            break
        going = [row for row in going if row.row not in off]
    events = await requesting.carry_out(session, decisions) if going else []
    return Done([*marks, *(Marked(row.row, "applied") for row in going)], events)


def _seat_off(row: ImportRow, decision: Decision) -> str:
    """Why a decision is not what was planned; empty where it is, or a seat instead of the waiting list."""
    if decision.outcome == "refused":
        return next(problem.code for problem in decision.problems if problem.severity == "error")
    if decision.change is None:
        return "duplicate.existing"
    planned = (row.after or {}).get("state")
    return "run.full" if decision.outcome == "waitlisted" and planned == "accepted" else ""


async def _report(session: AsyncSession, one: Import, rows: Sequence[ImportRow]) -> Done:
    scope = await scope_of(session, one)
    on = clock.today()
    judgements = await reporting.judge(session, [_examined(row, scope, on) for row in rows])
    states = await store.load_states(session, one.kind, [row.key for row in rows])
    pairs = list(zip(rows, judgements, strict=True))
    off = {row.row: why for row, j in pairs if (why := MOVED if is_moved(row, states) else _result_off(j))}
    events = await reporting.carry_out(session, [j for row, j in pairs if row.row not in off])
    marks = [Marked(r.row, "moved", off[r.row]) if r.row in off else Marked(r.row, "applied") for r in rows]
    return Done(marks, events)


def _result_off(judgement: Judgement) -> str:
    if judgement.outcome == "refused":
        return next(problem.code for problem in judgement.problems if problem.severity == "error")
    return "" if judgement.change else "duplicate.existing"


def _examined(row: ImportRow, scope: Scope, on: date) -> ExaminedReport:
    """A report of what the file said; its cells were examined when it was checked."""
    after = row.after or {}
    claim = ResultClaim(
        nip=row.nip,
        run_code=row.run_code,
        result=after["result"],
        completed_on=date.fromisoformat(after["completed_on"]),
        jp=after["jp"],
        pre_score=decimal_of(after["pre_score"]),
        post_score=decimal_of(after["post_score"]),
        certificate_number=after["certificate_number"] or None,
    )
    report = Report(
        nip=row.nip or "",
        run_code=row.run_code or "",
        result=after["result"],
        completed_on=date.fromisoformat(after["completed_on"]),
        jp=after["jp"],
        scope=scope,
        at=clock.now(),
        on=on,
    )
    return ExaminedReport(report, claim, ())


async def _record(session: AsyncSession, one: Import, rows: Sequence[ImportRow]) -> Done:
    await hold(session, rows)
    states = await store.load_states(session, one.kind, [row.key for row in rows])
    off = {row.row: MOVED for row in rows if is_moved(row, states)}
    off |= await _without_supervisor(session, [row for row in rows if row.row not in off])
    marks = [Marked(number, "moved", why) for number, why in off.items()]
    going = [row for row in rows if row.row not in off]
    recorded = await record_as(session, going, [_planned(row, clock.today()) for row in going])
    await register.unmark_by_hand(session, overwritten(one, going, recorded))
    return Done([*marks, *recorded])


def _planned(row: ImportRow, today: date) -> dict[str, Any]:
    """What a row is to make of somebody; who leaves does so on the day on which that is applied."""
    return (row.after or {}) | ({"left_on": today.isoformat()} if row.effect == "removed" else {})


def overwritten(one: Import, rows: Sequence[ImportRow], marks: Sequence[Marked]) -> list[tuple[UUID, str]]:
    """(person, field) of what was decided by hand and is not now, or is again, by what became of rows."""
    done = {mark.row for mark in marks if mark.outcome == "applied"} if one.overwrite else set()
    return [(row.ref, field) for row in rows if row.ref and row.row in done for field in row.conflicts or ()]


async def record_as(
    session: AsyncSession,
    rows: Sequence[ImportRow],
    values: Sequence[dict[str, Any]],
    since: date | None = None,
) -> list[Marked]:
    """Record people as `values` say, from a day on, today unless given. What the register refuses is found by halving, and moved with its reason."""
    if not rows:
        return []
    try:
        async with session.begin_nested():
            found = await _asn_rows(session, rows, values)
            await recording.record_asn(session, found, cause="import", since=since)
    except (Problem, ValidationError) as refused:
        if len(rows) == 1:
            return [Marked(rows[0].row, "moved", _why(refused))]
        middle = len(rows) // 2
        first = await record_as(session, rows[:middle], values[:middle], since)
        return [*first, *await record_as(session, rows[middle:], values[middle:], since)]
    return [Marked(row.row, "applied") for row in rows]


def _why(refused: Problem | ValidationError) -> str:
    if isinstance(refused, Problem):
        return refused.errors[0].what if refused.errors else refused.title
    return str(refused.errors()[0]["loc"][0])


async def hold(session: AsyncSession, rows: Sequence[ImportRow]) -> None:
    """From here on nobody else records people of these agencies, nor changes those of the rows."""
    agencies = {str(values["agency_code"]) for row in rows for values in (row.before, row.after) if values}
    await register.hold_agencies(session, agencies)
    await register.lock_people(session, [row.ref for row in rows if row.ref])


async def _without_supervisor(session: AsyncSession, rows: Sequence[ImportRow]) -> dict[int, str]:
    """Rows whose supervisor is neither registered nor recorded before them."""
    named = {row.row: nip for row in rows if (nip := (row.after or {}).get("supervisor_nip"))}
    known = {*await register.find_people(session, named.values())}
    off = {}
    for row in rows:
        if named.get(row.row) is not None and named[row.row] not in known:
            off[row.row] = NO_SUPERVISOR
        else:
            known.add(row.nip or "")
    return off


async def _asn_rows(
    session: AsyncSession, rows: Sequence[ImportRow], values: Sequence[dict[str, Any]]
) -> list[AsnRow]:
    """Whole records: what a file does not know stays as it is."""
    ids = [row.ref for row in rows if row.ref]
    people = {person.asn_id: person for person in await register.load_people(session, ids)}
    contacts = {contact.asn_id: contact for contact in await register.load_contacts(session, ids)}
    return [
        _asn_row(row, after, people.get(row.ref or UUID(int=0)), contacts.get(row.ref or UUID(int=0)))
        for row, after in zip(rows, values, strict=True)
    ]


def _asn_row(row: ImportRow, after: dict[str, Any], person: Asn | None, contact: Contact | None) -> AsnRow:
    given = {name: value for name, value in after.items() if name not in ("unit", *LEAVING)}
    more = {"left_on": person.left_on, "contract_ends_on": person.contract_ends_on} if person else {}
    language = {"language": contact.language} if contact else {}
    known = {"id": person.asn_id} if person else {}
    leaving = {name: after[name] for name in LEAVING} if row.effect == "removed" else {}
    return AsnRow.model_validate({**given, "nip": row.nip, **more, **language, **known, **leaving})


async def scope_of(session: AsyncSession, one: Import) -> Scope:
    """Whose people the agency of an import may name in it."""
    employers = await register.load_employers(session, one.kind.right, {one.agency_code})
    return Scope(one.agency_code, employers[one.agency_code])


_Applying = Callable[[AsyncSession, Import, Sequence[ImportRow]], Coroutine[Any, Any, Done]]
_APPLIED: dict[Kind, _Applying] = {
    Kind.PENDAFTARAN: _enrol,
    Kind.KELULUSAN: _report,
    Kind.PEGAWAI: _record,
    Kind.SALDO_JP: balances.load,
}
