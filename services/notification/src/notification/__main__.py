"""Bring the database up to date, then serve."""

import asyncio
from functools import partial

from bina.messaging.migrate import upgrade
from bina.web.serve import run
from notification.app import MIGRATIONS, create
from notification.settings import NotificationSettings

if __name__ == "__main__":
    settings = NotificationSettings()
    asyncio.run(upgrade(settings.database_url, MIGRATIONS))
    run(partial(create, settings), settings)
