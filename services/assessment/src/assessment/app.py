"""What the assessment service is made of."""

from pathlib import Path

from fastapi import FastAPI

from assessment.assessments.api import router as assessments_api
from assessment.assessments.handlers import handlers as assessments
from assessment.assessments.pages import router as assessments_pages
from assessment.merging.handlers import handlers as merging
from assessment.own_data import own
from assessment.plans.handlers import handlers as plans
from assessment.plans.schedule import schedule as plans_schedule
from assessment.profiles.api import router as profiles_api
from assessment.profiles.handlers import handlers as profiles
from assessment.profiles.pages import router as profiles_pages
from assessment.register.handlers import handlers as register
from bina.messaging import Runtime, Service, Settings
from bina.web import audit
from bina.web.app import create_app
from bina.web.sessions import handlers as sessions

MIGRATIONS = Path(__file__).parent / "migrations"

# In this order they react to one fact: copies first, then tests, profiles, and what follows from profiles.
service = Service(
    "assessment",
    MIGRATIONS,
    handlers=[register, assessments, profiles, plans, merging, sessions, audit.erasures],
    schedules=[plans_schedule],
    projections=("people", "runs", "run_targets", "enrollments"),
)


def create(settings: Settings) -> FastAPI:
    """The whole service as one application."""
    return create_app(
        Runtime(service, settings),
        title="Penilaian kompetensi",
        api_routers=[assessments_api, profiles_api, own.api_router()],
        page_routers=[assessments_pages, profiles_pages, own.page_router()],
    )
