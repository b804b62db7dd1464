"""Commands that take effect once, however often a client, a proxy or an impatient finger sends them.

The answer is stored in the transaction of the effect: same key and body → the stored answer again; same key with
another body → 422; still in progress → 409. An effect that raises stores nothing and may be tried again.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData, UploadFile

from bina.messaging.commands import (
    CommandConflictError,
    Named,
    Refusal,
    StoredAnswer,
    claim_all,
    remember,
)
from bina.web.access import visitor
from bina.web.audit import asking
from bina.web.audit import store as audit
from bina.web.audit.sealing import sealer_of
from bina.web.audit.trail import begin
from bina.web.forms import KEY_FIELD, TOKEN_FIELD, form_guard, guest_id
from bina.web.language import gettext as _
from bina.web.notice import leave_notice
from bina.web.problems import Problem

KEY_HEADER = "Idempotency-Key"
KEY_PATTERN = "^[!-~][ -~]{6,198}[!-~]$"
_PATIENCE = 25  # tries of 0.2 s: the second click of a double click waits for the first
_CHUNK = 1 << 20

Effect = Callable[[AsyncSession], Awaitable[Any]]
Answered = tuple[int, Any]
"""A status and what is answered with it."""
Sharing = Callable[["Command", int], Awaitable[Answered | None]]
"""How a command is decided together with others of its kind (`bina.web.turns`); None: it is to be decided alone."""


class Command:
    """A command of the API, identified by its `Idempotency-Key`."""

    def __init__(self, request: Request, key: str, digest: bytes) -> None:
        self.request = request
        self.key = key
        self.digest = digest

    async def answer(self, effect: Effect, *, status: int = 200, sharing: Sharing | None = None) -> Response:
        """Run `effect(session)` once and answer with what it returns, as JSON; or by `sharing` a turn with others."""
        code, body = await self._once(effect, status, sharing)
        return JSONResponse(body, code)

    async def _once(self, effect: Effect, status: int, sharing: Sharing | None) -> Answered:
        if sharing is not None and (found := await sharing(self, status)) is not None:
            return found
        principal = principal_of(self.request)
        runtime = self.request.app.state.runtime
        async with runtime.commands, runtime.transaction() as session:
            (stored,) = await claim_all(session, [Named(principal, self.key, self.digest)])
            if stored is not None:
                return _given(answered(stored))
            trail = begin(session, asking.begun(self.request, "command"))
            body = jsonable_encoder(await effect(session))
            answer = StoredAnswer(status, {"answer": body})
            await remember(session, principal, self.key, self.digest, answer)
            await audit.add(session, trail)
        sealer_of(self.request.app).wake()
        return status, body


class FormCommand(Command):
    """A command sent by one of our forms: guarded, with its hidden one-time key; fields are in `form`."""

    def __init__(self, request: Request, key: str, digest: bytes, form: FormData) -> None:
        super().__init__(request, key, digest)
        self.form = form

    def text(self, field: str) -> str:
        """A text field, trimmed; absent means empty."""
        value = self.form.get(field, "")
        return value.strip() if isinstance(value, str) else ""

    def line(self, field: str) -> str:
        """A text field whose box has room for several lines, as one line."""
        return " ".join(self.text(field).split())

    async def redirect(self, effect: Effect, *, done: str = "", sharing: Sharing | None = None) -> Response:
        """Run `effect(session)` once; it returns the path to show next, where `done` is said once. `sharing` as in
        `answer`."""
        for tries_left in reversed(range(_PATIENCE)):
            try:
                _status, path = await self._once(effect, 303, sharing)
            except Problem as problem:
                if problem.type != "command-in-progress" or not tries_left:
                    raise
                await asyncio.sleep(0.2)
            else:
                break
        response = RedirectResponse(str(path), 303)
        if done:
            leave_notice(self.request, response, done)
        return response


async def api_command(request: Request) -> Command:
    """Dependency: the command of an API request; 400 without `Idempotency-Key`."""
    key = request.headers.get(KEY_HEADER, "")
    head = f"{request.method} {request.url.path}?{request.url.query}\n"
    return Command(request, _checked(key), hashlib.sha256(head.encode() + await request.body()).digest())


async def form_command(request: Request, form: Annotated[FormData, Depends(form_guard)]) -> FormCommand:
    """Dependency: the command of a guarded form; 400 without its hidden key."""
    return FormCommand(request, _checked(str(form.get(KEY_FIELD, ""))), await _digest(request, form), form)


ApiCommand = Annotated[Command, Depends(api_command)]
PageCommand = Annotated[FormCommand, Depends(form_command)]


def principal_of(request: Request) -> str:
    """Whose key it is: a person, a machine, a personal link or a guest; others' equal keys never meet."""
    person = visitor(request)
    if person is not None:
        return (
            f"person:{person.person_id}"
            if person.person_id
            else f"machine:{person.agency_code}:{person.name}"
        )
    if "token" in request.path_params:
        return "link:" + hashlib.sha256(request.path_params["token"].encode()).hexdigest()
    return f"guest:{guest_id(request)}"


def answered(stored: StoredAnswer | Refusal) -> Answered | Problem:
    """What a command is answered that was sent before: what the first sending was, or why not."""
    if isinstance(stored, StoredAnswer):
        return stored.status, stored.body["answer"]
    if isinstance(stored, CommandConflictError):
        return Problem(
            "command-key-reused",
            422,
            _("Kunci perintah ini sudah dipakai untuk isi yang lain."),
            mend=_("Muat ulang halamannya lalu kirim lagi; lewat API, pakai Idempotency-Key baru."),
        )
    return Problem(
        "command-in-progress",
        409,
        _("Perintah ini sedang diproses."),
        mend=_("Tunggu sebentar, lalu periksa hasilnya."),
        headers={"Retry-After": "1"},
    )


def _given(found: Answered | Problem) -> Answered:
    if isinstance(found, Problem):
        raise found
    return found


def _checked(key: str) -> str:
    if re.fullmatch(KEY_PATTERN, key):
        return key
    raise Problem(
        "command-key-missing",
        400,
        _("Perintah tanpa kunci sekali pakai."),
        mend=_("Kirim Idempotency-Key (8 sampai 200 karakter ASCII) bersama setiap perintah."),
    )


async def _digest(request: Request, form: FormData) -> bytes:
    total = hashlib.sha256(f"{request.method} {request.url.path}\n".encode())
    for name, value in sorted(form.multi_items(), key=lambda item: item[0]):
        if name not in {TOKEN_FIELD, KEY_FIELD}:
            total.update(f"{len(name)}:{name}".encode() + await _value_digest(value))
    return total.digest()


async def _value_digest(value: str | UploadFile) -> bytes:
    total = hashlib.sha256()
    if isinstance(value, str):
        total.update(value.encode())
        return total.digest()
    while chunk := await value.read(_CHUNK):
        total.update(chunk)
    await value.seek(0)
    return total.digest()
