"""What one command leaves behind, gathered while it works. No I/O."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.audit.digests import canonical, value_digest

Kind = Literal["command", "reading", "session", "erasure"]
OPEN = frozenset({
    "state", "origin", "status", "agency_code", "employment", "role", "language", "job_level", "position_type",
    "appointment",
})  # fmt: skip
"""Words of a person's record that name nobody. All its other texts are kept where they can be erased."""
_TRAIL = "audit"
_WORDS = (str, list, tuple, dict)


@dataclass(frozen=True)
class Actor:
    """Who acts, and from where. `name` and `address` are personal."""

    kind: Literal["person", "machine", "link", "guest", "service"]
    person_id: UUID | None = None
    roles: tuple[str, ...] = ()
    agency_code: str | None = None
    unit_id: UUID | None = None
    name: str = ""
    address: str = ""
    ref: str = ""
    """Tells links and guests apart, without being one."""


class Personal(NamedTuple):
    """A value of the side table."""

    field: str
    person_id: UUID | None
    salt: bytes
    value: str
    label: str | None


@dataclass
class Trail:
    """An entry in the making."""

    kind: Kind
    action: str
    actor: Actor
    detail: dict[str, Any] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    about: dict[str, None] = field(default_factory=dict)
    on_behalf: dict[UUID, None] = field(default_factory=dict)
    erased: list[UUID] = field(default_factory=list)
    personal: list[Personal] = field(default_factory=list)

    def changed(
        self, kind: str, id_: object, before: Any, after: Any, *, person: UUID | None = None, why: str = ""
    ) -> None:
        """One thing changed; nothing is noted where before and after are alike."""
        old, new = _apart(_fields(before), _fields(after))
        if not old and not new and not why:
            return
        place = len(self.changes)
        change: dict[str, Any] = {"kind": kind, "id": str(id_)}
        for side, values in (("before", old), ("after", new)):
            shown, hidden = _sides(values, person)
            change |= {side: shown} if shown else {}
            self.keep(f"{place}.{side}", hidden, person)
        self.keep(f"{place}.why", why, person)
        self.changes.append(change | ({"person": str(person)} if person else {}))
        self.note_about(id_, person)

    def keep(self, name: str, value: Any, person: UUID | None = None, label: str | None = None) -> None:
        """Keep a value where it can be erased with its person; an empty one is no value."""
        if value:
            found = label or (value.get("nip") if isinstance(value, dict) else None)
            text = canonical(value).decode()
            self.personal.append(Personal(name, person, secrets.token_bytes(16), text, found))

    def note_about(self, *ids: object) -> None:
        """What or whom the entry is found by."""
        self.about |= dict.fromkeys(str(id_) for id_ in ids if id_ is not None)

    def because(self, why: str, person: UUID | None = None) -> None:
        """Why the command was given; `person` is whom these words are about."""
        self.keep("why", why, person)
        self.note_about(person)

    def note_behalf(self, people: Iterable[UUID | None]) -> None:
        """On whose behalf the command acts; nobody acts on their own behalf."""
        others = [p for p in people if p is not None and p != self.actor.person_id]
        self.on_behalf |= dict.fromkeys(others)
        self.note_about(*others)

    def row(self) -> list[Any]:
        """The entry's columns from `kind` on, in the order of the table."""
        actor = self.actor
        detail = self.detail | ({"changes": self.changes} if self.changes else {})
        personal = {p.field: _seal(p) for p in self.personal}
        return [
            self.kind, actor.kind, actor.person_id, sorted(actor.roles), actor.agency_code, actor.unit_id,
            self.action, list(self.about), list(self.on_behalf), self.erased, json.dumps(detail), json.dumps(personal),
        ]  # fmt: skip


class Trails(Trail):
    """Of commands that are decided together: what changes is noted in the trail that its id belongs to. What belongs
    to none of them is a mistake (KeyError), for it would be noted nowhere."""

    def __init__(self, trails: Mapping[object, Trail]) -> None:
        super().__init__("command", "", Actor("service"))
        self._trails = trails

    def changed(
        self, kind: str, id_: object, before: Any, after: Any, *, person: UUID | None = None, why: str = ""
    ) -> None:
        """One thing changed, of one of the commands."""
        self._trails[id_].changed(kind, id_, before, after, person=person, why=why)

    def keep(self, name: str, value: Any, *_: Any, **_more: Any) -> None:  # noqa: ARG002 - whatever it is
        """Only one of the commands can keep a value."""
        raise KeyError(name)


def begin(session: AsyncSession, trail: Trail) -> Trail:
    """Let everything that this session does be noted in a trail."""
    session.info[_TRAIL] = trail
    return trail


def end(session: AsyncSession) -> None:
    """What this session does from here on is noted nowhere: due work goes on with something else."""
    session.info.pop(_TRAIL, None)


def open_in(session: AsyncSession) -> Trail | None:
    """The trail of the command that works in this session; None where an event is applied: it is its own record."""
    found: Trail | None = session.info.get(_TRAIL)
    return found


def changed(
    session: AsyncSession,
    kind: str,
    id_: object,
    before: Any = None,
    after: Any = None,
    *,
    person: UUID | None = None,
    why: str = "",
) -> None:
    """Note what a command changed: `before` and `after` are mappings, named tuples, dataclasses or models, of which
    the fields that differ are kept; None: there was nothing, or is nothing left. `person` is whose record it is."""
    if trail := open_in(session):
        trail.changed(kind, id_, before, after, person=person, why=why)


def because(session: AsyncSession, why: str, *, person: UUID | None = None) -> None:
    """Note why the command was given, in words of whoever gave it; `person` is whom they are about."""
    if trail := open_in(session):
        trail.because(why, person)


def on_behalf(session: AsyncSession, people: Iterable[UUID | None]) -> None:
    """Note on whose behalf the command acts; nobody acts on their own behalf."""
    if trail := open_in(session):
        trail.note_behalf(people)


def _seal(kept: Personal) -> dict[str, str | None]:
    return {
        "of": str(kept.person_id) if kept.person_id else None,
        "digest": value_digest(kept.salt, kept.value),
    }


def _fields(thing: Any) -> dict[str, Any]:
    if thing is None:
        return {}
    if names := _names_of(thing.__class__):
        return {name: getattr(thing, name) for name in names}
    return dict(thing)


@cache
def _names_of(kind: type) -> tuple[str, ...]:
    """The fields of a model, a dataclass or a named tuple; none of a mapping. Imports ask it thousands of times."""
    if issubclass(kind, BaseModel):
        return tuple(kind.model_fields)
    if is_dataclass(kind):
        return tuple(one.name for one in fields(kind))
    return () if issubclass(kind, Mapping) else tuple(kind._fields)  # type: ignore[attr-defined]


def _apart(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What differs; of something new or gone, all that is not empty."""
    if before and after:
        names = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
        return _only(before, names), _only(after, names)
    return _filled(before), _filled(after)


def _only(values: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: values[name] for name in sorted(names) if name in values}


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    # most say at once that they are not empty; ids would be compared in Python
    return {name: value for name, value in values.items() if value or value not in (None, "", ())}


def _sides(values: dict[str, Any], person: UUID | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what may stay for ever, what goes with the person), in JSON's own types."""
    if not values:
        return {}, {}
    plain: dict[str, Any] = to_jsonable_python(values)
    if person is None:
        return plain, {}
    hidden = {n: plain[n] for n, value in values.items() if isinstance(value, _WORDS) and n not in OPEN}
    return {n: v for n, v in plain.items() if n not in hidden}, hidden
