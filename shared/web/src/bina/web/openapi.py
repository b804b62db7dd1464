"""What every operation of every service may answer, said in one place and put into each service's OpenAPI document.

A route describes what it answers when all goes well; how it refuses follows from what it takes and whom it lets in.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from bina.web.access import SESSION_COOKIE, open_to_all
from bina.web.commands import KEY_HEADER, KEY_PATTERN, api_command
from bina.web.editions import HEADER as IF_MATCH
from bina.web.editions import if_match
from bina.web.problems import MEDIA_TYPE

_REFS = "#/components/schemas/{model}"
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a machine's token"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "a person's session",
    },
}
_KEY = {
    "name": KEY_HEADER,
    "in": "header",
    "required": True,
    "description": "One per command: sent again with the same body, the first answer comes again.",
    "schema": {"type": "string", "pattern": KEY_PATTERN},
}
_SEEN = {
    "name": IF_MATCH,
    "in": "header",
    "required": False,
    "description": "The `ETag` that was read: an edit of what was changed meanwhile is refused.",
    "schema": {"type": "string"},
}
_RETRY_AFTER = {
    "Retry-After": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}}
}
_MEANINGS = {
    400: "The request cannot be read, or a command lacks its key.",
    401: "Nobody is signed in.",
    403: "Signed in, but this is not for that role or scope.",
    404: "Absent, or outside the reader's scope: the two look the same.",
    408: "The body did not come in time.",
    409: "Another state than the command expects, or the same command is in progress.",
    412: "Changed by somebody else since it was read.",
    413: "The body is too large.",
    422: "The input is wrong; `errors` says where.",
    429: "Too many requests.",
    500: "Unexpected; `reference` finds it in the log.",
    503: "Away for a moment.",
}
_ALWAYS = {404, 422, 429, 500, 503}


class FaultOut(BaseModel):
    """One thing wrong in the input."""

    where: str = Field(description="field, or row and column")
    what: str = Field(description="how to mend it")


class ProblemOut(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(pattern="^urn:bina:problem:[a-z0-9-]+$", description="stable, for machines")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str = ""
    mend: str = Field(default="", description="what the caller can do")
    errors: list[FaultOut] = []
    reference: str = ""


class Application(FastAPI):
    """A service's application, whose document tells refusals too."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        document = super().openapi()
        if "responses" not in document.setdefault("components", {}):
            _add_components(document["components"])
            _describe(document["paths"], self.routes)
        return document


def dependencies_of(dependant: Dependant) -> Iterator[Any]:
    """Everything that a route depends on, at any depth."""
    for inner in dependant.dependencies:
        yield inner.call
        yield from dependencies_of(inner)


def _add_components(components: dict[str, Any]) -> None:
    _keyed, schemas = models_json_schema([(ProblemOut, "validation")], ref_template=_REFS)
    for foreign in ("HTTPValidationError", "ValidationError"):
        components.get("schemas", {}).pop(foreign, None)
    components.setdefault("schemas", {}).update(schemas["$defs"])
    components["responses"] = {f"Problem{status}": _response(status) for status in _MEANINGS}
    components["securitySchemes"] = _SECURITY


def _response(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": _REFS.format(model=ProblemOut.__name__)}}}
    headers = {"headers": _RETRY_AFTER} if status in {429, 503} else {}
    return {"description": _MEANINGS[status], "content": content, **headers}


def _describe(paths: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    for route in iter_route_contexts(routes):
        dependant: Dependant | None = getattr(route, "dependant", None)
        if dependant is None or route.path_format not in paths:
            continue
        calls = set(dependencies_of(dependant))
        for method in route.methods or ():
            _describe_one(paths[route.path_format][method.lower()], calls)


def _describe_one(operation: dict[str, Any], calls: set[Any]) -> None:
    statuses = set(_ALWAYS)
    if open_to_all not in calls:
        operation["security"] = [{name: []} for name in _SECURITY]
        statuses |= {401, 403}
    if api_command in calls:
        operation.setdefault("parameters", []).append(_KEY)
        statuses |= {400, 409}
    if if_match in calls:
        operation.setdefault("parameters", []).append(_SEEN)
        statuses |= {412}
    if "requestBody" in operation:
        statuses |= {400, 408, 413}
    refused = {str(s): {"$ref": f"#/components/responses/Problem{s}"} for s in sorted(statuses)}
    own = {status: said for status, said in operation["responses"].items() if status != "422"}  # FastAPI's
    operation["responses"] = {**refused, **own}
