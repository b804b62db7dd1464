"""`python -m assessment`: bring the database up to date, then serve."""

from assessment.app import MIGRATIONS, create
from bina.messaging import Settings
from bina.messaging.migrate import migrated
from bina.web.serve import run

if __name__ == "__main__":
    settings = migrated(Settings(), MIGRATIONS)
    run(lambda: create(settings), settings)
