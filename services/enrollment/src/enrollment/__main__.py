"""Migrate, then serve."""

import asyncio

from bina.messaging.migrate import upgrade
from bina.web.serve import run
from enrollment.app import MIGRATIONS, create
from enrollment.settings import EnrollmentSettings


def main() -> None:
    """Start the service as its environment says."""
    settings = EnrollmentSettings()
    asyncio.run(upgrade(settings.database_url, MIGRATIONS))
    run(lambda: create(settings), settings)


if __name__ == "__main__":
    main()
