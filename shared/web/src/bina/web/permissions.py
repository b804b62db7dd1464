"""Who may do what, by `access_table.toml`: a route names an action, the table says which roles may and how far.

`person: Annotated[Person, may("attendance.record")]` lets in whoever's roles reach anything by that action;
`reach_of(person, "attendance.record")` says what, for a query's filter or a look at one record.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from fastapi import Depends, Request

from bina.web.access import GUARDS, ROLES, Person, settings_of, signed_in
from bina.web.language import gettext as _
from bina.web.problems import Problem

SCOPES = frozenset({"own", "supervised", "unit", "agency", "organised", "taught", "all", "demo"})


class UnknownAction(Exception):  # noqa: N818 - names the finding
    """An action that the table does not name, or a row that names what there is not."""


@dataclass(frozen=True, slots=True)
class Table:
    """The table as read: per action, per role, its scopes; which actions write; which routes ask for nobody."""

    rows: Mapping[str, Mapping[str, frozenset[str]]]
    writes: frozenset[str]
    visitor: frozenset[str]
    link: frozenset[str]
    bare: frozenset[str]

    def row(self, action: str) -> Mapping[str, frozenset[str]]:
        """Scopes by role; raises `UnknownAction`."""
        if action not in self.rows:
            raise UnknownAction(f"{action} is no action of access_table.toml")
        return self.rows[action]


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose records somebody's roles open for one action; nothing unless a member says so.

    `agency_code` opens an agency's people, with `unit_id` those of that unit and below; `organiser` the runs of an
    agency and who takes part; `own`, `supervisor` and `trainer` are the reader's id.
    """

    everything: bool = False
    agency_code: str | None = None
    unit_id: UUID | None = None
    organiser: str | None = None
    own: UUID | None = None
    supervisor: UUID | None = None
    trainer: UUID | None = None

    def __bool__(self) -> bool:
        """Whether anything is in reach."""
        return self != NOWHERE

    @property
    def parameters(self) -> dict[str, Any]:
        """What a query's filter over people and runs is filled with."""
        return {
            "everything": self.everything,
            "agency": self.agency_code,
            "unit": self.unit_id,
            "organiser": self.organiser,
            "own": self.own,
            "supervisor": self.supervisor,
        }

    def covers_place(self, agency_code: str, unit_path: Sequence[UUID] = ()) -> bool:
        """Whether what lies in an agency, below the units of a path, is in reach."""
        if self.everything:
            return True
        inside = self.unit_id is None or self.unit_id in unit_path
        return self.agency_code is not None and self.agency_code == agency_code and inside

    def covers_run(self, organiser: str) -> bool:
        """Whether an agency's runs are in reach as their organiser."""
        return self.everything or (self.organiser is not None and self.organiser == organiser)

    def covers_session(self, organiser: str, trainer_id: UUID | None) -> bool:
        """Whether a session is in reach, as its run's organiser or as who teaches it."""
        return self.covers_run(organiser) or (self.trainer is not None and self.trainer == trainer_id)

    def covers_person(
        self,
        asn_id: UUID,
        agency_code: str,
        unit_path: Sequence[UUID] = (),
        supervisor_id: UUID | None = None,
    ) -> bool:
        """Whether a person's record is in reach."""
        own = self.own is not None and self.own == asn_id
        supervised = self.supervisor is not None and self.supervisor == supervisor_id
        return own or supervised or self.covers_place(agency_code, unit_path)

    def without_own(self) -> "Reach":
        """What is in reach of others' records."""
        return replace(self, own=None)


NOWHERE = Reach()
Place = tuple[str, tuple[UUID, ...]]
"""Where a record lies: its agency, and the units from the agency's top one down to its own"""


@dataclass(frozen=True, slots=True)
class May:
    """Dependency that lets in people whose roles reach anything by an action; built by `may`."""

    action: str
    roles: frozenset[str] = field(compare=False)

    async def __call__(self, request: Request) -> Person:
        """Return the person, or refuse with 401 or 403."""
        person = signed_in(request)
        if not person.may(*self.roles):
            raise _forbidden(person)
        if not reach_of(person, self.action, demo=settings_of(request).demo):
            raise out_of_scope()
        return person


