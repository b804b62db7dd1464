"""How a unit's past reads."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

from bina.messaging import clock
from bina.web.formats import day
from bina.web.language import gettext as _
from enrollment.register.domain import Unit
from enrollment.units.domain import UnitState


def timeline(states: Sequence[UnitState], units: Mapping[UUID, Unit]) -> list[dict[str, Any]]:
    """What became of a unit, the newest first; `states` likewise."""
    items = [_item(new, _change(old, new, units)) for new, old in pairwise(states)]
    if states:
        first = states[-1]
        items.append(
            _item(first, _("Tercatat sebagai %(name)s") % {"name": first.name}, _above(first, units))
        )
    return items


def _item(state: UnitState, title: str, text: str = "") -> dict[str, Any]:
    return {"when": day(state.since, clock.ZONE), "title": title, "text": text, "kind": "done"}


def _change(old: UnitState, new: UnitState, units: Mapping[UUID, Unit]) -> str:
    if old.closed_on != new.closed_on:
        return _("Ditutup") if new.closed_on else _("Dibuka lagi")
    said = []
    if old.name != new.name:
        said.append(_("Berganti nama dari %(old)s menjadi %(new)s") % {"old": old.name, "new": new.name})
    if old.parent_id != new.parent_id:
        said.append(
            _("Pindah dari %(old)s ke %(new)s") % {"old": _name(old, units), "new": _name(new, units)}
        )
    return "; ".join(said)


def _above(state: UnitState, units: Mapping[UUID, Unit]) -> str:
    return _("di bawah %(name)s") % {"name": _name(state, units)} if state.parent_id else ""


def _name(state: UnitState, units: Mapping[UUID, Unit]) -> str:
    """The unit above by what it is called today."""
    if state.parent_id is None:
        return _("tingkat teratas")
    return units[state.parent_id].name if state.parent_id in units else _("unit lain")
