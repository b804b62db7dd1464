"""A run and who is in it, for people."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.audit import OthersRecords, Reading
from bina.web.commands import PageCommand
from bina.web.formats import moment, number, rupiah
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.live import at_one_moment, watch
from bina.web.masking import nip_for
from bina.web.permissions import Reach, check_runs, may, reach_of
from bina.web.problems import Fault, Problem, not_found
from bina.web.tables import Column, Format, Key, Page, Table, export
from enrollment.approvals.view import approval_words, stage_words
from enrollment.attendance import view as attendance
from enrollment.attendance.subjects import REPORTS
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.audience import words_of
from enrollment.catalogue.domain import Run, RunSession
from enrollment.catalogue.finding import run_of
from enrollment.catalogue.requirements import load_unmet, words_of_unmet, words_of_window
from enrollment.catalogue.subjects import SEATS
from enrollment.catalogue.view import way_of
from enrollment.enrolments import commands, store, substituting
from enrollment.enrolments.asking import Wish, ask_for, turns_of
from enrollment.enrolments.attending import FIELD, read_attendance
from enrollment.enrolments.domain import Awaiting, Decision, Enrolment
from enrollment.enrolments.domain.substitutes import until
from enrollment.enrolments.store import Listed
from enrollment.enrolments.store.awaiting import load_open
from enrollment.enrolments.store.pools import load_groups, load_pools
from enrollment.enrolments.subjects import PARTICIPANTS
from enrollment.enrolments.view import held_words, long_span, state_of
from enrollment.enrolments.within import check_both, check_employee, check_subject
from enrollment.entitlement import store as ledger
from enrollment.entitlement.domain import rule_for, year_of
from enrollment.entitlement.view import ceiling_warning
from enrollment.register import store as register
from enrollment.shell import pages

router = APIRouter()
_PATH = "/enrollment/angkatan/{reference}"
PAGE = 200
"""Participants at once: attendance of nearly every run is taken on one page."""
PERSON = Key("person_name", "text", nullable=True)


@router.get(_PATH)
async def show(
    request: Request, reference: str, person: Annotated[Person, may("catalogue.read")], reads: OthersRecords
) -> Response:
    """When, where, am I in it? For clerks: who is in it, who came."""
    asked = _participants(person).asked(request)
    reach = _others(person)
    async with request.app.state.runtime.sessions() as session:
        await at_one_moment(session)
        run = await run_of(session, reference)
        stream = await watch(request, session, {one: [run.run_id] for one in (SEATS, PARTICIPANTS, REPORTS)})
        context = await _context(session, run, person)
        found = store.participants_of(run.run_id, reach)
        people = await asked.page(session, found, PAGE) if reach else Page([])
    await _note(reads, people.rows)
    by_list = context["takes_attendance"] and not context["sessions"]
    attending = by_list and _awaits_attendance(run, people.rows)
    listed = _participants(person, attending=attending).shown(
        request, asked, people, files=f"{_href(run)}/peserta"
    )
    context["replaceable"] = _replaceable(run, people.rows, person)
    context |= {"run": run, "people": listed, "attending": attending, "stream": stream}
    return pages.render(request, "enrolments/run.html", errors={}, **context)


@router.get(_PATH + "/peserta.{form}")
async def participants_file(
    request: Request,
    reference: str,
    form: Format,
    person: Annotated[Person, may("catalogue.read")],
    reads: OthersRecords,
) -> Response:
    """Who is in it and who waits, as a file: those whom the page shows, so nobody to most."""
    async with request.app.state.runtime.sessions() as session:
        run = await run_of(session, reference)
    found = store.participants_of(run.run_id, _others(person))
    return await export(request, _participants(person, run), found, form, partial(_note, reads))


@router.post(_PATH + "/daftar")
async def enrol(
    request: Request,
    reference: str,
    person: Annotated[Person, may("enrolment.request")],
    command: PageCommand,
) -> Response:
    """Enrol oneself, or as a clerk the employee whose NIP was given."""
    async with request.app.state.runtime.sessions() as session:
        run = await run_of(session, reference)
    wish = Wish(person, run.code, command.text("nip") or None)

    def decided(decision: Decision) -> str:
        return _href(run) + (f"?posisi={decision.position}" if decision.position else "")

    async def effect(session: AsyncSession) -> str:
        await check_employee(session, person, wish.nip)
        return decided(await ask_for(session, *wish))

    turns = turns_of(request).sharing(wish, decided) if wish.is_shared else None
    words = _("Pendaftaran tercatat. Statusnya ada di halaman ini.")
    return await command.redirect(effect, done=words, sharing=turns)


@router.post(_PATH + "/batal")
async def withdraw(
    reference: str, person: Annotated[Person, may("enrolment.withdraw")], command: PageCommand
) -> Response:
    """Give a seat back."""
    chosen = _id(command.text("enrollment_id"))

    async def effect(session: AsyncSession) -> str:
        run = await run_of(session, reference)
        await check_subject(session, person, chosen)
        await commands.give_back(session, person, chosen, command.text("reason"))
        return _href(run)

    return await command.redirect(
        effect, done=_("Pendaftaran dibatalkan. Kursinya diberikan kepada daftar tunggu.")
    )


@router.post(_PATH + "/ganti")
async def replace(
    reference: str, person: Annotated[Person, may("enrolment.substitute")], command: PageCommand
) -> Response:
    """Give a participant's seat to another employee of the same agency."""
    chosen, nip = _id(command.text("enrollment_id")), command.text("pengganti")

    async def effect(session: AsyncSession) -> str:
        run = await run_of(session, reference)
        await check_both(session, person, chosen, nip)
        await substituting.substitute(session, person, chosen, nip)
        return _href(run)

    return await command.redirect(effect, done=_("Peserta digantikan. Keduanya dikabari."))


