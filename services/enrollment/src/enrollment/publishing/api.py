"""Machine interface for agencies' events: CloudEvents 1.0 in batches, over HTTP."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web import audit
from bina.web.access import Person
from bina.web.commands import ApiCommand
from bina.web.language import gettext as _
from bina.web.permissions import check_places, may, out_of_scope
from bina.web.problems import Fault
from bina.web.text import Code, PlainText
from enrollment.integration.counting import count_batch
from enrollment.publishing.domain import answers_of, message_of
from enrollment.refusals import invalid_rows
from enrollment.register.store import load_agencies

router = APIRouter(tags=["publishing"])
MOST = 1_000
"""Events of one batch: they are one transaction."""
ACTION = "event.publish"
Name = Annotated[PlainText, Field(min_length=1, max_length=200)]
Attribute = Annotated[PlainText, Field(max_length=200)] | None


Value = PlainText | int | float | bool | None


class CloudEvent(BaseModel):
    """An event in CloudEvents' JSON format; `data` is the contract's, as on the agency's topic (see AsyncAPI)."""

    model_config = ConfigDict(extra="ignore")

    specversion: Literal["1.0"]
    id: Name
    source: Name
    type: Name
    time: Annotated[PlainText, Field(max_length=64, description="RFC 3339, with its zone")]
    subject: Attribute = None
    correlationid: Attribute = None
    causationid: Attribute = None
    data: dict[PlainText, Value]


Batch = Annotated[list[CloudEvent], Field(min_length=1, max_length=MOST)]
Publisher = Annotated[Person, may(ACTION)]


@router.post("/events")
async def publish(
    body: Batch,
    person: Publisher,
    request: Request,
    command: ApiCommand,
    agency: Annotated[Code | None, Query(description="for which agency; left out: the own one")] = None,
) -> Response:
    """Take up to 1,000 events of an agency in their order, as one: all are decided or none.

    Each is decided by the rules of the agency's topic and answered here, and on its topic of answers too. An event
    whose id was taken before changes nothing.
    """
    publisher = agency or person.agency_code
    if not publisher:
        raise out_of_scope()
    check_places(person, ACTION, [(publisher, ())])
    messages = [message_of(publisher, place, one.model_dump()) for place, one in enumerate(body)]
    intake = request.app.state.runtime.intake
    batch = intake.read(messages)

    async def effect(session: AsyncSession) -> dict[str, Any]:
        if publisher not in await load_agencies(session, sandboxes=True):
            raise invalid_rows([Fault("agency", _("Instansi belum terdaftar."))])
        answers = answers_of(publisher, messages, await intake.bring(session, batch))
        await count_batch(session, publisher, messages, answers)
        audit.changed(session, "events", publisher, None, {"events": len(messages)})
        return {"answers": answers}

    return await command.answer(effect)
