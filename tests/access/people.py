"""A small world that every service knows: two agencies, units, six people, two runs, who takes part in which."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid5

SPACE = UUID("5d0f4f7e-1d7a-4f0e-9c55-8d5a54f5c001")
HERE, THERE = "5571", "5508"
"""The agency of everybody who asks, and another."""


def id_of(*words: str) -> UUID:
    return uuid5(SPACE, "/".join(words))


UNIT, SECTION, OTHER, FOREIGN_UNIT = (id_of("unit", name) for name in ("unit", "section", "other", "foreign"))
UNITS = {UNIT: (UNIT,), SECTION: (UNIT, SECTION), OTHER: (OTHER,), FOREIGN_UNIT: (FOREIGN_UNIT,)}


@dataclass(frozen=True)
class Asn:
    """Somebody with a name and a NIP that no other text contains."""

    key: str
    name: str
    nip: str
    agency: str
    unit: UUID
    supervisor: UUID | None = None

    @property
    def asn_id(self) -> UUID:
        return id_of("asn", self.key)


ASKER = Asn("asker", "Sekarwangi Prameswari", "198703032010011201", HERE, SECTION)
REPORT = Asn("report", "Ranggalawe Bawahan", "198703032010011202", HERE, OTHER, ASKER.asn_id)
MATE = Asn("mate", "Mirnawati Serumpun", "198703032010011203", HERE, SECTION)
COLLEAGUE = Asn("colleague", "Ekalaya Seberang", "198703032010011204", HERE, OTHER)
GUEST = Asn("guest", "Gayatri Tetamu", "198703032010011205", THERE, FOREIGN_UNIT)
STRANGER = Asn("stranger", "Suryakanta Asing", "198703032010011206", THERE, FOREIGN_UNIT)
INTERVIEWER = Asn("interviewer", "Indrajit Pewawancara", "198703032010011207", HERE, OTHER)
PEOPLE = (ASKER, REPORT, MATE, COLLEAGUE, GUEST, STRANGER)
"""Whose names and NIPs are looked for in every answer."""


@dataclass(frozen=True)
class Run:
    """One scheduled delivery of a training."""

    code: str
    organiser: str
    taught: bool = False
    """Whether the asker teaches its session."""

    @property
    def run_id(self) -> UUID:
        return id_of("run", self.code)


OURS, THEIRS, ABROAD = (
    Run("AKS-2026-01", HERE),
    Run("AKS-2026-02", THERE, taught=True),
    Run("AKS-2026-03", THERE),
)
RUNS = (OURS, THEIRS, ABROAD)
TAKING_PART = (
    *((one, THEIRS) for one in (ASKER, REPORT, MATE, COLLEAGUE)),
    (GUEST, OURS),
    (MATE, OURS),
    (STRANGER, ABROAD),
)
"""Our people at another's run, a guest among ours at our run, a stranger at a run we have nothing to do with."""


@dataclass(frozen=True)
class Record:
    """What a request is about: somebody, in a place, taking part in an agency's run; as far as it has these."""

    label: str
    asn: Asn | None = None
    agency: str | None = None
    units: tuple[UUID, ...] = ()
    run: Run | None = None
    parts: tuple["Record", ...] = ()


def about(asn: Asn, run: Run | None = None, label: str = "") -> Record:
    return Record(label or asn.key, asn, asn.agency, UNITS[asn.unit], run)


def of_run(run: Run) -> Record:
    """A run as a whole, which is in reach as its organiser or through any of those who take part."""
    parts = tuple(about(asn, joined) for asn, joined in TAKING_PART if joined is run)
    return Record(run.code, run=run, parts=parts)


PERSONS = tuple(about(asn) for asn in PEOPLE)
PLACES = (
    Record("own unit", agency=HERE, units=(UNIT, SECTION)),
    Record("other unit", agency=HERE, units=(OTHER,)),
    Record("other agency", agency=THERE, units=(FOREIGN_UNIT,)),
)
ENROLMENTS = tuple(about(asn, run, f"{asn.key} in {run.code}") for asn, run in TAKING_PART)
ORGANISED = tuple(Record(run.code, run=run) for run in (OURS, THEIRS))
TAUGHT = tuple(of_run(run) for run in RUNS)


def records_of(asn: Asn) -> Iterable[Record]:
    """Everything the world holds of somebody."""
    return (about(asn), *(one for one in ENROLMENTS if one.asn is asn))
