"""How events travel: exactly once in effect, in order per key, whatever dies.

A service declares handlers (`Handlers`), due work (`Schedule`) and is put together as a `Service`; a `Runtime`
runs it. A command's transaction is `Runtime.transaction`, and `emit` tells facts in it.
"""

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
