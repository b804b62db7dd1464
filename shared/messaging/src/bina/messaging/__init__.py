"""How events travel: exactly once in effect, in order per key, whatever dies.

A service declares handlers (`Handlers`), due work (`Schedule`) and is put together as a `Service`; a `Runtime`
runs it. A command's transaction is `Runtime.transaction`, and `emit` tells facts in it.

A name is loaded with its module when it is first asked for: a process of its own that only asks the database (the check
of an uploaded file) need not load what speaks to the broker.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .database import Question, columns, in_turn, meanwhile, statement, together
    from .due import DueItem, Schedule
    from .handlers import Handlers, Need
    from .held import lock_alone
    from .identity import named_in, new_id
    from .outbox import emit
    from .records import Broken
    from .runtime import Runtime
    from .service import Service
    from .settings import Settings

_PLACES = {
    "Broken": "records",
    "DueItem": "due",
    "Handlers": "handlers",
    "Need": "handlers",
    "Question": "database",
    "Runtime": "runtime",
    "Schedule": "due",
    "Service": "service",
    "Settings": "settings",
    "columns": "database",
    "emit": "outbox",
    "in_turn": "database",
    "lock_alone": "held",
    "meanwhile": "database",
    "named_in": "identity",
    "new_id": "identity",
    "statement": "database",
    "together": "database",
}

__all__ = [
    "Broken",
    "DueItem",
    "Handlers",
    "Need",
    "Question",
    "Runtime",
    "Schedule",
    "Service",
    "Settings",
    "columns",
    "emit",
    "in_turn",
    "lock_alone",
    "meanwhile",
    "named_in",
    "new_id",
    "statement",
    "together",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f".{_PLACES[name]}", __name__), name)
    return found
