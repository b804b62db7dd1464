"""Bring the database up to date, then serve."""

from functools import partial

from bina.messaging.migrate import migrated
from bina.web.serve import run
from notification.app import MIGRATIONS, create
from notification.settings import NotificationSettings

if __name__ == "__main__":
    settings = migrated(NotificationSettings(), MIGRATIONS)
    run(partial(create, settings), settings)
