"""What the table's words mean, written once more and apart from the product: who may have which record."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from uuid import UUID

from .people import ASKER, HERE, UNIT, Asn, Record, records_of

RAW = tomllib.loads(files("bina.web").joinpath("access_table.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Asker:
    """Who asks: always the same person of the same agency, in other roles; in the agency as a whole or in a unit."""

    roles: tuple[str, ...]
    unit: UUID | None = None
    demo: bool = False

    def __str__(self) -> str:
        where = " in a unit" if self.unit else ""
        return ("+".join(self.roles) or "visitor") + where + (" in a demonstration" if self.demo else "")


STAFF = ("operator", "head", "bkd", "trainer", "assessor")
EVERY_ROLE = ("asn", "supervisor", *STAFF, "evaluator", "auditor", "platform")
ASKERS = (
    Asker(()),
    *(Asker((role,)) for role in EVERY_ROLE),
    *(Asker((role,), UNIT) for role in STAFF),
    Asker(("asn", "auditor", "operator")),
    Asker(("asn", "supervisor", "operator"), UNIT),
    Asker(("platform",), demo=True),
    Asker(("operator",), demo=True),
)


def words_of(asker: Asker, action: str) -> set[str]:
    """The scopes of an action that somebody's roles give; an auditor keeps of what writes their own affairs."""
    kind = "writes" if action in RAW["writes"] else "reads"
    row = RAW[kind][action]
    found: set[str] = set()
    for role in asker.roles:
        groups = [name for name, members in RAW["roles"].items() if role in members and name in row]
        for name in [role] if role in row else groups:
            found |= set(row[name].split())
    return found & {"own"} if kind == "writes" and "auditor" in asker.roles else found


def may(asker: Asker, action: str, record: Record | None) -> bool:
    """Whether somebody may have a record by an action; without a record, whether there is anything to have."""
    words = words_of(asker, action)
    if record is None:
        return any(_opens(asker, word) for word in words)
    return any(_covers(asker, word, one) for word in words for one in (record, *record.parts))


def sees(asker: Asker, action: str, asn: Asn) -> bool:
    """Whether somebody's name may stand in an answer."""
    return any(may(asker, action, record) for record in records_of(asn))


def _opens(asker: Asker, word: str) -> bool:
    if word in ("agency", "organised"):
        return asker.unit is None
    return asker.demo if word == "demo" else True


def _covers(asker: Asker, word: str, record: Record) -> bool:
    if not _opens(asker, word):
        return False
    subject, run = record.asn, record.run
    ours = record.agency == HERE
    return {
        "own": subject is ASKER,
        "supervised": subject is not None and subject.supervisor == ASKER.asn_id,
        "unit": ours and (asker.unit is None or asker.unit in record.units),
        "agency": ours,
        "organised": run is not None and run.organiser == HERE,
        "taught": run is not None and run.taught,
        "all": True,
        "demo": True,
    }[word]
