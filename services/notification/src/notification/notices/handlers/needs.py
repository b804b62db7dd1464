"""The capability's handlers, and the fact most of them need: the run they speak of."""

from typing import Any

from bina.events.enrollment import TrainingAnnounced
from bina.messaging import Handlers, Need

handlers = Handlers()


def _run(event: Any) -> object:
    return event.run_id


run_of = Need(TrainingAnnounced, _run)
