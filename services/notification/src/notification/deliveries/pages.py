"""Buku kirim: who was told, or why not."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import PageCommand
from bina.web.language import gettext as _
from bina.web.live import at_one_moment, watch
from bina.web.navigation import Link
from bina.web.permissions import can, may, reach_of
from notification.cursors import read_cursor, write_cursor
from notification.deliveries.store import ledger
from notification.deliveries.subjects import DELIVERIES, FAILED
from notification.deliveries.view import TABS, TAGS, name_of_kind, name_of_state, name_of_tab, words_of_reason
from notification.site import pages

router = APIRouter()
Reader = Annotated[Person, may("delivery.list")]
Clerk = Annotated[Person, may("delivery.retry")]
PATH = "/notification/buku-kirim"
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the ledger, in words."""

    row: Any
    kind: str
    state: str
    tag: str
    why: str


@router.get(PATH)
async def ledger_page(
    request: Request,
    person: Reader,
    reads: OthersRecords,
    *,
    keadaan: str = "",
    cari: str = "",
    after: str = "",
) -> Response:
    """The ledger, filtered by state and name."""
    reach, tab = reach_of(person, "delivery.list"), keadaan if keadaan in TABS else ""
    chosen = ledger.Filter(states=TABS[tab], name=cari.strip()[:100])
    async with request.app.state.runtime.transaction() as session:
        await at_one_moment(session)
        rows = await ledger.find_deliveries(
            session, reach, chosen, after=read_cursor(after), limit=PAGE_SIZE + 1
        )
        failed = await ledger.count_failed(session, reach)
        about = {
            DELIVERIES: [row.notice_id for row in rows[:PAGE_SIZE]],
            FAILED: ["" if reach.everything else reach.agency_code],
        }
        stream = await watch(request, session, about)
    shown = rows[:PAGE_SIZE]
    await reads.of([row.recipient_id for row in shown], {"keadaan": tab})
    asked = {"keadaan": tab, "cari": chosen.name}
    more = (
        {"after": write_cursor(shown[-1].occurred_at, shown[-1].notice_id)} if len(rows) > PAGE_SIZE else {}
    )
    return pages.render(
        request,
        "deliveries/ledger.html",
        stream=stream,
        lines=[_line(row) for row in shown],
        failed=failed if can(person, "delivery.retry") else 0,
        tabs=[_tab(code, tab, chosen.name) for code in TABS],
        tab=tab,
        search=chosen.name,
        next=_href(asked | more) if more else "",
        retry_path=f"{PATH}/ulangi",
    )


@router.post(f"{PATH}/ulangi")
async def retry(person: Clerk, command: PageCommand) -> Response:
    """Queue all given-up e-mails of the reader's scope again."""
    reach = reach_of(person, "delivery.retry")

    async def effect(session: AsyncSession) -> str:
        queued = await ledger.retry_failed(session, reach, clock.now())
        audit.changed(session, "deliveries", reach.agency_code or "", None, {"queued": queued})
        return f"{PATH}?keadaan=menunggu"

    return await command.redirect(effect, done=_("Surel yang gagal masuk antrean lagi untuk satu hari."))


def _line(row: Any) -> Line:
    why = words_of_reason(row.reason_code)
    said = f"{why} {row.reason}".strip() if row.state in {"failed", "expired", "skipped", "waiting"} else ""
    return Line(row, name_of_kind(row.kind), name_of_state(row.state), TAGS.get(row.state, "neutral"), said)


def _tab(code: str, current: str, search: str) -> Link:
    return Link(name_of_tab(code), _href({"keadaan": code, "cari": search}), code == current)


def _href(asked: dict[str, str]) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{PATH}?{query}" if query else PATH
