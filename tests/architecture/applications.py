"""The services' applications as their own composition roots make them, with nothing behind them."""

import importlib

from fastapi import FastAPI

from bina.messaging import Settings
from enrollment.settings import EnrollmentSettings
from notification.settings import NotificationSettings

SERVICES = ("enrollment", "assessment", "evaluation", "notification")
SETTINGS = {"enrollment": EnrollmentSettings, "notification": NotificationSettings}


def application_of(name: str) -> FastAPI:
    """A service that could serve, were there a database and a broker."""
    settings = SETTINGS.get(name, Settings)(
        database_url="postgresql+asyncpg://nobody:x@127.0.0.1:1/none", kafka="127.0.0.1:1", secret="x" * 32
    )
    made: FastAPI = importlib.import_module(f"{name}.app").create(settings)
    return made
