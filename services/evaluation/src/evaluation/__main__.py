"""Bring the database up to date, then serve."""

import asyncio
from functools import partial

from bina.messaging import Settings
from bina.messaging.migrate import upgrade
from bina.web.serve import run
from evaluation.app import MIGRATIONS, create

if __name__ == "__main__":
    settings = Settings()
    asyncio.run(upgrade(settings.database_url, MIGRATIONS))
    run(partial(create, settings), settings)
