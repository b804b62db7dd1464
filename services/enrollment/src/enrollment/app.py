"""What the enrollment service is made of, on one screen."""

from pathlib import Path

from fastapi import FastAPI

from bina.messaging import Runtime, Service, Settings
from bina.web.app import create_app
from enrollment.catalogue import api as catalogue
from enrollment.enrolments import api as enrolments
from enrollment.enrolments.handlers import handlers as enrolment_handlers
from enrollment.home.handlers import handlers as home_handlers
from enrollment.register import api as register
from enrollment.register.schedule import schedule as register_schedule

MIGRATIONS = Path(__file__).parent / "migrations"

service = Service(
    "enrollment",
    MIGRATIONS,
    handlers=[enrolment_handlers, home_handlers],
    schedules=[register_schedule],
)


def create(settings: Settings) -> FastAPI:
    """The service's API and pages around its runtime."""
    return create_app(
        Runtime(service, settings),
        title="Bina: pendaftaran dan pelatihan",
        api_routers=[register.router, catalogue.router, enrolments.router],
        page_routers=[],
    )
