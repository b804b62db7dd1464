"""Operations of one service: is everything flowing, what is parked and why, and what to do about it."""

from bina.web.ops.api import api_router
from bina.web.ops.pages import page_router
from bina.web.ops.subjects import SUBJECTS

__all__ = ["SUBJECTS", "api_router", "page_router"]
