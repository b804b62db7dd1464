"""A day of leaving that the register itself contradicts: one before somebody's last placement, attendance or result."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.formats import day
from bina.web.language import gettext as _
from bina.web.problems import Fault
from enrollment.placements import store
from enrollment.placements.domain import Seen, contradicts
from enrollment.refusals import invalid_rows
from enrollment.register.domain import Asn


async def faults_of_leaving(
    session: AsyncSession, people: Iterable[Asn], before: Mapping[UUID, Asn]
) -> dict[UUID, str]:
    """By person why their new day of leaving is not taken, with the day from which on it would be; who has another one
    than `before` is asked about, and nobody who was not there."""
    leaving = {
        one.asn_id: one.left_on
        for one in people
        if one.left_on and one.asn_id in before and before[one.asn_id].left_on != one.left_on
    }
    seen = await store.load_seen(session, leaving)
    return {
        asn_id: _words(seen[asn_id])
        for asn_id, left_on in leaving.items()
        if asn_id in seen and contradicts(seen[asn_id], left_on)
    }


async def check_leaving(session: AsyncSession, people: Sequence[Asn], before: Mapping[UUID, Asn]) -> None:
    """The same for rows of a call; raises `Problem` (422) naming those at fault."""
    wrong = await faults_of_leaving(session, people, before)
    faults = [
        Fault(f"items.{n}.left_on", wrong[one.asn_id]) for n, one in enumerate(people) if one.asn_id in wrong
    ]
    if faults:
        raise invalid_rows(faults)


def _words(seen: Seen) -> str:
    words = {
        "placement": _(
            "Penempatan terakhirnya dimulai %(day)s. Isi hari itu atau sesudahnya, dan periksa tahunnya."
        ),
        "list": _(
            "Hari itu lebih dari setahun sebelum daftar terakhir yang memuatnya. Isi %(day)s atau sesudahnya, dan periksa tahunnya."
        ),
        "attendance": _(
            "Ia hadir di pelatihan %(day)s. Isi hari itu atau sesudahnya, atau perbaiki kehadirannya."
        ),
        "result": _(
            "Ia menyelesaikan pelatihan %(day)s. Isi hari itu atau sesudahnya, atau perbaiki hasilnya lebih dahulu."
        ),
    }
    return words[seen.by] % {"day": day(seen.on)}
