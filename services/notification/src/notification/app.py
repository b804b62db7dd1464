"""What the notification service is made of: who was told what, when, by which channel, or why not."""

from pathlib import Path

from fastapi import FastAPI

from bina.messaging import Runtime, Service
from bina.web import audit
from bina.web.app import create_app
from bina.web.sessions import handlers as session_handlers
from notification.deliveries import api as deliveries_api
from notification.deliveries import courier
from notification.deliveries import handlers as deliveries_handlers
from notification.deliveries import pages as deliveries_pages
from notification.deliveries.subjects import DELIVERIES, FAILED
from notification.merging import handlers as merging_handlers
from notification.notices import api as notices_api
from notification.notices import handlers as notices_handlers
from notification.notices import pages as notices_pages
from notification.notices import schedule as notices_schedule
from notification.notices.subjects import UNREAD
from notification.own_data import EXPIRIES, own
from notification.preferences import handlers as preferences_handlers
from notification.preferences import pages as preferences_pages
from notification.settings import NotificationSettings

MIGRATIONS = Path(__file__).parent / "migrations"

service = Service(
    "notification",
    MIGRATIONS,
    handlers=[
        notices_handlers.handlers,
        deliveries_handlers.handlers,
        preferences_handlers.handlers,
        merging_handlers.handlers,
        session_handlers,
        audit.erasures,
    ],
    schedules=[notices_schedule.schedule],
    projections=(
        "people",
        "gaps",
        "trainings",
        "training_versions",
        "enrolments",
        "open_tasks",
        "contacts",
        "forgotten",
    ),
    loops=[courier.deliver_mail],
)


def create(settings: NotificationSettings) -> FastAPI:
    """The application: API, pages, consumer, relay, due work and the courier in one process."""
    return create_app(
        Runtime(service, settings),
        title="Bina: notifikasi",
        expiries=EXPIRIES,
        api_routers=[notices_api.router, deliveries_api.router, own.api_router()],
        page_routers=[
            notices_pages.router,
            deliveries_pages.router,
            preferences_pages.router,
            own.page_router(),
        ],
        subjects=[UNREAD, DELIVERIES, FAILED],
    )
