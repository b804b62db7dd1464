"""Preferensi: by what and in which language a person is told."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web import audit
from bina.web.access import Person
from bina.web.commands import PageCommand
from bina.web.language import gettext as _
from bina.web.permissions import may
from bina.web.problems import Fault, Problem
from notification.preferences import store
from notification.scope import own_id
from notification.site import pages

router = APIRouter()
PATH = "/notification/preferensi"
LANGUAGES = (("id", "Bahasa Indonesia"), ("en", "English"))


@router.get(PATH)
async def preferences(request: Request, person: Annotated[Person, may("preference.own")]) -> Response:
    """The reader's choices."""
    async with request.app.state.runtime.transaction() as session:
        chosen = await store.load_preference(session, own_id(person))
    return pages.render(request, "preferences/preferences.html", chosen=chosen, options=LANGUAGES)


@router.post(PATH)
async def save(person: Annotated[Person, may("preference.set")], command: PageCommand) -> Response:
    """Keep the reader's choices."""
    language, email = command.text("language"), command.text("email") == "1"
    if language not in dict(LANGUAGES):
        fault = Fault("language", _("Pilih Bahasa Indonesia atau English."))
        raise Problem("invalid-input", 422, _("Ada isian yang belum benar."), errors=[fault])

    async def effect(session: AsyncSession) -> str:
        me = own_id(person)
        before = await store.load_preference(session, me)
        await store.put_preference(session, me, language, email=email)
        audit.changed(
            session, "preference", me, before, replace(before, language=language, email=email), person=me
        )
        return PATH

    return await command.redirect(effect, done=_("Pilihan Anda disimpan."))
