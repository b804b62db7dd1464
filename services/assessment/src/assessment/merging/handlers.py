"""What a merge means here: one person's tests and results, and a profile computed from all of them."""

from sqlalchemy.ext.asyncio import AsyncSession

from assessment.merging import store
from assessment.plans import store as plans
from assessment.plans.domain import told_recommended
from assessment.profiles import store as profiles
from assessment.profiles.domain import told_changed
from bina.events import Event
from bina.events.enrollment import AsnMerged
from bina.messaging import Handlers, merged
from bina.messaging.clock import today

handlers = Handlers()


@handlers.on(AsnMerged)
async def on_asn_merged(events: list[AsnMerged], session: AsyncSession) -> list[Event]:
    """Move tests and results; tell the profile and the recommendation that follow from all of them, if they are others.

    Where the record that stays is not known yet, they follow when it is.
    """
    pairs = await merged.remember(session, events)
    await store.move(session, pairs)
    causes = dict(zip(pairs["kept"], events, strict=True))
    changed = await profiles.refresh(session, causes)
    found = await plans.refresh(session, causes, today())
    return [
        *(told_changed(one, entries).because(causes[one]) for one, entries in changed.items()),
        *(told_recommended(r).because(causes[r.asn_id]) for r in found),
    ]