def may(action: str) -> Any:
    """`person: Annotated[Person, may("jp.read")]`; raises `UnknownAction` for one that the table does not name."""
    return Depends(May(action, frozenset(TABLE.row(action))))


def can(person: Person | None, action: str) -> bool:
    """Whether somebody's roles reach anything by an action."""
    return person is not None and bool(reach_of(person, action))


def reach_of(person: Person, action: str, *, demo: bool = False) -> Reach:
    """What somebody's roles open for an action, in a demonstration or not; `NOWHERE` where none does."""
    scopes = _scopes(person.roles, action)
    people = person.agency_code if "unit" in scopes else _whole(person) if "agency" in scopes else None
    return Reach(
        everything="all" in scopes or (demo and "demo" in scopes),
        agency_code=people,
        unit_id=person.unit_id if people is not None else None,
        organiser=_whole(person) if "organised" in scopes else None,
        own=person.person_id if "own" in scopes else None,
        supervisor=person.person_id if "supervised" in scopes else None,
        trainer=person.person_id if "taught" in scopes else None,
    )


def check_places(person: Person, action: str, places: Iterable[Place]) -> None:
    """Raise `Problem` (403) unless what lies at each of the places is in reach of the action."""
    reach = reach_of(person, action)
    if not all(reach.covers_place(agency_code, unit_path) for agency_code, unit_path in places):
        raise out_of_scope()


def check_runs(person: Person, action: str, organisers: Iterable[str]) -> None:
    """Raise `Problem` (403) unless runs of each of the organisers are in reach of the action."""
    reach = reach_of(person, action)
    if not all(reach.covers_run(organiser) for organiser in organisers):
        raise out_of_scope()


def is_guard(call: object) -> bool:
    """Whether a dependency decides who may enter."""
    return isinstance(call, May) or call in GUARDS


def out_of_scope() -> Problem:
    """403: the record belongs to another agency or unit."""
    return Problem(
        "out-of-scope",
        403,
        _("Data ini milik instansi atau unit lain."),
        mend=_("Minta pengelola instansi atau unit itu yang mengerjakannya."),
    )


def read_table(text: str) -> Table:
    """Read a table; raises `UnknownAction` for roles and scopes that there are not, or an auditor who writes."""
    raw = tomllib.loads(text)
    groups: dict[str, list[str]] = raw["roles"]
    rows = {
        action: _row(action, row, groups) for kind in ("reads", "writes") for action, row in raw[kind].items()
    }
    audited = [action for action in raw["writes"] if "auditor" in rows[action]]
    if audited:
        raise UnknownAction(f"an auditor writes nothing: {audited}")
    routes = {name: frozenset(raw["open"][name]) for name in ("visitor", "link", "bare")}
    return Table(rows=rows, writes=frozenset(raw["writes"]), **routes)


def _row(action: str, row: dict[str, str], groups: dict[str, list[str]]) -> dict[str, frozenset[str]]:
    """A role's own entry goes before that of a group."""
    found: dict[str, frozenset[str]] = {}
    for name, words in sorted(row.items(), key=lambda entry: entry[0] not in groups):
        for role in groups.get(name, [name]):
            found[role] = frozenset(words.split())
    unknown = (set(found) - ROLES) | (frozenset().union(*found.values()) - SCOPES)
    if unknown:
        raise UnknownAction(f"{action} names {sorted(unknown)}")
    return found


def _forbidden(person: Person) -> Problem:
    return Problem(
        "forbidden",
        403,
        _("Halaman ini bukan untuk peran Anda."),
        _("Anda masuk sebagai %(name)s.") % {"name": person.name.removesuffix(".")},
        mend=_("Bila seharusnya boleh, mintalah peran ini kepada pengelola di BKPSDM."),
    )


@lru_cache(maxsize=4096)
def _scopes(roles: frozenset[str], action: str) -> frozenset[str]:
    """What several roles open together; there are few combinations of them."""
    row = TABLE.row(action)
    found = frozenset[str]().union(*(row[role] for role in roles if role in row))
    return found & {"own"} if "auditor" in roles and action in TABLE.writes else found


def _whole(person: Person) -> str | None:
    """The agency of a grant that is not in a unit."""
    return person.agency_code if person.unit_id is None else None


TABLE = read_table(files(__package__).joinpath("access_table.toml").read_text(encoding="utf-8"))
