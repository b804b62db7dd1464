"""The same for the agency's own systems."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from bina.messaging import clock
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import may, out_of_scope, reach_of
from bina.web.problems import not_found
from bina.web.text import Code
from enrollment.integration import health, view
from enrollment.integration.domain import Refusal, Sum
from enrollment.integration.health import READ, Health
from enrollment.register import store as register

router = APIRouter(tags=["publishing"])


@router.get("/integration")
async def integration(
    request: Request,
    person: Annotated[Person, may(READ)],
    agency: Annotated[Code | None, Query(description="which agency; left out: the own one")] = None,
) -> dict[str, Any]:
    """What of an agency's came in these 30 days, by way and by day, why what was refused was, how far its topic is behind
    (`lag` in messages, null while nobody knows) and how many of its messages are parked. 403 outside reach."""
    reach, runtime = reach_of(person, READ), request.app.state.runtime
    code = agency or reach.agency_code or person.agency_code
    if not code or not reach.covers_place(code):
        raise out_of_scope()
    today = clock.today()
    async with runtime.sessions() as session:
        if code not in await register.load_agencies(session, sandboxes=True):
            raise not_found(_("Instansi belum terdaftar."))
        found = await health.load(session, code, today)
    return {"agency_code": code, **_told(found), "lag": await runtime.lag_of(found.topic)}


def _told(found: Health) -> dict[str, Any]:
    ways = view.ways_of(found.ways, found.days[-1].day)
    return {
        "ways": {one.way: {"last_at": one.last_at, **_counts(one.sum)} for one in ways},
        "days": [{"day": one.day, **_counts(one)} for one in found.days],
        "refusals": [_refusal(one) for one in found.refusals],
        "topic": found.topic,
        "parked": found.parked,
    }


def _counts(one: Sum) -> dict[str, int]:
    return {name: getattr(one, name) for name in ("accepted", "waitlisted", "withdrawn", "refused")}


def _refusal(one: Refusal) -> dict[str, Any]:
    return {**one._asdict(), "advice": view.advice_of(one.code)[0]}
