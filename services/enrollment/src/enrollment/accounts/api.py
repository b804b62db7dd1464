"""What the identity provider tells us by itself."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from bina.messaging import emit
from bina.web import audit
from bina.web.access import Visitor
from enrollment.accounts import store
from enrollment.accounts.problems import closed, plainly
from enrollment.accounts.provider import Provider

router = APIRouter(tags=["accounts"])


@router.post(
    "/backchannel-logout", status_code=200, responses={403: {"$ref": "#/components/responses/Problem403"}}
)
async def end_from_afar(
    request: Request,
    _visitor: Visitor,
    logout_token: Annotated[str, Form(max_length=16_384, pattern=r"^[A-Za-z0-9_.=-]+$")],
) -> Response:
    """End the sessions of a signed logout token (OpenID Connect Back-Channel Logout 1.0); said twice it is done once."""
    provider: Provider = request.app.state.provider
    if not provider.issuer:
        raise closed()
    with plainly():
        account = await provider.ended(logout_token)
    async with request.app.state.runtime.transaction() as session:
        ended = await store.end_sessions_at(session, account)
        await emit(session, [one.ended() for one in ended])
        await audit.note_sessions(session, request, [one.asn_id for one in ended])
    audit.sealer_of(request.app).wake()
    return Response(headers={"Cache-Control": "no-store"})
