"""Keeping histories beside the register: called wherever a person's record changes."""

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from enrollment.placements import store
from enrollment.placements.domain import Cause, Placement, placed, reopened
from enrollment.register.domain import Asn


async def keep(
    session: AsyncSession, people: Iterable[Asn], before: Mapping[UUID, Asn], cause: Cause, on: date
) -> None:
    """Write where people serve from a day on, as far as that is another place, or another end, than `before`."""
    moved = {one.asn_id: one for one in people if _is_other(before.get(one.asn_id), one)}
    if not moved:
        return
    histories = await store.load(session, moved)
    gone, written = [], []
    for asn_id, person in moved.items():
        history = histories.get(asn_id, [])
        first = max(on, history[-1].from_on) if history else on
        now = Placement(asn_id, first, None, person.agency_code, person.unit_id, person.position, cause)
        known = reopened(history, _left_on(before.get(asn_id)), person.left_on)
        after = placed(known, now, person.left_on, person.left_reason)
        days = {one.from_on for one in after}
        gone += [one for one in history if one.from_on not in days]
        written += [one for one in after if one not in history]
    await store.remove(session, gone)
    await store.put(session, written)


def _left_on(before: Asn | None) -> date | None:
    return before.left_on if before else None


def _is_other(before: Asn | None, after: Asn) -> bool:
    return before is None or _place(before) != _place(after)


def _place(one: Asn) -> tuple[object, ...]:
    return one.agency_code, one.unit_id, one.position, one.left_on, one.left_reason
