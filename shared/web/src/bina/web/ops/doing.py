"""What operators ask for and do, for API and pages alike; what cannot be done is a problem that says how to mend it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import lock_alone, parked, redrives
from bina.messaging.parked import Choice, Discarded, Group, HeldMessage
from bina.messaging.redrives import Redrive
from bina.messaging.runtime import Runtime
from bina.web import audit
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.permissions import may
from bina.web.problems import Fault, Problem, not_found
from bina.web.tables import Query

Watcher = Annotated[Person, may("ops.read")]
Operator = Annotated[Person, may("ops.mend")]
REASON = 5
"""Fewest characters of a reason."""
MOST_PER_SECOND = 1000


@dataclass(frozen=True)
class Groups(Query[Group]):
    """Groups of held messages, counted before those of a page are looked into."""

    async def make(self, session: AsyncSession, rows: Sequence[Any]) -> list[Group]:
        """What is known of each."""
        return await parked.describe(session, rows)


def groups_held() -> Groups:
    """Groups of messages that are parked or wait, in an order to be asked for."""
    return Groups(parked.COUNTED.format(where="true"), {"states": ["parked", "waiting"]})


def runtime_of(request: Request) -> Runtime:
    """The service's runtime."""
    runtime: Runtime = request.app.state.runtime
    return runtime


async def find_groups(
    request: Request,
    choice: Choice = parked.EVERY,
    *,
    states: Sequence[str] = ("parked",),
    limit: int = 50,
    offset: int = 0,
) -> list[Group]:
    """Groups of held messages, the largest first."""
    async with runtime_of(request).sessions() as session:
        return await parked.groups(session, choice, states=states, limit=limit, offset=offset)


async def load_group(request: Request, cause: str, state: str) -> Group:
    """One group; 404 once it is empty."""
    found = await find_groups(request, Choice(cause=cause), states=(state,))
    if not found:
        raise not_found(
            _("Kelompok ini kosong: pesannya sudah berlaku, dibuang, atau kini gagal karena sebab lain.")
        )
    return found[0]


async def find_messages(
    request: Request, choice: Choice, *, state: str = "parked", after: int = 0, limit: int = 200
) -> list[HeldMessage]:
    """Held messages, oldest first."""
    async with runtime_of(request).sessions() as session:
        return await parked.find(session, choice, states=(state,), after=after, limit=limit)


async def load_message(request: Request, held_id: int) -> HeldMessage:
    """One held message, or 404."""
    async with runtime_of(request).sessions() as session:
        held = await parked.load(session, held_id)
    if held is None:
        raise not_found(_("Pesan ini tidak ada lagi dalam daftar tertahan; mungkin sudah diproses."))
    return held


async def find_redrives(request: Request, *, before: int | None = None, limit: int = 50) -> list[Redrive]:
    """Orders to try again, newest first."""
    async with runtime_of(request).sessions() as session:
        return await redrives.find(session, before=before, limit=limit)


async def load_redrive(request: Request, redrive_id: int) -> Redrive:
    """One order, or 404."""
    async with runtime_of(request).sessions() as session:
        found = await redrives.load(session, redrive_id)
    if found is None:
        raise not_found(_("Pengulangan ini tidak ada; lihat daftar pengulangan layanan ini."))
    return found


async def order(session: AsyncSession, choice: Choice, per_second: int, person: Person) -> Redrive:
    """Give an order to try messages again; 409 where nothing would be tried."""
    if not 1 <= per_second <= MOST_PER_SECOND:
        fault = Fault("per_second", _("Isi laju 1 sampai 1.000 pesan per detik."))
        raise Problem("rate-invalid", 422, _("Laju pengulangan tidak dapat dipakai."), errors=[fault])
    made = await redrives.add(session, choice, per_second, person.name)
    found = await redrives.load(session, made) if made else None
    if found is None:
        raise _nothing_parked()
    audit.changed(session, "redrive", found.id, None, _shown(choice) | {"messages": found.total})
    return found


async def cancel(session: AsyncSession, redrive_id: int, person: Person) -> Redrive:
    """End an order after its chunk in hand; 409 once it has ended."""
    done = await redrives.cancel(session, redrive_id, person.name)
    found = await redrives.load(session, redrive_id)
    if found is None:
        raise not_found(_("Pengulangan ini tidak ada; lihat daftar pengulangan layanan ini."))
    if not done:
        raise Problem("redrive-ended", 409, _("Pengulangan ini sudah berakhir."), mend=_("Lihat laporannya."))
    audit.changed(session, "redrive", redrive_id, {"cancelled": False}, {"cancelled": True})
    return found


async def discard(
    session: AsyncSession, choice: Choice, reason: str, newest: int, person: Person
) -> Discarded:
    """Give messages with ids up to `newest` up for a reason; 409 where none is parked."""
    if len(reason.strip()) < REASON:
        fault = Fault("reason", _("Tulis alasan sedikitnya 5 karakter."))
        raise Problem("reason-missing", 422, _("Membuang pesan memerlukan alasan."), errors=[fault])
    await lock_alone(session)
    done = await parked.discard(session, choice, reason.strip(), person.name, newest=newest)
    if not done.count:
        raise _nothing_parked()
    audit.changed(session, "held", choice.message or choice.cause or "", None, {"discarded": done.count})
    audit.because(session, reason.strip())
    return done


def _shown(choice: Choice) -> dict[str, object]:
    """What was chosen; a key may be somebody's NIP, so of one only the topic is told."""
    return {name: value for name, value in choice.values.items() if name != "key"}


def _nothing_parked() -> Problem:
    return Problem(
        "not-parked",
        409,
        _("Tidak ada pesan yang diparkir dalam pilihan ini."),
        mend=_(
            "Muat ulang daftarnya: pesannya mungkin sudah berlaku, dibuang, atau mengantre di belakang pesan lain."
        ),
    )