@router.post(_PATH + "/presensi")
async def attend(
    reference: str, person: Annotated[Person, may("attendance.settle")], command: PageCommand
) -> Response:
    """Record who came and who did not."""
    met, missed = read_attendance(command.form)
    met_on = _day(command.text("met_on"))

    async def effect(session: AsyncSession) -> str:
        run = await run_of(session, reference)
        check_runs(person, "attendance.settle", {run.organiser})
        await commands.record_attendance(session, person, met, missed, met_on)
        return _href(run)

    return await command.redirect(effect, done=_("Presensi tersimpan."))


async def _note(reads: Reading, people: Sequence[Listed]) -> None:
    await reads.of([listed.enrolment.asn_id for listed in people])


def _participants(reader: Person, run: Run | None = None, *, attending: bool = False) -> Table[Listed]:
    """Who takes part, in the order in which seats were given, then who waits; where attendance is taken, it goes first."""
    name = Column[Listed]("nama", _("Nama"), lambda one: one.person_name, [PERSON])
    nip = Column[Listed]("nip", "NIP", lambda one: _nip(one, reader))
    unit = Column[Listed]("unit", _("Unit"), lambda one: one.unit_name, [Key("unit_name", "text"), PERSON])
    state = Column[Listed]("keadaan", _("Keadaan"), _state_word, [Key("state", "text"), PERSON])
    met = Column[Listed]("kehadiran", _("Kehadiran"), lambda one: one.enrolment.met_on, on_page=attending)
    jp = Column[Listed](
        "jp", "JP", _gained, [Key("gained", "bigint", nullable=True)], number=True, descending=True
    )
    order = [Key("waits", "boolean"), Key("ticket", "bigint", nullable=True), PERSON]
    columns = [name, met, state, nip, unit] if attending else [name, nip, unit, state, jp, met]
    return Table(
        f"peserta-{run.code}" if run else "peserta", columns, id=Key("enrollment_id", "uuid"), order=order
    )


def _gained(listed: Listed) -> int | None:
    return listed.enrolment.jp if listed.enrolment.state == "completed" else None


def _state_word(listed: Listed) -> str:
    return _state(listed, clock.today())[0]


def _others(person: Person) -> Reach:
    """Everyone for the organiser, own employees for another agency's or a unit's staff, nobody for others."""
    return reach_of(person, "enrolment.list").without_own()


