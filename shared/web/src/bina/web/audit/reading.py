"""What changes nothing and is noted all the same, before the answer goes out: reading another person's record, and
sessions that begin or end."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.audit import asking, renewing, store
from bina.web.audit.sealing import sealer_of

MOST = 1000
"""Ids that one reading names; of more it tells how many there were."""


class Reading:
    """A request that may show other people's records. Its route says whose it showed."""

    def __init__(self, request: Request) -> None:
        self._request = request

    async def of(
        self,
        people: Iterable[UUID | None],
        asked: Mapping[str, Any] | None = None,
        *,
        things: Iterable[object] = (),
    ) -> None:
        """Note that these people's records are shown, and for what was `asked` (no names, no NIP). Written by itself,
        at once: where it cannot be written, nothing is shown. One's own record is not noted; of a page that renews
        itself only those are whom it has not just shown (`renewing`).

        `things`: what is shown that holds people's data, without naming them, e.g. a message that could not be read.
        """
        trail = asking.begun(self._request, "reading")
        others = dict.fromkeys(str(p) for p in people if p is not None and p != trail.actor.person_id)
        named = dict.fromkeys(str(thing) for thing in things)
        if not others and not named:
            return
        place = renewing.place_of(self._request)
        async with self._request.app.state.runtime.transaction() as session:
            if place is not None:
                fresh = set(await renewing.unnoted(session, place, [*others, *named]))
                if not fresh:
                    return
                others, named = ({one: None for one in both if one in fresh} for both in (others, named))
            trail.note_about(*list(others)[:MOST], *list(named)[:MOST])
            given = {name: str(value) for name, value in (asked or {}).items() if value not in (None, "", ())}
            trail.detail |= {"people": len(others)} | ({"asked": given} if given else {})
            await store.add(session, trail)
        sealer_of(self._request.app).wake()


async def note_sessions(session: AsyncSession, request: Request, people: Iterable[UUID | None]) -> None:
    """Note in the transaction that opens or ends sessions whose they are; the action says which of both."""
    trail = asking.begun(request, "session")
    trail.note_about(*people)
    await store.add(session, trail)


async def reading(request: Request) -> Reading:
    """Dependency that marks a route which shows other people's records."""
    return Reading(request)


OthersRecords = Annotated[Reading, Depends(reading)]
