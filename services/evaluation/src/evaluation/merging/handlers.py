"""What a merge means here: one alumnus, one respondent, one supervisor, one evaluator."""

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import AsnMerged
from bina.messaging import Handlers, merged
from evaluation.merging import store
from evaluation.tasks import store as tasks
from evaluation.tasks import windows

handlers = Handlers()


@handlers.on(AsnMerged)
async def on_asn_merged(events: list[AsnMerged], session: AsyncSession) -> list[Event]:
    """Move enrolments and tasks. A task is answered by whoever holds its link, so links go on; what would ask somebody
    to judge themselves as their own superior is taken back."""
    pairs = await merged.remember(session, events)
    await store.move(session, pairs)
    causes = dict(zip(pairs["kept"], events, strict=True))
    found = await tasks.follow_supervisors(session, causes)
    await windows.schedule_openings(session, found)
    taken = await tasks.withdraw_of_selves(session, causes)
    return [task.told_closed("withdrawn").because(causes[task.about_id]) for task in taken if task.opened]