def _awaits_attendance(run: Run, people: Sequence[Listed]) -> bool:
    held = run.status != "cancelled" and run.starts_on <= clock.today()
    return held and any(listed.enrolment.state == "accepted" for listed in people)


def _replaceable(run: Run, people: Sequence[Listed], person: Person) -> list[tuple[str, str]]:
    """(enrolment, name) of those on this page whose seats the clerk may give to others of their agency."""
    reach = reach_of(person, "enrolment.substitute")
    if run.status == "cancelled" or run.concluded_on or clock.today() > until(run):
        return []
    return [
        (str(one.enrolment.enrollment_id), one.person_name)
        for one in people
        if one.enrolment.state == "accepted"
        and one.enrolment.is_only_seat
        and one.person_name
        and reach.covers_place(one.enrolment.agency_code, one.unit_path)
    ]


async def _context(session: AsyncSession, run: Run, person: Person) -> dict[str, Any]:
    today = clock.today()
    agencies = await register.load_agencies(session)
    own = await _own(session, run, person)
    positions = await store.load_positions(session, [own]) if own else {}
    others = _others(person)
    sessions = (await catalogue.load_sessions(session, [run.run_id]))[run.run_id]
    reports = await store.load_reports(session, [own.enrollment_id] if own else [])
    may_enrol = _may_enrol(run, person, own)
    lacks = await _lacks(session, run, person) if may_enrol else ""
    closed = words_of_window(run, clock.now())
    awaited = await _awaited(session, run, person)
    all_pools = await load_pools(session, [run], today)
    pools = all_pools.get(run.run_id)
    own_id = [person.person_id] if person.person_id else []
    groups = await load_groups(session, own_id, all_pools, today)
    return {
        "enrolment_times": _times_of(run),
        "way": way_of(run.mode),
        "requirements": _requirements_of(run),
        "only_for": words_of(run.audience) if run.audience else "",
        "cost": _cost_of(run, whole=others.covers_run(run.organiser)),
        "sessions": [
            (attendance.name_of(one, place), attendance.times_of(one), one)
            for place, one in enumerate(sessions, 1)
        ],
        "rule": attendance.rule_of(run, len(sessions)),
        "reads_attendance": _reads_attendance(person, run, sessions),
        "reads_reports": reach_of(person, "report.list").covers_run(run.organiser),
        "report": reports.get(own.enrollment_id) if own else None,
        "status": run.status_on(today),
        "when": long_span(run.starts_on, run.ends_on),
        "organiser": agencies.get(run.organiser, run.organiser),
        "audience": [agencies.get(code, code) for code in run.open_to],
        "own": own,
        "awaited": awaited,
        "held_words": held_words(run, pools, agencies) if pools else "",
        "no_seat_for_reader": pools is not None
        and person.person_id is not None
        and pools.take(groups.get(person.person_id, ())) is None,
        "awaits": stage_words(awaited) if awaited else "",
        "approval": approval_words(run.admission.approval),
        "own_state": state_of(own, run.status, run.starts_on, run.ends_on, today) if own else None,
        "position": positions.get(own.enrollment_id) if own else None,
        "may_enrol": may_enrol and not lacks and not closed and not awaited,
        "why_not": _why_not(run, person, own, today) or (closed or lacks if may_enrol else ""),
        "replaced_until": until(run),
        "ceiling": await _ceiling(session, run, person) if may_enrol else "",
        "seats_text": counted("%(taken)s dari %(seats)s kursi terisi", run.seats)
        % {"taken": number(run.taken), "seats": number(run.seats)},
        "organises": others.covers_run(run.organiser),
        "reads_others": bool(others),
        "enrols_others": bool(reach_of(person, "enrolment.request").without_own()),
        "changes_run": run.status != "cancelled" and reach_of(person, "run.change").covers_run(run.organiser),
        "takes_attendance": reach_of(person, "attendance.settle").covers_run(run.organiser),
        "peers": _("Peserta dari unit Anda") if person.unit_id else _("Peserta dari instansi Anda"),
        "nip_of": lambda listed: _nip(listed, person),
        "state_of": lambda listed: _state(listed, today),
        "attendance": FIELD,
        "today": today,
    }


