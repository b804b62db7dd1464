"""A form that comes after the session it was filled in was over is kept for a day; signed in again, its sender sends it on.

Only what one of our own pages gave to that very person is kept, and only they get it back. Files are not kept, nor what was
sent under a personal link: its address is a key.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData

from bina.web.access import Person, sign_in_redirect, visitor
from bina.web.forms import KEY_FIELD, TOKEN_FIELD, form_guard, form_token
from bina.web.permissions import may
from bina.web.problems import Problem, not_found
from bina.web.retention import words_of

LARGEST = 256 * 1024
"""Characters of all fields together; a longer form is not kept."""
Fields = Sequence[tuple[str, str]]

MOST = 20
"""Forms kept of one person; the oldest goes first."""
_FORGET_OF = text("DELETE FROM web.kept_forms WHERE person_id = ANY (CAST(:people AS uuid[]))")
_MAKE_ROOM = text(
    """DELETE FROM web.kept_forms WHERE kept_id IN (SELECT kept_id FROM web.kept_forms
    WHERE person_id = :person_id ORDER BY kept_at DESC, kept_id OFFSET :most)"""
)
_ADD = text(
    """INSERT INTO web.kept_forms (kept_id, person_id, path, fields)
    VALUES (:kept_id, :person_id, :path, CAST(:fields AS jsonb))"""
)
_FIND = text(
    """SELECT path, fields FROM web.kept_forms
    WHERE kept_id = :kept_id AND person_id = :person_id AND kept_at >= :since"""
)


async def keep(request: Request) -> Response | None:
    """Keep the form of a person whose session is over and lead them on to it; None where there is none to keep."""
    person: Person | None = visitor(request) or getattr(request.state, "lapsed", None)
    if request.method != "POST" or "token" in request.path_params:
        return None
    if person is None or person.person_id is None:
        return None
    fields = await _fields(request)
    if fields is None:
        return None
    kept_id = uuid4()
    async with request.app.state.runtime.transaction() as session:
        await _add(session, kept_id, person.person_id, _path(request), fields)
    path = f"/{request.app.state.runtime.service.name}/lanjutkan/{kept_id}"
    return RedirectResponse(path, 303) if visitor(request) else sign_in_redirect(request, path)


async def forget_of(session: AsyncSession, people: Iterable[UUID]) -> None:
    """What these people left goes: they were erased."""
    await session.execute(_FORGET_OF, {"people": sorted(people)})


def router(service: str) -> APIRouter:
    """`GET /<service>/lanjutkan/<kept_id>`: the kept form, ready to be sent by whoever it is from."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(f"/{service}/lanjutkan/{{kept_id}}")
    async def go_on(request: Request, kept_id: UUID, person: Annotated[Person, may("form.kept")]) -> Response:
        from bina.web.pages import shell_pages  # the page needs texts that need this module

        now = datetime.now(UTC)
        period = request.app.state.periods.of("kept_forms", now.date())
        asked = {"kept_id": kept_id, "person_id": person.person_id, "since": now - period.length}
        async with request.app.state.runtime.sessions() as session:
            found = await session.execute(_FIND, asked)
        row = found.one_or_none()
        if row is None:
            raise not_found()
        shown = [(name, value) for name, value in row.fields if name != KEY_FIELD and value]
        context = {"action": row.path, "fields": row.fields, "shown": shown, "token_name": TOKEN_FIELD}
        context |= {"token": form_token(request), "period": words_of(period)}
        return shell_pages(request).render(request, "kept_form.html", **context)

    return routes


async def _fields(request: Request) -> Fields | None:
    """What one of our pages sent, but for its signature; None where it is not ours or too long."""
    found = await _form(request)
    if found is None:
        return None
    written = [(name, value) for name, value in found.multi_items() if isinstance(value, str)]
    if sum(len(name) + len(value) for name, value in written) > LARGEST:
        return None
    return [(name, value) for name, value in written if name != TOKEN_FIELD]


async def _form(request: Request) -> FormData | None:
    """The form of the session that is over, or of one before it."""
    with suppress(Problem):
        async with asynccontextmanager(form_guard)(request) as form:
            return form
    earlier: FormData | None = getattr(request.state, "earlier_form", None)
    return earlier


def _path(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


async def _add(session: AsyncSession, kept_id: UUID, person_id: UUID, path: str, fields: Fields) -> None:
    values: dict[str, Any] = {"kept_id": kept_id, "person_id": person_id, "path": path}
    await session.execute(_MAKE_ROOM, {"person_id": person_id, "most": MOST - 1})
    await session.execute(_ADD, values | {"fields": json.dumps(fields)})
