"""Migrate, then serve."""

from bina.messaging.migrate import migrated
from bina.web.serve import run
from enrollment.app import MIGRATIONS, create
from enrollment.settings import EnrollmentSettings


def main() -> None:
    """Start the service as its environment says."""
    settings = migrated(EnrollmentSettings(), MIGRATIONS)
    run(lambda: create(settings), settings)


if __name__ == "__main__":
    main()
