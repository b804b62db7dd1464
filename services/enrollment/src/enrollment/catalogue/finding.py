"""The run that an address names, and the edition of it that an editor saw."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.editions import edition_of
from bina.web.language import gettext as _
from bina.web.problems import not_found
from enrollment.catalogue import store
from enrollment.catalogue.domain import Run


async def run_of(session: AsyncSession, reference: str) -> Run:
    """The run of this id or code; raises `Problem` (404) where there is none."""
    run = await store.find_run(session, reference)
    if run is None:
        raise not_found(_("Angkatan ini tidak ada di katalog."))
    return run


async def edition_of_run(session: AsyncSession, run: Run) -> str:
    """The entity tag of what of a run can be changed, its sessions too; who has a seat or waits for one is no edit."""
    sessions = (await store.load_sessions(session, [run.run_id]))[run.run_id]
    return edition_of(replace(run, taken=0, waiting=0), sessions)
