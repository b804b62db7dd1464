"""Erasing a person, or saying why a law demands that the record stays, until when, and what can be done instead."""

import re
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.web import audit
from bina.web.access import Person
from bina.web.formats import day
from bina.web.language import gettext as _
from bina.web.permissions import reach_of
from bina.web.problems import Problem
from bina.web.retention import Periods, source_of, words_of
from enrollment.register import store
from enrollment.register.domain import Asn, erasable_from
from enrollment.register.recording import erase_asn

SERVING = "UU 20/2023 Pasal 49; UU 27/2022 Pasal 15 ayat (1) huruf c dan Pasal 20"
"""While they serve the agency has to know whom it develops: state administration, which erasure gives way to."""
RETAINED = "UU 27/2022 Pasal 15 ayat (1) huruf c dan Pasal 42–44"
"""An end comes with the retention period, which the agency sets (retention.toml)."""


async def barrier(session: AsyncSession, asn: Asn, periods: Periods) -> Problem | None:
    """Why this record must stay for now (409); None where it may go."""
    today = clock.today()
    record, trainings = periods.of("people", today), periods.of("trainings", today)
    trained_on = await store.last_trained_on(session, asn.asn_id)
    free = erasable_from(asn.left_on, trained_on, (record.length, trainings.length), today)
    if free is None:
        return _refused(
            _("Data ini wajib disimpan selama pegawai bertugas."),
            _("Dasarnya %(law)s. Penghapusan mungkin setelah berhenti bertugas dan masa simpan %(kept)s berakhir.")
            % {"law": SERVING, "kept": words_of(record)},
            {"law": SERVING},
        )  # fmt: skip
    if today < free:
        return _refused(
            _("Masa simpan data ini belum berakhir."),
            _("Dasarnya %(law)s; masa simpan: %(source)s. Penghapusan mungkin mulai %(day)s.")
            % {"law": RETAINED, "source": source_of(record), "day": day(free)},
            {"law": RETAINED, "possible_from": free.isoformat()},
        )
    return None


async def erase(
    session: AsyncSession, person: Person, asn_id: UUID, periods: Periods, *, order: str = ""
) -> dict[str, Any]:
    """Erase somebody whom the caller has found to be in reach; raises `Problem` where the record must stay.

    `order`: the court order or other legal ground on which the platform, and nobody else, erases all the same. It stays
    in the audit, so it names no one.
    """
    await store.lock_people(session, [asn_id])
    if order:
        _check_order(person, order)
        audit.because(session, order)
    else:
        for asn in await store.load_people(session, [asn_id]):
            if problem := await barrier(session, asn, periods):
                raise problem
    return await erase_asn(session, asn_id)


def _check_order(person: Person, order: str) -> None:
    if not reach_of(person, "people.erase").everything:
        raise Problem(
            "order-is-the-platforms",
            403,
            _("Penghapusan atas perintah hukum hanya dikerjakan pengelola platform."),
            mend=_("Sampaikan putusan atau dasar hukumnya kepada pengelola platform."),
        )

    if re.search(r"\d{18}", order):
        raise Problem(
            "order-names-somebody",
            422,
            _("Perintah ini memuat NIP, padahal disimpan setelah orangnya dihapus."),
            mend=_("Tulis nomor dan tanggal putusan saja."),
        )


def _refused(title: str, detail: str, more: dict[str, str | date]) -> Problem:
    return Problem(
        "erasure-not-yet",
        409,
        title,
        detail,
        mend=_(
            "Yang bisa sekarang: perbaiki yang keliru lewat Data saya, dan matikan surel lewat Preferensi."
        ),
        way=(_("Buka Data saya"), "/data-saya"),
        more=more,
    )
