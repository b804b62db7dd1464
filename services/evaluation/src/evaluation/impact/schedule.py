"""Tells runs' figures."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events import Event
from bina.events.evaluation import EvaluationPublished
from bina.messaging import DueItem, Schedule, clock
from bina.web.permissions import Reach

from . import cell_store, domain, store
from .domain import Outcome
from .store import FORM, PUBLISH

schedule = Schedule()


@schedule.on(FORM)
async def form_cells(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """Put answers that wait into the cells they can make."""
    await cell_store.form_cells(session, {UUID(item.key.partition("/")[0]) for item in items})
    return []


@schedule.on(PUBLISH)
async def publish_outcomes(items: list[DueItem], session: AsyncSession) -> list[Event]:
    """Tell what each run changed so far, if it differs from what was told last; once a day at most."""
    runs = {UUID(item.key) for item in items}
    done = await store.published_on(session, runs, clock.today())
    await store.schedule_publication(session, done, clock.now())
    await cell_store.form_cells(session, runs)
    outcomes = await store.load_outcomes(session, Reach(everything=True), runs - done)
    return [*await store.publish(session, [_told(outcome) for outcome in outcomes])]


def _told(outcome: Outcome) -> EvaluationPublished:
    return EvaluationPublished(
        run_id=outcome.run_id,
        trained=outcome.trained,
        pre_mean=outcome.pre.shown,
        post_mean=outcome.post.shown,
        asked=outcome.asked,
        answered=outcome.answered,
        reaction_mean=domain.level_mean(outcome.of("L1")).value,
        behaviour_mean=domain.level_mean(outcome.of("L3")).value,
        as_of=clock.today(),
    )
