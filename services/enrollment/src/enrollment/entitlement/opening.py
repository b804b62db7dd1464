"""What was before the ledger: opening balances, and an agency's word that nothing of a year is missing."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import check_places
from bina.web.problems import Fault, not_found
from enrollment.entitlement import store
from enrollment.entitlement.balances import Balance, write
from enrollment.entitlement.bodies import HistoryWord, OpeningRow
from enrollment.entitlement.store import History
from enrollment.refusals import invalid_rows
from enrollment.register import store as register
from enrollment.register.allowing import check_owned

LOAD, DECLARE = "opening.load", "history.declare"


async def load(session: AsyncSession, clerk: Person, rows: Sequence[OpeningRow]) -> dict[str, Any]:
    """Take balances into the ledger, all of them or none; raises `Problem` naming the rows at fault, or 403 where somebody
    is outside the clerk's reach."""
    found = await register.find_people(session, [row.nip for row in rows])
    await check_owned(session, clerk, LOAD, list(found.values()))
    held = await register.lock_people(session, found.values())  # two at once count one after the other
    ids = {nip: asn_id for nip, asn_id in found.items() if asn_id in held}
    _check(rows, ids)
    stated = [
        Balance(ids[row.nip], row.earned_on or date(row.year, 1, 1), row.jp, row.source) for row in rows
    ]
    loaded = await write(session, stated)
    return {"loaded": loaded, "unchanged": len(stated) - loaded}


async def declare(session: AsyncSession, clerk: Person, word: HistoryWord) -> dict[str, Any]:
    """Keep an agency's word for a year, or take it back."""
    check_places(clerk, DECLARE, [(word.agency_code, ())])
    if word.agency_code not in await register.load_agencies(session):
        raise not_found(_("Instansi belum terdaftar."))
    before = await store.load_history(session, word.agency_code, word.year)
    after = History(word.agency_code, word.year, word.source, clock.now()) if word.complete else None
    if after:
        await store.declare(session, after)
    else:
        await store.withdraw(session, word.agency_code, word.year)
    id_ = f"{word.agency_code}/{word.year}"
    audit.changed(session, "jp_history", id_, before, after, why=word.source)
    return {"agency_code": word.agency_code, "year": word.year, "complete": word.complete}


def _check(rows: Sequence[OpeningRow], ids: dict[str, UUID]) -> None:
    faults: list[Fault] = []
    seen: set[tuple[str, int]] = set()
    today = clock.today()
    for number, row in enumerate(rows):
        if row.nip not in ids:
            faults.append(Fault(f"items.{number}.nip", _("NIP ini tidak ada di data pegawai.")))
        if (row.nip, row.year) in seen:
            faults.append(Fault(f"items.{number}", _("Saldo orang ini untuk tahun itu ada dua kali.")))
        if row.year > today.year:
            faults.append(Fault(f"items.{number}.year", _("Tahun ini belum dimulai.")))
        if row.earned_on and (row.earned_on.year != row.year or row.earned_on > today):
            faults.append(
                Fault(f"items.{number}.earned_on", _("Tanggal ini bukan di tahun itu, atau belum tiba."))
            )
        seen.add((row.nip, row.year))
    if faults:
        raise invalid_rows(faults)
