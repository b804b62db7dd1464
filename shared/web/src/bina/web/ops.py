"""Operations of one service: is everything flowing, what is parked and why, and what to do about it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock, parked
from bina.messaging.parked import HeldMessage
from bina.messaging.runtime import Runtime
from bina.web.access import Person, require
from bina.web.commands import ApiCommand, PageCommand
from bina.web.language import gettext as _
from bina.web.pages import shell_pages
from bina.web.problems import Fault, Problem, not_found
from bina.web.text import PlainText

Operator = Annotated[Person, require("platform")]
_OPEN = ("parked", "waiting", "behind")
_DAMAGED = frozenset({
    "json.invalid", "content.nul", "envelope.missing", "envelope.invalid",
    "header.encoding", "header.nul", "id.conflict", "key.invalid", "key.mismatch",
})  # fmt: skip
"""Causes that lie in the message's own bytes: trying again reads the same bytes again."""


class Discard(BaseModel):
    """Why a message is given up; the reason stays with it."""

    model_config = ConfigDict(extra="forbid")

    reason: PlainText = Field(min_length=5, max_length=500)


@dataclass(frozen=True)
class Group:
    """Held messages with one cause: same topic, type and error code."""

    topic: str
    type: str
    code: str
    messages: Sequence[HeldMessage]

    @property
    def sample(self) -> HeldMessage:
        """The oldest one."""
        return self.messages[0]


def api_router() -> APIRouter:
    """`/<service>/api/v1/ops/…` for machines and the command line; role platform."""
    routes = APIRouter(prefix="/ops", tags=["ops"])

    _state_routes(routes)

    @routes.get("/parked")
    async def list_parked(request: Request, _person: Operator) -> list[dict[str, Any]]:
        return [_summary(held) for held in await _find(request, ("parked",))]

    @routes.get("/parked/{held_id}")
    async def show(request: Request, held_id: int, _person: Operator) -> dict[str, Any]:
        held = await _load(request, held_id)
        return _summary(held) | {"headers": held.headers, "value": held.value}

    @routes.post("/parked/{held_id}/redrive")
    async def redrive(held_id: int, _person: Operator, command: ApiCommand) -> Response:
        async def effect(_session: AsyncSession) -> dict[str, int]:
            return {"applied": await _redrive(command.request, held_id)}

        return await command.answer(effect)

    @routes.post("/parked/{held_id}/discard")
    async def discard(held_id: int, body: Discard, _person: Operator, command: ApiCommand) -> Response:
        async def effect(_session: AsyncSession) -> dict[str, bool]:
            await _discard(command.request, held_id, body.reason)
            return {"discarded": True}

        return await command.answer(effect)

    return routes


def _state_routes(routes: APIRouter) -> None:
    """How the service is doing; `backlog` asks the database alone and answers at once."""

    @routes.get("/status")
    async def status(request: Request, _person: Operator) -> dict[str, Any]:
        return (await _runtime(request).status()).as_json()

    @routes.get("/backlog")
    async def backlog(request: Request, _person: Operator) -> dict[str, Any]:
        return asdict(await _runtime(request).backlog())


def page_router(service: str) -> APIRouter:
    """`/<service>/ops` for people; role platform."""
    routes = APIRouter()
    home = f"/{service}/ops"

    @routes.get(home)
    async def overview(request: Request, _person: Operator) -> Response:
        status = await _runtime(request).status()
        groups = group(await _find(request, _OPEN))
        return shell_pages(request).render(
            request, "ops/overview.html", status=status, groups=groups, clocks=_clocks()
        )

    @routes.get(home + "/gagal/{held_id}")
    async def show(request: Request, held_id: int, _person: Operator) -> Response:
        held = await _load(request, held_id)
        damaged = held.code in _DAMAGED
        return shell_pages(request).render(request, "ops/held.html", held=held, home=home, damaged=damaged)

    @routes.post(home + "/gagal/{held_id}/ulangi")
    async def redrive(held_id: int, _person: Operator, command: PageCommand) -> Response:
        async def effect(_session: AsyncSession) -> str:
            await _redrive(command.request, held_id)
            return home

        return await command.redirect(
            effect, done=_("Pesan diproses ulang. Bila gagal lagi, ia tetap ada di daftar.")
        )

    @routes.post(home + "/gagal/{held_id}/buang")
    async def discard(held_id: int, _person: Operator, command: PageCommand) -> Response:
        async def effect(_session: AsyncSession) -> str:
            await _discard(command.request, held_id, command.text("reason"))
            return home

        return await command.redirect(effect, done=_("Pesan dibuang; alasannya tersimpan."))

    return routes


def group(held: Sequence[HeldMessage]) -> list[Group]:
    """Messages by cause, the largest group first."""
    causes: dict[tuple[str, str, str], list[HeldMessage]] = {}
    for message in held:
        causes.setdefault((message.topic, message.type, message.code), []).append(message)
    return sorted(
        (Group(*cause, messages) for cause, messages in causes.items()), key=lambda g: -len(g.messages)
    )


@dataclass(frozen=True)
class Clocks:
    """Wall time, in which operations are told, beside business time, which a demonstration may move."""

    wall: datetime
    business: datetime

    @property
    def apart(self) -> bool:
        """Whether they differ by a minute or more."""
        return abs((self.business - self.wall).total_seconds()) >= 60


def _clocks() -> Clocks:
    return Clocks(datetime.now(UTC), clock.now())


async def _find(request: Request, states: tuple[str, ...]) -> list[HeldMessage]:
    async with _runtime(request).sessions() as session:
        return await parked.find(session, states=states)


async def _load(request: Request, held_id: int) -> HeldMessage:
    async with _runtime(request).sessions() as session:
        held = await parked.load(session, held_id)
    if held is None:
        raise not_found(_("Pesan ini tidak ada lagi dalam daftar tertahan; mungkin sudah diproses."))
    return held


async def _redrive(request: Request, held_id: int) -> int:
    await _load(request, held_id)
    return await _runtime(request).redrive([held_id])


async def _discard(request: Request, held_id: int, reason: str) -> None:
    if len(reason.strip()) < 5:
        fault = Fault("reason", _("Tulis alasan sedikitnya 5 karakter."))
        raise Problem("reason-missing", 422, _("Membuang pesan memerlukan alasan."), errors=[fault])
    await _load(request, held_id)
    if not await _runtime(request).discard(held_id, reason.strip()):
        raise Problem("not-parked", 409, _("Pesan ini sedang tidak diparkir, jadi tidak dapat dibuang."))


def _summary(held: HeldMessage) -> dict[str, Any]:
    names = ("id", "state", "topic", "key", "partition", "offset", "type", "event_id", "code", "error")
    more = ("code_version", "attempts", "first_seen", "last_tried", "blocks", "behind")
    return {name: getattr(held, name) for name in names + more}


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime
