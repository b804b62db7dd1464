"""When one can enrol in a run, and what of what it asks for somebody does not meet."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.formats import moment
from bina.web.language import gettext as _
from enrollment.catalogue.audience import load_outside
from enrollment.catalogue.domain import Run
from enrollment.catalogue.store.requirements import Lacking, load_lacking
from enrollment.imports import Unmet

Pair = tuple[UUID, UUID]
"""(run_id, asn_id)"""
MISSING, OUTSIDE = "requirement.missing", "audience.outside"
EARLY, LATE = "run.not_open_yet", "run.enrolment_over"


def window(run: Run, now: datetime) -> tuple[str, str]:
    """(the rule that keeps people out at a moment, the moment it turns on); two empty texts where none does."""
    state = run.window_at(now)
    if state == "early":
        return EARLY, moment(run.opens_at)
    return (LATE, moment(run.closes_at)) if state == "late" else ("", "")


def words_of_window(run: Run, now: datetime) -> str:
    """Why one cannot enrol now; empty where one can."""
    code, at = window(run, now)
    words = {
        EARLY: _("Pendaftaran dibuka %(moment)s."),
        LATE: _("Pendaftaran sudah ditutup sejak %(moment)s."),
    }
    return words[code] % {"moment": at} if code else ""


async def load_unmet(
    session: AsyncSession, runs: Iterable[Run], people: Iterable[Pair]
) -> Mapping[Pair, Unmet]:
    """What runs ask for and people do not meet: (rule, its words), each once; nothing is read where no run asks for
    anything."""
    known, pairs = list(runs), list(people)
    missing = await _load_missing(session, known, pairs)
    outside = await load_outside(session, known, pairs)
    return {
        pair: [
            (rule, found[pair]) for rule, found in ((MISSING, missing), (OUTSIDE, outside)) if pair in found
        ]
        for pair in {**missing, **outside}
    }


def words_of_unmet(unmet: Unmet) -> str:
    """The same to who reads it of themself."""
    words = {
        MISSING: _("Prasyarat Anda belum terpenuhi: %(what)s."),
        OUTSIDE: _(
            "Angkatan ini hanya untuk %(what)s. Pilih angkatan lain, atau minta data Anda diperbaiki bila keliru."
        ),
    }
    return " ".join(words[rule] % {"what": what} for rule, what in unmet)


async def _load_missing(
    session: AsyncSession, runs: Sequence[Run], people: Sequence[Pair]
) -> dict[Pair, str]:
    asking = {run.run_id for run in runs if run.required_programmes or run.required_levels}
    pairs = [pair for pair in people if pair[0] in asking]
    if not pairs:
        return {}
    lacking: dict[Pair, list[str]] = {}
    for pair, one in await load_lacking(session, pairs, clock.today()):
        lacking.setdefault(pair, []).append(_words_of(one))
    return {pair: ", ".join(parts) for pair, parts in lacking.items()}


def _words_of(one: Lacking) -> str:
    """`Penguatan Perekat Bangsa (SKB)`, `T2 tingkat 2`."""
    if one.level is not None:
        return _("%(code)s tingkat %(level)s") % {"code": one.code, "level": one.level}
    return f"{one.name} ({one.code})" if one.name else one.code
