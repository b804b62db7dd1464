"""A feature's routes, passed by at once for paths that none of them begins like.

Routes are tried in turn, each with a pattern of its own, and a service has hundreds of them.
"""

from fastapi import APIRouter
from fastapi.routing import iter_route_contexts
from starlette.routing import Match
from starlette.types import Scope


class Branch(APIRouter):
    """Routes behind what all of their paths begin with, up to the first parameter."""

    def __init__(self, routes: APIRouter, prefix: str = "") -> None:
        """`routes` are complete by now: what is added to them later is not found."""
        super().__init__()
        self.include_router(routes, prefix=prefix)
        paths = (route.path or "" for route in iter_route_contexts(self.routes))
        self._beginnings = tuple({path.partition("{")[0] for path in paths})

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As any router's, but for paths of others."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if not path.startswith(self._beginnings):
            return Match.NONE, {}
        return super().matches(scope)
