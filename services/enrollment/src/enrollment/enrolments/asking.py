"""Asking for a seat: for oneself, or as a clerk for an employee; one alone, or all who ask at once together."""

from collections.abc import Sequence
from typing import NamedTuple

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock, emit
from bina.web import audit
from bina.web.access import Person
from bina.web.audit.trail import Trail, Trails, begin
from bina.web.language import gettext as _
from bina.web.permissions import out_of_scope, reach_of
from bina.web.problems import Fault, Problem
from bina.web.turns import Asked, Turns
from enrollment.enrolments.domain import Ask, Decision
from enrollment.enrolments.requesting import effects, judge
from enrollment.imports import Kind, Scope
from enrollment.register import store as register


class Wish(NamedTuple):
    """A person asks for a seat of a run: for themself, or as a clerk for whom the NIP names."""

    person: Person
    run_code: str
    nip: str | None = None
    note: str = ""

    @property
    def is_shared(self) -> bool:
        """Whether it may be decided together with others: what a unit's clerk may is asked for each by itself."""
        return self.nip is None or self.person.unit_id is None


def turns_of(request: Request) -> Turns[Wish, Decision]:
    """The turns of this worker, in which all who ask at once are decided together."""
    found: Turns[Wish, Decision] = request.app.state.wishes
    return found


async def ask_for(
    session: AsyncSession, person: Person, run_code: str, nip: str | None, note: str = ""
) -> Decision:
    """Request a seat for oneself, or as a clerk for an own employee; a refusal is a `Problem` (409)."""
    wish = Wish(person, run_code, nip, note)
    (decision,) = await _decided(session, [wish], [audit.open_in(session)], None)
    if isinstance(decision, Problem):
        raise decision
    return decision


async def ask_together(session: AsyncSession, asked: Sequence[Asked[Wish]]) -> Sequence[Decision | Problem]:
    """Decide the wishes of a shared turn in their order."""
    wishes, trails = [one.what for one in asked], [one.trail for one in asked]
    return await _decided(session, wishes, trails, [one.trace for one in asked])


async def clerks_ask(
    session: AsyncSession, person: Person, run_code: str, nip: str | None, note: str = ""
) -> Ask:
    """For oneself the scope is one's own employer; for others it is the clerk's agency's right to enrol."""
    (ask,) = await _asks(session, [Wish(person, run_code, nip, note)])
    if isinstance(ask, Problem):
        raise ask
    return ask


def note_whose(trail: Trail | None, decision: Decision, note: str = "") -> None:
    """Note in a command's audit whose seat it is, and what the asker wrote beside."""
    if trail and decision.enrolment:
        trail.note_behalf([decision.enrolment.asn_id])
        trail.because(note, decision.enrolment.asn_id)


def refused(decision: Decision) -> Problem:
    """409: what stands against an ask."""
    errors = [p for p in decision.problems if p.severity == "error"]
    return Problem(
        errors[0].code.replace(".", "-").replace("_", "-"),
        409,
        _("Permintaan ini tidak dapat diterima."),
        errors[0].advice,
        errors=[Fault(p.column or p.code, p.advice) for p in errors],
    )


async def _decided(
    session: AsyncSession,
    wishes: Sequence[Wish],
    trails: Sequence[Trail | None],
    traces: Sequence[str] | None,
) -> list[Decision | Problem]:
    """Each in its own trail and trace; `traces` None: in this request's."""
    asks = await _asks(session, wishes)
    decisions = iter(await judge(session, [ask for ask in asks if isinstance(ask, Ask)]))
    found = [ask if isinstance(ask, Problem) else _answer(next(decisions)) for ask in asks]
    granted = [(place, one) for place, one in enumerate(found) if isinstance(one, Decision)]
    for place, one in granted:
        note_whose(trails[place], one, wishes[place].note)
    if traces is not None:
        begin(session, Trails(_by_id(granted, trails)))
    told = await effects(session, [one for _, one in granted])
    here = traces and [traces[place] for (place, _), facts in zip(granted, told, strict=True) for _ in facts]
    await emit(session, [fact for facts in told for fact in facts], traces=here)
    return found


def _by_id(granted: Sequence[tuple[int, Decision]], trails: Sequence[Trail | None]) -> dict[object, Trail]:
    """Whose trail tells of which enrolment or request for an approval; whoever only repeats another's tells nothing."""
    found: dict[object, Trail] = {}
    for place, decision in granted:
        if trail := trails[place]:
            for id_ in decision.ids:
                found.setdefault(id_, trail)
    return found


def _answer(decision: Decision) -> Decision | Problem:
    return refused(decision) if decision.outcome == "refused" else decision


async def _asks(session: AsyncSession, wishes: Sequence[Wish]) -> list[Ask | Problem]:
    """What each asks in the rules' terms, or why they may not: three questions at most, however many they are."""
    own = {w.person.person_id for w in wishes if w.nip is None and w.person.person_id}
    people = {one.asn_id: one for one in await register.load_people(session, sorted(own))} if own else {}
    scopes = await _scopes(session, [w for w in wishes if w.nip is not None])
    now, on = clock.now(), clock.today()
    found: list[Ask | Problem] = []
    for wish in wishes:
        by = wish.person.person_id
        asker = people.get(by) if by and wish.nip is None else None
        nip = asker.nip if asker else wish.nip
        scope = Scope(asker.agency_code, frozenset({asker.agency_code})) if asker else scopes.get(wish)
        if nip is None or scope is None:
            found.append(out_of_scope())
        else:
            found.append(Ask(nip, wish.run_code, scope, now, on, wish.note, by=by))
    return found


async def _scopes(session: AsyncSession, wishes: Sequence[Wish]) -> dict[Wish, Scope]:
    """For whom clerks may ask; whoever may ask for nobody is left out."""
    reaches = {wish: reach_of(wish.person, "enrolment.request") for wish in wishes}
    named = {wish.nip for wish, reach in reaches.items() if reach.everything and wish.nip}
    keys = await register.load_keys(session, named) if named else {}
    agencies = {one.agency_code for one in reaches.values() if not one.everything and one.agency_code}
    employers = await register.load_employers(session, Kind.PENDAFTARAN, agencies) if agencies else {}
    found = {}
    for wish, reach in reaches.items():
        if reach.everything:
            agency = keys[wish.nip].agency_code if wish.nip in keys else ""
            found[wish] = Scope(agency, frozenset({agency}))
        elif reach.agency_code is not None:
            found[wish] = Scope(reach.agency_code, employers[reach.agency_code])
    return found
