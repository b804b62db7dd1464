"""How the sign-in page names people and roles."""

from collections.abc import Sequence
from dataclasses import dataclass

from bina.web.language import gettext as _
from enrollment.register.store import DemoPerson


@dataclass(frozen=True)
class Group:
    """People of one agency."""

    title: str
    people: Sequence[DemoPerson]


def grouped(people: Sequence[DemoPerson]) -> list[Group]:
    """Those who show something first, the others by agency."""
    shown = sorted((p for p in people if p.shows), key=lambda p: (_rank(p.roles), p.name))
    others: dict[str, list[DemoPerson]] = {}
    for person in people:
        if not person.shows:
            others.setdefault(person.agency_name, []).append(person)
    first = [Group(_("Mulai dari sini"), shown)] if shown else []
    return [*first, *(Group(agency, members) for agency, members in others.items())]


def _rank(roles: Sequence[str]) -> int:
    """From everybody's own page to the operator's."""
    return max(
        (
            "asn",
            "supervisor",
            "evaluator",
            "trainer",
            "assessor",
            "operator",
            "bkd",
            "head",
            "auditor",
            "platform",
        ).index(r)
        for r in roles
    )


def role_words(roles: Sequence[str]) -> str:
    """Roles as a reader calls them; being an ASN goes without saying."""
    words = {
        "supervisor": _("atasan"),
        "operator": _("operator"),
        "evaluator": _("evaluator"),
        "trainer": _("pengajar"),
        "assessor": _("asesor"),
        "head": _("pimpinan"),
        "bkd": _("BKD"),
        "auditor": _("auditor"),
        "platform": _("pengelola platform"),
    }
    named = [words[role] for role in roles if role in words]
    return ", ".join(named) if named else _("ASN")
