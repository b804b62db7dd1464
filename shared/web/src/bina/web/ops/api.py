"""`/<service>/api/v1/ops/…` for machines and the command line; who may is in the table."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging.parked import Choice, HeldMessage
from bina.messaging.redrives import PER_SECOND, Redrive
from bina.web import audit
from bina.web.audit import OthersRecords
from bina.web.commands import ApiCommand
from bina.web.language import gettext as _
from bina.web.masking import told
from bina.web.ops import doing
from bina.web.ops.doing import MOST_PER_SECOND, REASON, Operator, Watcher, runtime_of
from bina.web.problems import Problem
from bina.web.text import PlainText

NEWEST = 2**62
"""Above every id."""
State = Literal["parked", "waiting", "behind", "discarded"]
Cause = Annotated[str, Field(pattern="^[0-9a-f]{12}$")]
CausePath = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]
Limit = Annotated[int, Query(ge=1, le=1000)]
From = Annotated[int, Query(ge=0, le=NEWEST)]
HeldId = Annotated[int, Path(ge=0, le=NEWEST)]


class Discard(BaseModel):
    """Why messages are given up; the reason stays with them."""

    model_config = ConfigDict(extra="forbid")

    reason: PlainText = Field(min_length=REASON, max_length=500)
    newest: int = Field(default=NEWEST, ge=0, le=NEWEST, description="of a group, only ids up to this one")


class RedriveOrder(BaseModel):
    """What to try again: a message, a group, a key (with its topic) or all; one of them."""

    model_config = ConfigDict(extra="forbid")

    message: int | None = Field(default=None, ge=0, le=NEWEST)
    group: Cause | None = None
    topic: PlainText | None = Field(default=None, max_length=249)
    key: PlainText | None = Field(default=None, max_length=2000)
    all: bool = False
    per_second: int = Field(default=PER_SECOND, ge=1, le=MOST_PER_SECOND)

    def choice(self) -> Choice:
        """The messages meant; raises a problem unless one thing is named."""
        named = [self.message is not None, self.group is not None, self.key is not None, self.all]
        if sum(named) != 1 or (self.key is None) != (self.topic is None):
            raise Problem(
                "choice-unclear",
                422,
                _("Sebutkan satu hal yang diulang."),
                mend=_("Isi salah satu: message, group, topic bersama key, atau all."),
            )
        return Choice(self.message, self.group, self.topic, self.key)


def api_router() -> APIRouter:
    """Everything of operations for machines."""
    routes = APIRouter(prefix="/ops", tags=["ops"])
    _state_routes(routes)
    _group_routes(routes)
    _message_routes(routes)
    _redrive_routes(routes)
    return routes


def _state_routes(routes: APIRouter) -> None:
    """How the service is doing; `backlog` asks the database alone and answers at once."""

    @routes.get("/status")
    async def status(request: Request, _person: Watcher) -> dict[str, Any]:
        return (await runtime_of(request).status()).as_json()

    @routes.get("/backlog")
    async def backlog(request: Request, _person: Watcher) -> dict[str, Any]:
        return asdict(await runtime_of(request).backlog())


def _group_routes(routes: APIRouter) -> None:
    """Held messages by cause."""

    @routes.get("/parked/groups")
    async def list_groups(
        request: Request, person: Watcher, state: State = "parked", limit: Limit = 50, offset: From = 0
    ) -> list[dict[str, Any]]:
        found = await doing.find_groups(request, states=(state,), limit=limit, offset=offset)
        return [told(person, asdict(group)) for group in found]

    @routes.post("/parked/groups/{cause}/discard")
    async def discard_group(
        cause: CausePath, body: Discard, person: Operator, command: ApiCommand
    ) -> Response:
        return await _discard(command, Choice(cause=cause), body, person)


def _message_routes(routes: APIRouter) -> None:
    """Held messages one by one."""

    @routes.get("/parked")
    async def list_parked(
        request: Request,
        person: Watcher,
        reads: OthersRecords,
        *,
        state: State = "parked",
        group: Annotated[str | None, Query(pattern="^[0-9a-f]{12}$")] = None,
        topic: str | None = None,
        key: str | None = None,
        after: From = 0,
        limit: Limit = 200,
    ) -> list[dict[str, Any]]:
        choice = Choice(cause=group, topic=topic, key=key)
        found = await doing.find_messages(request, choice, state=state, after=after, limit=limit)
        await reads.of(
            (), {"state": state, "group": group, "topic": topic}, things=[held.id for held in found]
        )
        return [told(person, _summary(held)) for held in found]

    @routes.get("/parked/{held_id}")
    async def show(
        request: Request, held_id: HeldId, person: Watcher, reads: OthersRecords
    ) -> dict[str, Any]:
        held = await doing.load_message(request, held_id)
        await reads.of((), things=[held_id])
        return told(person, _summary(held) | {"headers": held.headers, "value": held.value})

    @routes.post("/parked/{held_id}/redrive")
    async def redrive(held_id: HeldId, _person: Operator, command: ApiCommand) -> Response:
        async def effect(session: AsyncSession) -> dict[str, int]:
            await doing.load_message(command.request, held_id)
            applied = await runtime_of(command.request).redrive([held_id])
            audit.changed(session, "held", held_id, None, {"applied": applied})
            return {"applied": applied}

        return await command.answer(effect)

    @routes.post("/parked/{held_id}/discard")
    async def discard(held_id: HeldId, body: Discard, person: Operator, command: ApiCommand) -> Response:
        return await _discard(command, Choice(message=held_id), body, person)


def _redrive_routes(routes: APIRouter) -> None:
    """Orders to try messages again, worked off by the service."""

    @routes.post("/redrives", status_code=202)
    async def order(body: RedriveOrder, person: Operator, command: ApiCommand) -> Response:
        choice = body.choice()

        async def effect(session: AsyncSession) -> dict[str, Any]:
            return _report(await doing.order(session, choice, body.per_second, person))

        return await command.answer(effect, status=202)

    @routes.get("/redrives")
    async def list_redrives(
        request: Request, person: Watcher, before: From | None = None, limit: Limit = 50
    ) -> list[dict[str, Any]]:
        return [
            told(person, _report(job))
            for job in await doing.find_redrives(request, before=before, limit=limit)
        ]

    @routes.get("/redrives/{redrive_id}")
    async def show_redrive(request: Request, redrive_id: HeldId, person: Watcher) -> dict[str, Any]:
        return told(person, _report(await doing.load_redrive(request, redrive_id)))

    @routes.post("/redrives/{redrive_id}/cancel")
    async def cancel(redrive_id: HeldId, person: Operator, command: ApiCommand) -> Response:
        async def effect(session: AsyncSession) -> dict[str, Any]:
            return _report(await doing.cancel(session, redrive_id, person))

        return await command.answer(effect)


async def _discard(command: ApiCommand, choice: Choice, body: Discard, person: Operator) -> Response:
    async def effect(session: AsyncSession) -> dict[str, int]:
        if choice.message is not None:
            await doing.load_message(command.request, choice.message)
        done = await doing.discard(session, choice, body.reason, body.newest, person)
        return {"discarded": done.count, "left": done.left}

    answer = await command.answer(effect)
    await runtime_of(command.request).sweep()
    return answer


def _summary(held: HeldMessage) -> dict[str, Any]:
    return {name: value for name, value in asdict(held).items() if name not in {"headers", "value"}}


def _report(job: Redrive) -> dict[str, Any]:
    return asdict(job) | {"state": job.state, "dropped": job.dropped, "seconds_left": job.seconds_left}
