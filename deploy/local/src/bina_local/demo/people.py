"""About two thousand invented ASN around the sixty of `world.json`, in a supervisor tree without rings."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal
from uuid import UUID, uuid5

from .chance import stream
from .facts import document, facts
from .identity import Identity, Registry, email_of, invent, name_of, titled
from .model import Person, Role, Unit
from .posts import Post, head_of, second_line_of, staff_post, staff_weight
from .units import NAMESPACE, work_of

PPPK_SHARE = 0.31
PPPK_LEVELS = frozenset({"Ahli Pertama", "Ahli Muda", "Terampil", "Pemula", "Pelaksana"})
BIDANG_HEAD = "Kepala Bidang pada "


def given_people(units: tuple[Unit, ...]) -> tuple[Person, ...]:
    """The people of `world.json`, each in the OPD that the file names."""
    tops = {(unit.agency, unit.name): unit for unit in units if unit.parent is None}
    return tuple(_given(row, tops[row["agency"], row["unit"]]) for row in facts()["asn"])


def _given(row: dict[str, Any], unit: Unit) -> Person:
    return Person(
        id=UUID(row["id"]),
        nip=row["nip"],
        name=row["name"],
        agency=row["agency"],
        unit_id=unit.id,
        unit=row["unit"],
        position=row["position"],
        position_type=row["position_type"],
        job_level=row["level"],
        grade=row["golongan"],
        sex=row["sex"],
        email=row["email"],
        phone=row["phone"],
        supervisor=row["supervisor"],
        status=row["status"],
        started_on=date.fromisoformat(row["tmt"]),
    )


def grow_people(seed: int, units: tuple[Unit, ...]) -> tuple[Person, ...]:
    """Everybody: the given people first and unchanged, then heads and staff, unit by unit."""
    given = given_people(units)
    taken = Registry({p.nip for p in given}, {p.phone for p in given})
    agencies = dict.fromkeys(unit.agency for unit in units)
    grown = [p for code in agencies for p in _Agency(seed, code, units, given, taken).people()]
    return appointed((*given, *grown))


@dataclass(slots=True)
class _Agency:
    """Fills one agency's posts from the top down, so that a supervisor exists before the supervised."""

    seed: int
    code: str
    units: tuple[Unit, ...]
    given: tuple[Person, ...]
    taken: Registry
    heads: dict[UUID, str] = field(default_factory=dict)

    def people(self) -> Iterator[Person]:
        own = [unit for unit in self.units if unit.agency == self.code]
        by_id = {unit.id: unit for unit in own}
        staff = shares({unit.id: staff_weight(unit) for unit in own}, self._places(own))
        for unit in own:
            yield from self._fill(unit, work_of(unit, by_id), staff[unit.id])

    def _places(self, own: list[Unit]) -> int:
        given = sum(person.agency == self.code for person in self.given)
        leading = sum(1 + len(second_line_of(unit)) for unit in own)
        return int(document("units.json")["staff"][self.code]) - given - leading

    def _fill(self, unit: Unit, work: str, staff: int) -> Iterator[Person]:
        rng = stream(self.seed, "people", unit.agency, unit.name)
        head = self._given_head(unit)
        if head is None:
            person = self._person(rng, unit, head_of(unit), self._above(unit))
            head = person.nip
            yield person
        self.heads[unit.id] = head
        second = [self._person(rng, unit, post, head) for post in second_line_of(unit)]
        yield from second
        leaders = [person.nip for person in second] or [head]
        for n in range(staff):
            yield self._person(rng, unit, staff_post(rng, work), leaders[n % len(leaders)])

    def _above(self, unit: Unit) -> str | None:
        if unit.parent is not None:
            return self.heads[unit.parent]
        return next(p.nip for p in self.given if p.agency == self.code and p.supervisor is None)

    def _given_head(self, unit: Unit) -> str | None:
        top = unit.name if unit.parent is None else unit.name.removeprefix("Sekretariat ")
        here = [p for p in self.given if p.agency == self.code and p.unit == top]
        if unit.parent is None:
            return next((p.nip for p in here if p.job_level.startswith("JPT")), None)
        if here and unit.name.startswith("Sekretariat "):
            return next((p.nip for p in here if p.position.startswith("Sekretaris pada")), None)
        return self._given_division_head(unit)

    def _given_division_head(self, unit: Unit) -> str | None:
        parent = next(u for u in self.units if u.id == unit.parent)
        titled_so = f"{BIDANG_HEAD}{parent.name}"
        heads = (p.nip for p in self.given if p.agency == self.code and p.position == titled_so)
        free = (nip for nip in heads if nip not in self.heads.values())
        return next(free, None) if unit.name.startswith("Bidang ") else None

    def _person(self, rng: random.Random, unit: Unit, post: Post, supervisor: str | None) -> Person:
        status = _status(rng, post)
        low, high = document("positions.json")["ages"][post.job_level]
        identity = invent(rng, self.taken, status, (low, high), post.women)
        plain = name_of(rng, unit.agency, identity.sex)
        return Person(
            id=uuid5(NAMESPACE, identity.nip),
            nip=identity.nip,
            name=titled(rng, plain, post.position, post.position_type),
            agency=unit.agency,
            unit_id=unit.id,
            unit=unit.name,
            position=post.position,
            position_type=post.position_type,
            job_level=post.job_level,
            grade=rng.choice(document("positions.json")["grades"][status][post.job_level]),
            sex=identity.sex,
            email=email_of(plain, identity.nip, document("units.json")["domains"][unit.agency]),
            phone=identity.phone,
            supervisor=supervisor,
            status=status,
            started_on=_started(rng, identity),
        )


