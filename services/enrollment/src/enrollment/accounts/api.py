"""Accounts by which people sign in: let go of by the platform, ended by the identity provider."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import emit
from bina.web import audit
from bina.web.access import Person, Visitor
from bina.web.commands import ApiCommand
from bina.web.language import gettext as _
from bina.web.permissions import may
from bina.web.problems import not_found
from enrollment.accounts import store
from enrollment.accounts.problems import closed, plainly
from enrollment.accounts.provider import Provider

router = APIRouter(tags=["accounts"])


@router.delete("/accounts/{asn_id}")
async def unlink(
    asn_id: UUID, _person: Annotated[Person, may("account.unlink")], command: ApiCommand
) -> Response:
    """Forget by which accounts a person signed in: whoever has their NIP at the provider next becomes them."""

    async def effect(session: AsyncSession) -> dict[str, Any]:
        if not await store.unlink(session, asn_id):
            raise not_found(_("Orang ini belum pernah masuk dengan akun apa pun."))
        await emit(session, await store.end_sessions_of(session, [asn_id]))
        audit.changed(session, "account", str(asn_id), {"linked": True}, {"linked": False})
        return {"unlinked": asn_id}

    return await command.answer(effect)


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
