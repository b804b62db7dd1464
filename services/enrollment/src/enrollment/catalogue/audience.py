"""Whom a run is for where its programme's version says that this binds: everybody else is refused, whichever way they come.

A run's own levels go before its programme's; what the register does not know of somebody does not fit.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.language import gettext as _
from enrollment.catalogue.domain import Audience, Run

_PLACES = text(
    """SELECT asn_id, position_type, job_level, agency_code FROM asn
    WHERE asn_id = ANY (CAST(:ids AS uuid[]))"""
)
Pair = tuple[UUID, UUID]
"""(run_id, asn_id)"""


class Place(NamedTuple):
    """What somebody is in the service, as the register has it."""

    position_type: str
    job_level: str
    agency_code: str


def fits(audience: Audience, place: Place) -> bool:
    """Whether somebody is among those a run is for; an empty member asks for nothing."""
    asked = zip((audience.positions, audience.job_levels, audience.agencies), place, strict=True)
    return all(not names or had.casefold() in {name.casefold() for name in names} for names, had in asked)


def words_of(audience: Audience) -> str:
    """`jabatan Struktural; jenjang Pengawas, Administrator`; empty for everybody."""
    parts = (
        (audience.positions, _("jabatan %(names)s")),
        (audience.job_levels, _("jenjang %(names)s")),
        (audience.agencies, _("instansi %(names)s")),
    )
    return "; ".join(words % {"names": ", ".join(names)} for names, words in parts if names)


async def load_outside(
    session: AsyncSession, runs: Iterable[Run], pairs: Sequence[Pair]
) -> Mapping[Pair, str]:
    """For whom a run is, in words, by those of these pairs whose person it is not for; nothing is read where no run's
    audience binds."""
    binding = {run.run_id: run.audience for run in runs if run.audience}
    asked = [pair for pair in pairs if pair[0] in binding]
    if not asked:
        return {}
    rows = await session.execute(_PLACES, {"ids": sorted({asn_id for _run, asn_id in asked})})
    places = {row.asn_id: Place(row.position_type, row.job_level, row.agency_code) for row in rows}
    return {
        (run_id, asn_id): words_of(binding[run_id])
        for run_id, asn_id in asked
        if asn_id in places and not fits(binding[run_id], places[asn_id])
    }