def shares(weights: dict[UUID, int], total: int) -> dict[UUID, int]:
    """The total split by weight into whole numbers that add up to it (largest remainders)."""
    whole = sum(weights.values())
    exact = {key: total * weight / whole for key, weight in weights.items()}
    parts = {key: int(value) for key, value in exact.items()}
    rest = sorted(exact, key=lambda key: parts[key] - exact[key])[: total - sum(parts.values())]
    return {key: part + (key in rest) for key, part in parts.items()}


def _status(rng: random.Random, post: Post) -> Literal["PNS", "PPPK"]:
    eligible = post.position_type != "Struktural" and post.job_level in PPPK_LEVELS
    eligible = eligible and not post.position.startswith("Kepala ")
    return "PPPK" if eligible and rng.random() < PPPK_SHARE else "PNS"


def _started(rng: random.Random, identity: Identity) -> date:
    if identity.status == "PPPK":
        return identity.appointed_on
    first = max(identity.appointed_on.year + 1, 2017)
    return date(rng.randint(min(first, 2026), 2026), rng.choice((1, 4)), 1)


def appointed(people: tuple[Person, ...]) -> tuple[Person, ...]:
    """With the roles that people hold beyond being an ASN."""
    roles: dict[str, tuple[Role, ...]] = {}
    for agency in dict.fromkeys(p.agency for p in people):
        own = [p for p in people if p.agency == agency]
        roles |= {p.nip: ("asn", "head") for p in own if p.position.startswith("Sekretaris Daerah")}
        roles |= {p.nip: ("asn", "bkd") for p in own if _leads_personnel(p)}
        officers = [p for p in own if p.position == "Analis SDM Aparatur" and p.status == "PNS"]
        officers = [p for p in officers if p.unit.startswith(("Bidang ", "Sekretariat "))]
        roles |= {p.nip: ("asn", "operator") for p in officers[:2]}
        roles |= {p.nip: ("asn", "evaluator") for p in officers[2:5]}
    return tuple(replace(p, roles=roles.get(p.nip) or _platform(p, people)) for p in people)


def _leads_personnel(person: Person) -> bool:
    leads = person.job_level == "JPT Pratama" and person.position == f"Kepala {person.unit}"
    return leads and any(part in person.unit for part in ("BKPSDM", "BPSDM", "Kepegawaian"))


def _platform(person: Person, people: tuple[Person, ...]) -> tuple[Role, ...]:
    engineers = (p for p in people if p.agency == "5500" and p.position == "Pranata Komputer")
    first = next(p for p in engineers if p.status == "PNS" and p.unit == "Bidang Aplikasi Informatika")
    return ("asn", "platform") if person.nip == first.nip else ("asn",)
