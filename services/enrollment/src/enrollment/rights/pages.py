"""`/data-saya`: what is kept of me, why, how long, and who looked at it?"""

from fastapi import APIRouter, Request, Response

from bina.messaging import clock
from bina.web.own_data.routes import Owner
from bina.web.own_data.view import service_name
from bina.web.retention import name_of, source_of, words_of
from enrollment.own_data import own
from enrollment.shell import pages

router = APIRouter()
HOME = "/data-saya"
SIBLINGS = ("assessment", "evaluation", "notification")


@router.get(HOME)
async def show(request: Request, person: Owner) -> Response:
    """This service's part, and a place for each sibling's."""
    part = await own.part(request, person)
    kept = [
        (name_of(p.keeps), f"{words_of(p)} ({source_of(p)})")
        for p in request.app.state.periods.on(clock.today())
    ]
    return pages.render(
        request, "rights/own.html", kept=kept, siblings=[(one, service_name(one)) for one in SIBLINGS], **part
    )
