"""Issuing a run's certificates, some at a time, and taking one back."""

from collections.abc import Sequence
from itertools import islice
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.messaging import DueItem, clock, due, emit, new_id
from bina.web import audit
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem, not_found
from enrollment.catalogue import store as catalogue
from enrollment.catalogue.domain import Run
from enrollment.certificates import store
from enrollment.certificates.domain import (
    CHUNK,
    ISSUE,
    PATTERN,
    BrokenPattern,
    Candidate,
    Certificate,
    Series,
    check_pattern,
    free_numbers,
    new_code,
)
from enrollment.certificates.signing import NoSigner, Signer
from enrollment.certificates.store import Progress
from enrollment.enrolments import store as enrolments
from enrollment.enrolments.applying import apply
from enrollment.enrolments.domain import Change
from enrollment.register import store as register

SIGNER: Signer = NoSigner()


async def begin(session: AsyncSession, run: Run) -> Progress:
    """Have everybody who passed a run and has no certificate get one; asking again changes nothing."""
    if run.status == "cancelled":
        raise Problem("run-cancelled", 409, _("Angkatan ini sudah dibatalkan."), run.reason)
    progress = await store.load_progress(session, run.run_id)
    if progress.missing:
        await due.add(session, [DueItem(ISSUE, str(run.run_id), clock.now())])
        audit.changed(
            session, "certificates", run.run_id, {"issued": progress.issued}, {"issued": progress.passed}
        )
    return await store.load_progress(session, run.run_id)


async def issue_some(session: AsyncSession, run_id: UUID) -> tuple[list[Event], bool]:
    """Issue the next certificates of a run; gives what is told, and whether more may be left.

    Numbers are drawn, written and told in one transaction: where it fails, the next one draws the same.
    """
    await enrolments.lock_runs(session, [run_id])
    run = (await catalogue.load_runs(session, [run_id]))[run_id]
    found = await store.load_candidates(session, run_id, CHUNK)
    there = await register.hold_people(session, [one.asn_id for one in found])
    candidates = [one for one in found if one.asn_id in there]
    if not candidates or run.status == "cancelled":
        return [], False
    # Whoever corrects a result to a number, or revokes one, waits.
    await register.hold_agencies(session, {run.organiser})
    numbers = await _numbers(session, run, candidates)
    return await _issue(session, run, numbers), len(found) == CHUNK


async def revoke(session: AsyncSession, enrollment_id: UUID, reason: str) -> None:
    """Take an enrolment's certificate back: its number falls and its page says so; the result stays."""
    await enrolments.lock_runs_of(session, [enrollment_id])
    before = (await enrolments.load_enrolments(session, [enrollment_id]))[enrollment_id]
    if not before.certificate_number:
        raise Problem(
            "certificate-revoked",
            409,
            _("Sertifikat ini sudah dicabut."),
            mend=_("Tidak ada yang perlu dilakukan."),
        )
    run = (await catalogue.load_runs(session, [before.run_id]))[before.run_id]
    await register.hold_agencies(session, {run.organiser})
    (facts,) = await apply(session, [Change(before, before._replace(certificate_number=""), why=reason)])
    await emit(session, facts)


async def set_pattern(session: AsyncSession, agency: str, pattern: str) -> str:
    """Number an agency's certificates by a pattern; raises `Problem` (422) for one that would not do."""
    try:
        check_pattern(pattern)
    except BrokenPattern as broken:
        fault = Fault("pattern", pattern_words())
        raise Problem("invalid-input", 422, _("Ada isian yang belum benar."), errors=[fault]) from broken
    await register.hold_agencies(session, {agency})
    before = await store.load_pattern(session, agency)
    if before is None:
        raise not_found(_("Instansi belum terdaftar."))
    await store.set_pattern(session, agency, pattern)
    audit.changed(session, "certificate-series", agency, {"pattern": before or PATTERN}, {"pattern": pattern})
    return pattern


def pattern_words() -> str:
    """What a pattern has to have."""
    return _(
        "Pakai {seq} sekali, {year}, dan bila perlu {agency}, {programme}, {run}; paling banyak 80 karakter."
    )


async def next_number(session: AsyncSession, run: Run) -> str:
    """Which number a run's next certificate would get, as things are."""
    series = await _series(session, run)
    return series.number(await store.last_of(session, series.agency, series.year) + 1)


async def _series(session: AsyncSession, run: Run) -> Series:
    pattern = await store.load_pattern(session, run.organiser) or PATTERN
    return Series(pattern, run.organiser, run.programme_code, run.code, clock.today().year)


async def _numbers(session: AsyncSession, run: Run, candidates: Sequence[Candidate]) -> dict[UUID, str]:
    """Each candidate's number: the organiser's own where it reported one, else the series' next."""
    drawn = iter(await _draw(session, run, sum(not one.number for one in candidates)))
    return {one.enrollment_id: one.number or next(drawn) for one in candidates}


async def _draw(session: AsyncSession, run: Run, wanted: int) -> list[str]:
    """So many of the series' next numbers; those that were reported or revoked before are passed over."""
    if not wanted:
        return []
    series = await _series(session, run)
    last = await store.hold_series(session, series.agency, series.year)
    drawn: list[str] = []
    while missing := wanted - len(drawn):
        tried = list(islice(series.after(last), missing))
        last += missing
        taken = await store.taken_of(session, series.agency, [number for _place, number in tried])
        drawn += free_numbers(tried, taken)
    await store.advance(session, series.agency, series.year, last)
    return drawn


async def _issue(session: AsyncSession, run: Run, numbers: dict[UUID, str]) -> list[Event]:
    today = clock.today()
    passed = await enrolments.load_enrolments(session, numbers)
    changes = [
        Change(one, one._replace(certificate_number=number), issued_on=today)
        for id_, number in numbers.items()
        if not (one := passed[id_]).certificate_number
    ]
    told = await apply(session, changes) if changes else []
    issued = [
        Certificate(
            new_id(),
            new_code(),
            id_,
            run.organiser,
            number,
            today,
            passed[id_].revision,
            signature=SIGNER.first_state,
        )
        for id_, number in numbers.items()
    ]
    await store.add_certificates(session, issued)
    return [fact for facts in told for fact in facts]
