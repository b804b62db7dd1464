"""Sessions: one signed token that every service reads by itself, renewed while used, ended everywhere at once."""

from .asking import Asking
from .cookie import drop_session, set_session
from .ended import End, add_ended, handlers

__all__ = ["Asking", "End", "add_ended", "drop_session", "handlers", "set_session"]
