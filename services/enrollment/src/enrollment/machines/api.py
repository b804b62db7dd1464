"""Machine interface of machines: their register, and the token endpoint."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.enrollment import SessionEnded
from bina.messaging import emit, new_id
from bina.web import access, audit
from bina.web.access import Person, Visitor, issue_token
from bina.web.commands import ApiCommand
from bina.web.language import gettext as _
from bina.web.permissions import check_places, may, reach_of
from bina.web.problems import MEDIA_TYPE, Fault, Problem, not_found
from bina.web.sessions import End, add_ended
from bina.web.text import Code, Line
from enrollment.machines import store
from enrollment.machines.domain import VALID_FOR, Credential, Machine, basic, is_shown, secret_of
from enrollment.paging import PageQuery, page
from enrollment.refusals import invalid_rows
from enrollment.register.store import load_agencies

router = APIRouter(tags=["machines"])
KINDS = ("application/json", MEDIA_TYPE)
Keeper = Annotated[Person, may("machine.keep")]
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": "RFC 6749 §5.2, and a problem like every other",
        "content": {kind: {"schema": {"$ref": "#/components/schemas/ProblemOut"}} for kind in KINDS},
    }
    for status in (400, 401)
}
Word = Annotated[str, Form(max_length=200, pattern=r"^[!-~]*$")]


class MachineRow(BaseModel):
    """A system that is to call the machine interface for an agency."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    agency_code: Code
    name: Line


@router.post("/machines", status_code=201)
async def add(body: MachineRow, request: Request, person: Keeper, command: ApiCommand) -> Response:
    """Let a system of an agency in; the answer holds its secret, and no other answer will."""
    check_places(person, "machine.keep", [(body.agency_code, ())])

    async def effect(session: AsyncSession) -> dict[str, Any]:
        if body.agency_code not in await load_agencies(session, sandboxes=True):
            raise invalid_rows([Fault("agency_code", _("Instansi belum terdaftar."))])
        machine = Machine(new_id(), body.agency_code, body.name)
        await store.add_machine(session, machine)
        _note(session, machine, None, machine)
        return shown(machine)

    return _with_secret(await command.answer(effect, status=201), request)


@router.post("/machines/{machine_id}/renew")
async def renew(machine_id: UUID, request: Request, person: Keeper, command: ApiCommand) -> Response:
    """A new secret; the one before, and every token by it, opens nothing any more."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        machine = await _held(session, person, machine_id)
        await store.renew_machine(session, machine_id)
        await _end(session, machine)
        renewed = replace(machine, generation=machine.generation + 1)
        _note(session, machine, machine, renewed)
        return shown(renewed)

    return _with_secret(await command.answer(effect), request)


@router.delete("/machines/{machine_id}")
async def revoke(machine_id: UUID, person: Keeper, command: ApiCommand) -> Response:
    """Let a system in no more, for good."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        machine = await _held(session, person, machine_id)
        await store.revoke_machine(session, machine_id)
        await _end(session, machine)
        _note(session, machine, {"revoked": False}, {"revoked": True})
        return {"revoked": machine_id}

    return await command.answer(effect)


@router.get("/machines")
async def list_machines(
    request: Request,
    person: Annotated[Person, may("machine.list")],
    asked: Annotated[PageQuery, Query()],
) -> dict[str, Any]:
    """The systems of one's agency, of all for the platform; never their secrets."""
    async with request.app.state.runtime.sessions() as session:
        found = await store.load_machines(
            session, reach_of(person, "machine.list"), after=asked.cursor, limit=asked.limit
        )
    return page([shown(machine) for machine in found], asked.limit, "client_id")


@router.post("/token", responses=REFUSALS)
async def token(
    request: Request,
    _visitor: Visitor,
    grant_type: Word = "",
    client_id: Word = "",
    client_secret: Word = "",
) -> Response:
    """A token for a machine (RFC 6749 §4.4); id and secret in the form or by HTTP Basic."""
    if grant_type != "client_credentials":
        return _refused("unsupported_grant_type", 400)
    credential = _shown(request, client_id, client_secret)
    async with request.app.state.runtime.sessions() as session:
        machine = await store.find_machine(session, credential.client_id) if credential else None
    key = access.secret_of(request)
    if credential is None or machine is None or not is_shown(credential, machine, key):
        return _refused("invalid_client", 401)
    issued = issue_token(machine.person(), key, valid_for=VALID_FOR, session_id=machine.session_id)
    seconds = int(VALID_FOR.total_seconds())
    body = {"access_token": issued, "token_type": "Bearer", "expires_in": seconds}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


def shown(machine: Machine) -> dict[str, Any]:
    """A machine without its secret."""
    return {
        "client_id": machine.machine_id,
        "agency_code": machine.agency_code,
        "name": machine.name,
        "generation": machine.generation,
        "revoked_at": machine.revoked_at,
    }


def _note(session: AsyncSession, machine: Machine, before: Any, after: Any) -> None:
    """What became of it, found by its agency, too; its secret is derived, so nothing here tells it."""
    audit.changed(session, "machine", machine.machine_id, before, after)
    if trail := audit.open_in(session):
        trail.note_about(machine.agency_code)


async def _held(session: AsyncSession, person: Person, machine_id: UUID) -> Machine:
    """The machine, if it is the person's to keep and still let in."""
    machine = await store.hold_machine(session, machine_id)
    reach = reach_of(person, "machine.keep")
    if machine is None or not reach.covers_place(machine.agency_code):
        raise not_found()
    if machine.revoked_at is not None:
        raise Problem(
            "machine-revoked",
            409,
            _("Sistem ini sudah dicabut."),
            mend=_("Daftarkan sistem baru bila instansi membutuhkannya."),
        )
    return machine


async def _end(session: AsyncSession, machine: Machine) -> None:
    """Its tokens open nothing any more, in any service."""
    until = datetime.now(UTC) + VALID_FOR
    await add_ended(session, [End(machine.session_id, until)])
    await emit(session, [SessionEnded(session_id=machine.session_id, until=until)])


def _shown(request: Request, client_id: str, client_secret: str) -> Credential | None:
    name, secret = basic(request.headers.get("authorization", "")) or (client_id, client_secret)
    try:
        return Credential(UUID(name), secret)
    except ValueError:
        return None


def _refused(error: str, status: int) -> Response:
    """As RFC 6749 §5.2 has it, and a problem like every other."""
    problem = Problem(
        error.replace("_", "-"),
        status,
        _("Token tidak diberikan."),
        mend=_("Periksa grant_type, client_id, dan client_secret."),
    )
    headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": "Basic"} if status == 401 else {})
    return JSONResponse({"error": error} | problem.body(), status, headers)


def _with_secret(answer: Response, request: Request) -> Response:
    """The stored answer has no secret in it; it is worked out each time."""
    body = json.loads(bytes(answer.body))
    machine = Machine(UUID(body["client_id"]), body["agency_code"], body["name"], body["generation"])
    secret = secret_of(machine, access.secret_of(request))
    return JSONResponse(body | {"client_secret": secret}, answer.status_code, {"Cache-Control": "no-store"})
