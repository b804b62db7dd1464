"""Runs: announced to those they fit, changes and cancellations told to those enrolled."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.enrollment import TrainingAnnounced, TrainingCancelled, TrainingChanged
from bina.messaging import DueItem, due
from notification.notices.domain import ANNOUNCE, SETTLE, TELL_ENROLLED, changes_between
from notification.notices.store import trainings as store
from notification.notices.store.trainings import Known, Version, audience_of, run_of

from .needs import handlers


@handlers.on(TrainingAnnounced)
async def on_training_announced(events: list[TrainingAnnounced], session: AsyncSession) -> list[Event]:
    """Keep the run; look for its audience once its neighbours have caught up."""
    await store.put_runs(session, events, {e.run_id: e.time for e in events})
    await store.add_versions(session, [Version(e.run_id, e) for e in events])
    await due.add(session, [announcement(e.run_id, e.time) for e in events])
    return []


@handlers.on(TrainingChanged)
async def on_training_changed(events: list[TrainingChanged], session: AsyncSession) -> list[Event]:
    """Tell those enrolled of new dates or a new place, and those whom the run fits only now of the run."""
    before = await store.load_runs(session, [e.run_id for e in events])
    widened = {e.run_id for e in events if audience_of(e) != before[e.run_id].audience}
    since = {e.run_id: e.time if e.run_id in widened else before[e.run_id].audience_at for e in events}
    versions = [_change(e, before[e.run_id]) for e in events]
    await store.put_runs(session, events, since)
    await store.add_versions(session, versions)
    await due.add(session, [announcement(e.run_id, e.time) for e in events if e.run_id in widened])
    await due.add(
        session, [telling(UUID(v.cause.event_id), v.cause.time, v.told) for v in versions if v.told]
    )
    return []


@handlers.on(TrainingCancelled)
async def on_training_cancelled(events: list[TrainingCancelled], session: AsyncSession) -> list[Event]:
    """Tell those enrolled; announce the run to nobody more."""
    await store.cancel_runs(session, events)
    await store.add_versions(
        session, [Version(e.run_id, e, "training_cancelled", {"reason": e.reason}) for e in events]
    )
    await due.cancel(session, ANNOUNCE, [e.run_id for e in events])
    await due.add(session, [telling(UUID(e.event_id), e.time, "training_cancelled") for e in events])
    return []


def announcement(run_id: UUID, at: datetime) -> DueItem:
    """The fan-out of a run, from its first recipient."""
    return DueItem(ANNOUNCE, str(run_id), at + SETTLE)


def telling(event_id: UUID, at: datetime, kind: str) -> DueItem:
    """The fan-out of a run's change to those enrolled, from its first recipient."""
    return DueItem(TELL_ENROLLED, str(event_id), at + SETTLE, {"kind": kind})


def _change(event: TrainingChanged, before: Known) -> Version:
    changes = changes_between(before.run, run_of(event))
    return Version(event.run_id, event, "training_changed" if changes else "", {"changes": changes})
