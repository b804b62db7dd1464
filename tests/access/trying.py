"""What it takes to ask a route: the request, the records it is tried with, the ids that a service gave itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from .people import HERE, THERE, Asn, Record

AGENCIES = (Record("own", agency=HERE), Record("foreign", agency=THERE))
NOTHING: tuple[None, ...] = (None,)
"""A route that is about no record: a list, a form of one's own."""


@dataclass(frozen=True)
class Ask:
    """One request: values of the path, query, JSON body or form."""

    path: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, object] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Tried:
    """The records a route is tried with, and how each fills it.

    `shows` is the action by which names may stand in the answer, if not the route's own; `names` are of those whom the
    asker works for, whatever the table says; `meets` is a status with which a rule of the field ends what was let in.
    """

    records: Sequence[Record | None] = NOTHING
    fill: Callable[["World", Any], Ask] = lambda _world, _record: Ask()
    shows: str = ""
    names: tuple[Asn, ...] = ()
    meets: int = 0


@dataclass(frozen=True)
class World:
    """Ids that a service gave itself, by person: tests, tasks, notices; and of what operations show."""

    of: Mapping[str, UUID] = field(default_factory=dict)
    held: int = 0
    cause: str = ""
    redrive: int = 0
    entry: int = 0
    kept_id: UUID | None = None
    interviews: Mapping[str, UUID] = field(default_factory=dict)
    machines: Mapping[str, UUID] = field(default_factory=dict)
    imports: Mapping[str, UUID] = field(default_factory=dict)
    enrolments: Mapping[str, UUID] = field(default_factory=dict)
    approvals: Mapping[str, UUID] = field(default_factory=dict)
    transfers: Mapping[str, UUID] = field(default_factory=dict)
    """Requests for a person by the other agency."""
    certificates: Mapping[str, str] = field(default_factory=dict)
    """Codes, which are their numbers too."""
    credits: Mapping[str, UUID] = field(default_factory=dict)


def sent(json: Any = None, **form: object) -> Tried:
    """A route about no record that takes a body or a form."""
    return Tried(fill=lambda _world, _none: Ask(json=json, form=form))


def file(form: str = "csv") -> Tried:
    """A list as a file."""
    return Tried(fill=lambda _world, _none: Ask({"form": form}))


def made_for(
    name: str, json: Any = None, form: Mapping[str, object] | None = None
) -> Callable[[World, Any], Ask]:
    """The record that a service made for a person: a test, a task, a notice."""
    return lambda world, record: Ask({name: world.of[record.asn.key]}, json=json, form=form or {})
