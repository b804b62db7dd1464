"""Personal links: one opens one task to whoever holds it, until it expires or is revoked."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import LinkedTask, TaskLink
from bina.web.language import gettext as _
from bina.web.problems import Problem

_REVOKE = text(
    """INSERT INTO revoked_links (task_id, issued_before) VALUES (:task_id, :now)
    ON CONFLICT (task_id) DO UPDATE SET issued_before = excluded.issued_before"""
)
_IS_REVOKED = text(
    """SELECT EXISTS (SELECT FROM revoked_links
    WHERE task_id = :task_id AND CAST(:issued_at AS timestamptz) < issued_before)"""
)


async def revoke_links(session: AsyncSession, task_id: UUID) -> None:
    """Close every link to a task that was issued before now; its evaluator still finds it in the own inbox."""
    await session.execute(_REVOKE, {"task_id": task_id, "now": datetime.now(UTC)})


async def is_revoked(session: AsyncSession, link: TaskLink) -> bool:
    """Whether a link was closed before it expired."""
    return bool(await session.scalar(_IS_REVOKED, link._asdict()))


async def open_link(request: Request, task_id: LinkedTask) -> UUID:
    """Dependency: the task of a personal link; 410 once it expired or was revoked, 404 if forged."""
    async with request.app.state.runtime.sessions() as session:
        revoked = await is_revoked(session, request.state.link)
    if revoked:
        raise Problem(
            "link-revoked",
            410,
            _("Tautan ini sudah dicabut."),
            mend=_("Mintalah tautan baru kepada pengirimnya, atau masuk dan buka Tugas menilai."),
        )
    return task_id


OpenLink = Annotated[UUID, Depends(open_link)]
