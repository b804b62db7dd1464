"""What the evaluation service is made of: who was asked what about a training, and what it changed."""

from pathlib import Path

from fastapi import FastAPI

from bina.messaging import Runtime, Service, Settings
from bina.web import audit
from bina.web.app import create_app
from bina.web.sessions import handlers as session_handlers
from evaluation.impact import api as impact_api
from evaluation.impact import handlers as impact_handlers
from evaluation.impact import pages as impact_pages
from evaluation.impact import schedule as impact_schedule
from evaluation.instruments import store as instruments
from evaluation.merging import handlers as merging_handlers
from evaluation.own_data import own
from evaluation.responses import api as responses_api
from evaluation.responses import handlers as responses_handlers
from evaluation.responses import pages as responses_pages
from evaluation.responses.subjects import OPEN_TASKS
from evaluation.roster import handlers as roster_handlers
from evaluation.tasks import api as tasks_api
from evaluation.tasks import handlers as tasks_handlers
from evaluation.tasks import pages as tasks_pages
from evaluation.tasks import schedule as tasks_schedule

MIGRATIONS = Path(__file__).parent / "migrations"


async def publish_instruments(runtime: Runtime) -> None:
    """Keep the forms of this release; a form edited without a new version ends the service."""
    async with runtime.transaction() as session:
        await instruments.publish_shipped(session)


# The roster comes first: the others read what it has just taken in.
service = Service(
    "evaluation",
    MIGRATIONS,
    handlers=[
        roster_handlers.handlers,
        tasks_handlers.handlers,
        responses_handlers.handlers,
        impact_handlers.handlers,
        merging_handlers.handlers,
        session_handlers,
        audit.erasures,
    ],
    schedules=[tasks_schedule.schedule, impact_schedule.schedule],
    projections=("people", "runs", "enrolments", "scores"),
    loops=[publish_instruments],
)


def create(settings: Settings) -> FastAPI:
    """The application: API, pages, consumer, relay and due work in one process."""
    return create_app(
        Runtime(service, settings),
        title="Bina: evaluasi",
        api_routers=[responses_api.router, tasks_api.router, impact_api.router, own.api_router()],
        page_routers=[responses_pages.router, tasks_pages.router, impact_pages.router, own.page_router()],
        subjects=[OPEN_TASKS],
    )
