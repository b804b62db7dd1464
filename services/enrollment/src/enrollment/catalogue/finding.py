"""The run that an address names."""

from sqlalchemy.ext.asyncio import AsyncSession

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
