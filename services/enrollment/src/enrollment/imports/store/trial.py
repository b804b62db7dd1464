"""Files that are only tried: what would have become of their rows is noted with them, and nothing else."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_APPLY = text(
    """UPDATE import_rows SET outcome = CASE WHEN after->>'certificate_number' = :revoked THEN 'moved' ELSE 'applied' END,
        reason = CASE WHEN after->>'certificate_number' = :revoked THEN 'certificate.revoked' ELSE '' END
    WHERE import_id = :id AND effect IN ('added', 'changed', 'removed') AND outcome IS NULL"""
)
_UNDO = text("UPDATE import_rows SET outcome = 'undone' WHERE import_id = :id AND outcome = 'applied'")
_COUNT = text(
    """UPDATE imports AS i SET state = :state, finished_at = CAST(:at AS timestamptz), moved = n.moved, undone = n.undone, applied = n.applied + n.undone
    FROM (SELECT count(*) FILTER (WHERE outcome = 'applied') AS applied, count(*) FILTER (WHERE outcome = 'moved') AS moved,
        count(*) FILTER (WHERE outcome = 'undone') AS undone FROM import_rows WHERE import_id = :id) AS n
    WHERE i.import_id = :id AND i.sandbox"""
)


async def try_applying(session: AsyncSession, import_id: UUID, at: datetime, revoked: str) -> None:
    """Note what the plan would do. `revoked`: the number of a certificate that is void."""
    await session.execute(_APPLY, {"id": import_id, "revoked": revoked})
    await session.execute(_COUNT, {"id": import_id, "state": "applied", "at": at})


async def try_undoing(session: AsyncSession, import_id: UUID, at: datetime) -> None:
    """Note that it would be taken back."""
    await session.execute(_UNDO, {"id": import_id})
    await session.execute(_COUNT, {"id": import_id, "state": "undone", "at": at})
