"""Buku kirim: who was told, or why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from bina.web.access import Person
from bina.web.audit import OthersRecords, Reading
from bina.web.commands import PageCommand
from bina.web.language import gettext as _
from bina.web.live import at_one_moment, watch
from bina.web.navigation import Link
from bina.web.permissions import Reach, can, may, reach_of
from bina.web.tables import Column, Format, Query, Table, Term, address, export
from notification.deliveries.store import ledger
from notification.deliveries.subjects import DELIVERIES, FAILED
from notification.deliveries.view import TABS, TAGS, name_of_kind, name_of_state, name_of_tab, words_of_reason
from notification.site import pages

router = APIRouter()
Reader = Annotated[Person, may("delivery.list")]
Clerk = Annotated[Person, may("delivery.retry")]
PATH = "/notification/buku-kirim"
PAGE_SIZE = 50
Tab = Literal["", "gagal", "kedaluwarsa", "menunggu", "terkirim", "tidak-diminta"]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the ledger, in words."""

    who: str
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
    keadaan: Tab = "",
    cari: Term = "",
) -> Response:
    """The ledger, filtered by state and name."""
    reach, table = reach_of(person, "delivery.list"), _table()
    asked = table.asked(request)
    async with request.app.state.runtime.transaction() as session:
        await at_one_moment(session)
        page = await asked.page(session, _found(reach, keadaan, cari), PAGE_SIZE)
        failed = await ledger.count_failed(session, reach)
        about = {
            DELIVERIES: [row.notice_id for row in page.rows],
            FAILED: ["" if reach.everything else reach.agency_code],
        }
        stream = await watch(request, session, about)
    await _note(reads, keadaan, page.rows)
    return pages.render(
        request,
        "deliveries/ledger.html",
        stream=stream,
        list=table.shown(request, asked, page, filters=["keadaan", "cari"], files=PATH),
        line_of=_line,
        failed=failed if can(person, "delivery.retry") else 0,
        tabs=[_tab(code, keadaan, cari) for code in TABS],
        tab=keadaan,
        search=cari,
        retry_path=f"{PATH}/ulangi",
    )


@router.get(PATH + ".{form}")
async def ledger_file(
    request: Request,
    person: Reader,
    reads: OthersRecords,
    form: Format,
    *,
    keadaan: Tab = "",
    cari: Term = "",
) -> Response:
    """The ledger with the same filter and order, whole."""
    found = _found(reach_of(person, "delivery.list"), keadaan, cari)
    return await export(request, _table(), found, form, partial(_note, reads, keadaan))


@router.post(f"{PATH}/ulangi")
async def retry(person: Clerk, command: PageCommand) -> Response:
    """Queue all given-up e-mails of the reader's scope again."""
    reach = reach_of(person, "delivery.retry")

    async def effect(session: AsyncSession) -> str:
        queued = await ledger.retry_failed(session, reach, clock.now())
        audit.changed(session, "deliveries", reach.agency_code or "", None, {"queued": queued})
        return f"{PATH}?keadaan=menunggu"

    return await command.redirect(effect, done=_("Surel yang gagal masuk antrean lagi untuk satu hari."))


def _found(reach: Reach, tab: str, name: str) -> Query[Any]:
    return ledger.deliveries(reach, ledger.Filter(states=TABS[tab], name=name.strip()))


async def _note(reads: Reading, tab: str, rows: Sequence[Any]) -> None:
    await reads.of([row.recipient_id for row in rows], {"keadaan": tab})


def _table() -> Table[Any]:
    """Sorted by when a notice was recorded alone: no index could serve names or states of millions."""
    columns: list[Column[Any]] = [
        Column("penerima", _("Penerima"), lambda row: _line(row).who),
        Column("surel", _("Surel"), lambda row: _line(row).state),
        Column("sebab", _("Sebab"), lambda row: _line(row).why, on_page=False),
        Column("percobaan", _("Percobaan"), lambda row: row.attempts, on_page=False),
        Column("selesai", _("Terkirim atau berakhir"), lambda row: row.ended_at, on_page=False),
        Column("tentang", _("Tentang"), lambda row: name_of_kind(row.kind)),
        Column("pelatihan", _("Pelatihan"), lambda row: row.programme, on_page=False),
        Column(
            "dicatat",
            _("Dicatat"),
            lambda row: row.occurred_at,
            sort=ledger.NEWEST,
            descending=True,
        ),
        Column("dibaca", _("Kotak masuk"), lambda row: row.read_at),
    ]
    return Table("buku-kirim", columns, id=ledger.NEWEST[-1], default="dicatat")


def _line(row: Any) -> Line:
    why = words_of_reason(row.reason_code)
    said = f"{why} {row.reason}".strip() if row.state in {"failed", "expired", "skipped", "waiting"} else ""
    who = row.name or _("(data orang dihapus atau belum tercatat)")
    return Line(who, name_of_kind(row.kind), name_of_state(row.state), TAGS.get(row.state, "neutral"), said)


def _tab(code: str, current: str, search: str) -> Link:
    query = [(name, value) for name, value in (("keadaan", code), ("cari", search)) if value]
    return Link(name_of_tab(code), address(PATH, query), code == current)
