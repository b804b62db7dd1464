"""Kotak masuk: what is new, and where it leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from bina.web.access import Person
from bina.web.commands import PageCommand
from bina.web.formats import weekday
from bina.web.language import gettext as _
from bina.web.live import watch
from bina.web.navigation import Link
from bina.web.permissions import may
from bina.web.problems import not_found
from bina.web.tables import Column, Key, Page, Table
from notification.notices.domain import Spoken, Telling, gist_of, path_of, speak
from notification.notices.store import reading
from notification.notices.store.notices import mark_read
from notification.notices.subjects import UNREAD
from notification.scope import own_id
from notification.site import pages

router = APIRouter()
PATH = "/notification/kotak-masuk"
Reader = Annotated[Person, may("notice.own")]
PAGE_SIZE = 30
NEWEST = 3


@dataclass(frozen=True, slots=True)
class Item:
    """A notice as the inbox lists it."""

    telling: Telling
    spoken: Spoken
    gist: str
    href: str


@dataclass(frozen=True, slots=True)
class Day:
    """The notices of one day, its heading in words."""

    heading: str
    items: list[Item]


@router.get(PATH)
async def inbox(request: Request, person: Reader, saring: Literal["", "belum-dibaca"] = "") -> Response:
    """Unread notices first, then the read ones, each by day; or the unread ones alone, page by page."""
    recipient, table = own_id(person), _table()
    asked = table.asked(request)
    later = asked.after is not None
    async with request.app.state.runtime.transaction() as session:
        stream = await watch(request, session, {UNREAD: [recipient]})
        count = await reading.count_unread(session, recipient)
        fresh, old = (reading.inbox_of(recipient, unread=unread) for unread in (True, False))
        unread = Page[Telling]([]) if later and not saring else await asked.page(session, fresh, PAGE_SIZE)
        read = Page[Telling]([]) if saring else await asked.page(session, old, PAGE_SIZE)
    return pages.render(
        request,
        "notices/inbox.html",
        stream=stream,
        count=count,
        unread=_days(unread.rows),
        hidden=0 if later or saring else count - len(unread.rows),
        read=_days(read.rows),
        first_page=not later,
        list=table.shown(request, asked, unread if saring else read, filters=["saring"]),
        tabs=[
            Link(_("Semua"), PATH, not saring),
            Link(_("Belum dibaca"), f"{PATH}?saring=belum-dibaca", bool(saring)),
        ],
    )


def _table() -> Table[Telling]:
    """An inbox has one order, the newest first."""
    when = Column[Telling]("kapan", _("Kapan"), sort=[Key("occurred_at", "timestamptz")], descending=True)
    return Table("kotak-masuk", [when], id=Key("notice_id", "uuid"), default="kapan")


@router.get(f"{PATH}/{{notice_id}}")
async def notice(request: Request, notice_id: UUID, person: Reader) -> Response:
    """One notice in full; opening it is reading it."""
    async with request.app.state.runtime.transaction() as session:
        found = (await reading.load_tellings(session, [notice_id])).get(notice_id)
        if found is None or found.recipient_id != own_id(person):
            raise not_found()
        await mark_read(session, found.recipient_id, clock.now(), [notice_id])
    return pages.render(request, "notices/notice.html", item=_item(found), place=path_of(found), inbox=PATH)


@router.post(f"{PATH}/dibaca")
async def read_all(person: Annotated[Person, may("notice.mark")], command: PageCommand) -> Response:
    """Mark all of the reader's notices as read."""

    async def effect(session: AsyncSession) -> str:
        read = await mark_read(session, own_id(person), clock.now())
        audit.changed(session, "notices", own_id(person), None, {"read": read})
        return PATH

    return await command.redirect(effect, done=_("Semua pemberitahuan ditandai sudah dibaca."))


@router.get("/notification/potongan/beranda")
async def home_fragment(request: Request, person: Reader) -> Response:
    """The newest three, for a sibling's page; opened by itself it leads to the inbox."""
    if request.headers.get("x-fragment") != "1":
        return RedirectResponse(PATH, 303)
    recipient = own_id(person)
    async with request.app.state.runtime.transaction() as session:
        found = await reading.find_newest(session, recipient, NEWEST)
        count = await reading.count_unread(session, recipient)
    return pages.render(
        request, "notices/fragment.html", items=[_item(t) for t in found], count=count, inbox=PATH
    )


def _days(tellings: Sequence[Telling]) -> list[Day]:
    return [Day(_heading(day), [_item(t) for t in group]) for day, group in groupby(tellings, _day)]


def _day(telling: Telling) -> date:
    return telling.occurred_at.astimezone(clock.ZONE).date()


def _heading(day: date) -> str:
    near = {0: _("Hari ini"), 1: _("Kemarin")}.get((clock.today() - day).days)
    return f"{near}, {weekday(day)}" if near else weekday(day)


def _item(telling: Telling) -> Item:
    spoken = speak(telling)
    return Item(telling, spoken, gist_of(telling, spoken), f"{PATH}/{telling.notice_id}")