async def _lacks(session: AsyncSession, run: Run, person: Person) -> str:
    """What keeps the reader out; empty for whoever has all that the run asks for."""
    assert person.person_id is not None
    pair = run.run_id, person.person_id
    return words_of_unmet((await load_unmet(session, [run], [pair])).get(pair, ()))


def _times_of(run: Run) -> str:
    """`dibuka 1 Desember 2026 pukul 08.00 WIB, ditutup …`; empty where enrolment is open until the run ends."""
    parts = []
    if run.opens_at:
        parts.append(_("dibuka %(moment)s") % {"moment": moment(run.opens_at)})
    if run.closes_at:
        parts.append(_("ditutup %(moment)s") % {"moment": moment(run.closes_at)})
    return ", ".join(parts)


def _requirements_of(run: Run) -> str:
    levels = (_("%(code)s tingkat %(level)s") % one.model_dump() for one in run.required_levels)
    done = (_("lulus %(code)s") % {"code": code} for code in run.required_programmes)
    return ", ".join((*done, *levels))


def _cost_of(run: Run, *, whole: bool) -> str:
    """Rupiah for a seat; for the organiser also for the seats that are taken."""
    if not run.cost_per_seat:
        return ""
    if not whole:
        return rupiah(run.cost_per_seat)
    values = {"one": rupiah(run.cost_per_seat), "all": rupiah(run.cost_per_seat * run.taken)}
    return _("%(one)s; %(all)s untuk kursi yang terisi") % values


async def _own(session: AsyncSession, run: Run, person: Person) -> Enrolment | None:
    if person.person_id is None:
        return None
    found = await store.load_latest(session, [(run.run_id, person.person_id)])
    return next(iter(found.values()), None)


async def _awaited(session: AsyncSession, run: Run, person: Person) -> Awaiting | None:
    """The reader's own request that waits for an approval."""
    if person.person_id is None:
        return None
    pair = run.run_id, person.person_id
    return (await load_open(session, [pair])).get(pair)


async def _ceiling(session: AsyncSession, run: Run, person: Person) -> str:
    """What the JP of a PPPK become with this run, if that is more than they may have."""
    found = await register.load_people(session, [person.person_id] if person.person_id else [])
    if not found:
        return ""
    asn = found[0]
    rule = rule_for(asn.employment, run.ends_on, asn.appointment)
    year = year_of(asn.employment, asn.started_on, run.ends_on, asn.contract_ends_on)
    return ceiling_warning(rule, await ledger.load_standing(session, asn.asn_id, year), run.jp)


def _nip(listed: Listed, reader: Person) -> str:
    one = listed.enrolment
    return nip_for(reader, listed.nip, one.asn_id, one.agency_code, listed.unit_path)


def _reads_attendance(person: Person, run: Run, sessions: Sequence[RunSession]) -> bool:
    reach = reach_of(person, "attendance.read")
    return any(reach.covers_session(run.organiser, one.trainer_id) for one in sessions)


def _may_enrol(run: Run, person: Person, own: Enrolment | None) -> bool:
    return (
        person.person_id is not None
        and (own is None or not own.is_live)
        and person.agency_code in run.open_to
        and run.status_on(clock.today()) in ("open", "full")
    )


def _why_not(run: Run, person: Person, own: Enrolment | None, today: date) -> str:
    if own is not None and own.is_live:
        return ""
    if run.status == "cancelled":
        return _("Angkatan ini dibatalkan. %(reason)s") % {"reason": run.reason}
    if run.status_on(today) == "closed":
        return _("Pendaftaran sudah ditutup.")
    if person.agency_code not in run.open_to:
        return _("Angkatan ini tidak dibuka untuk instansi Anda.")
    return ""


def _state(listed: Listed, today: date) -> tuple[str, str]:
    return state_of(listed.enrolment, listed.run_status, listed.starts_on, listed.ends_on, today)


def _href(run: Run) -> str:
    return f"/enrollment/angkatan/{run.code}"


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise not_found(_("Pendaftaran ini tidak dikenal.")) from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fault = Fault("met_on", _("Isi tanggal presensi."))
        raise Problem("invalid-input", 422, _("Presensi belum dapat disimpan."), errors=[fault]) from None
