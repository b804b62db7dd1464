"""Confirming and undoing a file that is only tried: told what would become of its rows, with no effect on anything else."""

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from enrollment.imports import store
from enrollment.imports.store import Import
from enrollment.sandbox.world import REVOKED


async def apply(session: AsyncSession, one: Import) -> None:
    """Note what its plan would do."""
    await store.try_applying(session, one.import_id, clock.now(), REVOKED)
    _note(session, one, "applied")


async def undo(session: AsyncSession, one: Import) -> None:
    """Note that it would be taken back."""
    await store.try_undoing(session, one.import_id, clock.now())
    _note(session, one, "undone")


def _note(session: AsyncSession, one: Import, state: str) -> None:
    told = {"state": state, "sandbox": True}
    audit.changed(session, "import", one.import_id, {"state": one.state}, told)
