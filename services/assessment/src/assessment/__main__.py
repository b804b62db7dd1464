"""`python -m assessment`: bring the database up to date, then serve."""

import asyncio

from assessment.app import MIGRATIONS, create
from bina.messaging import Settings
from bina.messaging.migrate import upgrade
from bina.web.serve import run

if __name__ == "__main__":
    settings = Settings()
    asyncio.run(upgrade(settings.database_url, MIGRATIONS))
    run(lambda: create(settings), settings)
