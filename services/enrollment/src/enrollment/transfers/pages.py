"""`/enrollment/mutasi`: who is asked for by another agency, and whom do we ask for?"""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.commands import PageCommand
from bina.web.formats import number
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.permissions import may, reach_of
from enrollment.settings import TransferSettings
from enrollment.shell import pages
from enrollment.transfers import deciding, store
from enrollment.transfers.problems import invalid
from enrollment.transfers.view import nip_of, state_of, state_words

router = APIRouter()
PATH = "/enrollment/mutasi"
PAGE, SHOWN = 20, 50
Asker = Annotated[Person, may("transfer.ask")]
Decider = Annotated[Person, may("transfer.decide")]


@router.get(PATH)
async def show(
    request: Request,
    person: Annotated[Person, may("transfer.list")],
    reads: OthersRecords,
    *,
    setelah: Annotated[UUID | None, Query()] = None,
) -> Response:
    """What waits for this agency's word, and what became of what it asked."""
    reach = reach_of(person, "transfer.list")
    async with request.app.state.runtime.sessions() as session:
        found = await store.page_to_answer(session, reach, after=setelah, limit=PAGE + 1)
        waiting = await store.count_open(session, reach)
        asked = await store.load_asked(session, reach, SHOWN)
    shown = found[:PAGE]
    await reads.of([row.one.asn_id for row in shown if row.one.asn_id])
    return pages.render(
        request,
        "transfers/requests.html",
        lead=_lead(waiting),
        lines=[(row, nip_of(row, person)) for row in shown],
        asked=[(row, nip_of(row, person), *state_words(state_of(row.one))) for row in asked],
        next=f"{PATH}?setelah={shown[-1].one.transfer_id}" if len(found) > PAGE else "",
        first=PATH if setelah else "",
        today=clock.today(),
        until=clock.today() + timedelta(days=TransferSettings().transfer_days),
        base=PATH,
    )


@router.post(PATH)
async def ask(person: Asker, command: PageCommand) -> Response:
    """Ask for somebody."""

    async def effect(session: AsyncSession) -> str:
        since = _day(command.text("since"))
        await deciding.ask(session, person, command.text("nip"), command.text("reason"), since)
        return PATH

    return await command.redirect(
        effect, done=_("Permintaan tercatat. Bila NIP itu ada di instansi lain, instansi itu yang menjawab.")
    )


@router.post(PATH + "/{transfer_id}/terima")
async def accept(transfer_id: UUID, person: Decider, command: PageCommand) -> Response:
    """Let them go."""

    async def effect(session: AsyncSession) -> str:
        await deciding.accept(session, person, transfer_id)
        return PATH

    return await command.redirect(
        effect, done=_("Pegawai dipindahkan; instansi tujuan menempatkannya di unit.")
    )


@router.post(PATH + "/{transfer_id}/tolak")
async def refuse(transfer_id: UUID, person: Decider, command: PageCommand) -> Response:
    """They stay."""

    async def effect(session: AsyncSession) -> str:
        await deciding.refuse(session, person, transfer_id, command.text("answer"))
        return PATH

    return await command.redirect(
        effect, done=_("Permintaan ditolak; alasannya terbaca oleh instansi peminta.")
    )


@router.post(PATH + "/{transfer_id}/tarik")
async def withdraw(transfer_id: UUID, person: Asker, command: PageCommand) -> Response:
    """Take it back."""

    async def effect(session: AsyncSession) -> str:
        await deciding.withdraw(session, person, transfer_id)
        return PATH

    return await command.redirect(effect, done=_("Permintaan ditarik."))


def _day(words: str) -> date:
    try:
        return date.fromisoformat(words)
    except ValueError as wrong:
        raise invalid("since", _("Isi tanggal sebagai TTTT-BB-HH.")) from wrong


def _lead(waiting: int) -> str:
    if not waiting:
        return _("Tidak ada permintaan instansi lain yang menunggu jawaban.")
    return counted("%(n)s permintaan instansi lain menunggu jawaban.", waiting) % {"n": number(waiting)}
