"""Bring the database up to date, then serve."""

from functools import partial

from bina.messaging import Settings
from bina.messaging.migrate import migrated
from bina.web.serve import run
from evaluation.app import MIGRATIONS, create

if __name__ == "__main__":
    settings = migrated(Settings(), MIGRATIONS)
    run(partial(create, settings), settings)
