"""Invented identities: names of the region, NIPs that pass every documented check, contacts nobody has."""

import random
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from .chance import weighted
from .facts import document

PREFIXES = ("0812", "0813", "0821", "0852", "0853", "0895")
PNS_MONTHS = (1, 2, 3, 4, 12)


@dataclass(slots=True)
class Registry:
    """What is taken already, so that no NIP or phone number is given twice."""

    nips: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Identity:
    """The part of a person that the job does not decide; `appointed_on` starts service or contract."""

    nip: str
    sex: Literal["L", "P"]
    status: Literal["PNS", "PPPK"]
    appointed_on: date
    phone: str


def invent(
    rng: random.Random, taken: Registry, status: Literal["PNS", "PPPK"], ages: tuple[int, int], women: float
) -> Identity:
    """A person between these ages (years, in 2026); `women` is the chance of a woman."""
    sex: Literal["L", "P"] = "P" if rng.random() < women else "L"
    born = date(2026 - rng.randint(*ages), rng.randint(1, 12), rng.randint(1, 28))
    appointed_on, code = _contract(rng) if status == "PPPK" else _appointment(rng, born)
    middle = f"{born:%Y%m%d}{appointed_on:%Y}{code}{'1' if sex == 'L' else '2'}"
    nip = _free(taken.nips, lambda: f"{middle}{rng.randint(700, 999)}")
    phone = _free(taken.phones, lambda: f"{rng.choice(PREFIXES)}0001{rng.randint(1000, 9999)}")
    return Identity(nip, sex, status, appointed_on, phone)


def _contract(rng: random.Random) -> tuple[date, str]:
    year = rng.choices((2021, 2022, 2023, 2024, 2025), (5, 15, 30, 30, 20))[0]
    return date(year, rng.choice((3, 5, 10)), 1), rng.choice(("21", "21", "22"))


def _appointment(rng: random.Random, born: date) -> tuple[date, str]:
    year = min(2025, born.year + rng.randint(22, 32))
    month = rng.choice(PNS_MONTHS)
    return date(year, month, 1), f"{month:02d}"


def _free(taken: set[str], draw: Any) -> str:
    value: str = next(candidate for candidate in iter(draw, None) if candidate not in taken)
    taken.add(value)
    return value


def name_of(rng: random.Random, agency: str, sex: str) -> str:
    """A full name from one of the region's naming traditions."""
    names = document("names.json")
    people = names["peoples"][weighted(rng, names["mix"][agency].items())]
    first, last, middle = (
        ("male", "last", "middle") if sex == "L" else ("female", "last_female", "middle_female")
    )
    parts = [rng.choice(people[first])]
    if rng.random() < 0.35:
        parts.append(rng.choice(names[middle]))
    return " ".join([*parts, rng.choice(people.get(last, people["last"]))])


def titled(rng: random.Random, name: str, position: str, position_type: str) -> str:
    """The name with the academic title that the position suggests."""
    titles = document("positions.json")["titles"]
    if position == "Dokter":
        return f"dr. {name}"
    title = rng.choice(titles.get(position) or titles.get(position_type) or titles[""])
    return f"{name}, {title}" if title else name


def email_of(name: str, nip: str, domain: str) -> str:
    """An address at a domain reserved for examples (RFC 2606)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return f"{re.sub(r'[^a-z]+', '.', plain).strip('.')}{nip[-4:]}@{domain}"
