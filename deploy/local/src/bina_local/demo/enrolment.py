"""Who asks for which seat, who gets it, and how the training ends for them."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from .chance import chosen, stream
from .model import Person, Programme, Request, Run, Withdrawal
from .runs import Plan, workday

PPPK_CEILING_JP = 24  # PP 49/2018 Pasal 40(1); only makes the demo's PPPK plausible, decides nothing
MOST_TRAININGS = 3
FITTING: dict[str, tuple[str, ...]] = {
    "PBJ": (
        "Pengelola Pengadaan Barang/Jasa",
        "Bendahara",
        "Kepala Subbagian Keuangan",
        "Pengadministrasi Umum",
    ),
    "KEU": (
        "Bendahara",
        "Analis Keuangan Pusat dan Daerah",
        "Kepala Subbagian Keuangan",
        "Pengelola Pendapatan",
    ),
    "BTK": ("Analis SDM Aparatur", "Pengelola Kepegawaian", "Kepala Subbagian Umum dan Kepegawaian"),
    "ELK": ("Pranata Komputer", "Sandiman", "Pengadministrasi Umum"),
    "SEM": ("Penata Laksana", "Perawat", "Bidan", "Pekerja Sosial", "Kepala Seksi Pelayanan"),
}
WITHDRAWAL_REASONS = (
    "Tugas dinas luar pada tanggal yang sama",
    "Sakit",
    "Mendampingi pemeriksaan BPK",
    "Pindah tugas",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A seat that was given, and since when."""

    person: Person
    accepted_on: date


@dataclass(frozen=True, slots=True)
class Roster:
    """One run's requests, withdrawals, and those who hold a seat in the end."""

    requests: tuple[Request, ...]
    withdrawals: tuple[Withdrawal, ...]
    places: tuple[Place, ...]


@dataclass(slots=True)
class Enroller:
    """Fills the runs one after the other and remembers who has been where."""

    seed: int
    as_of: date
    people: Sequence[Person]
    remote: frozenset[str]
    taken: dict[str, list[Run]] = field(default_factory=lambda: defaultdict(list))
    jp: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def roster(self, plan: Plan, programme: Programme) -> Roster:
        """The requests for a run in the order they come, seats given first come first served."""
        rng = stream(self.seed, "enrolment", plan.run.code)
        eligible = [p for p in self.people if self._eligible(p, plan.run, programme)]
        wanted = chosen(rng, eligible, lambda p: self._weight(p, programme), plan.demand)
        days = sorted((self._request_day(rng, plan.run), p.nip, p) for p in wanted)
        withdrawn = self._withdrawals(rng, plan.run, days[: plan.run.quota])
        for _, _, person in days:
            self.taken[person.nip].append(plan.run)
            self.jp[person.nip] += programme.jp
        requests = tuple(Request(nip, plan.run.code, p.agency, on) for on, nip, p in days)
        return Roster(requests, withdrawn, _seated(plan.run, days, withdrawn))

    def _eligible(self, person: Person, run: Run, programme: Programme) -> bool:
        trainings = self.taken[person.nip]
        overlapping = any(r.starts_on <= run.ends_on and run.starts_on <= r.ends_on for r in trainings)
        again = any(r.programme == run.programme for r in trainings)
        return (
            person.agency in run.open_to
            and person.started_on < run.announced_on
            and (not programme.job_levels or person.job_level in programme.job_levels)
            and (not programme.positions or person.position in programme.positions)
            and not (overlapping or again or len(trainings) >= MOST_TRAININGS)
        )

    def _weight(self, person: Person, programme: Programme) -> float:
        """Uneven on purpose: remote units and PPPK are reached less, the personnel office more."""
        weight = 0.12 if person.unit in self.remote else 1.0
        weight *= 1.7 if any(part in person.unit for part in ("BKPSDM", "BPSDM", "Kompetensi")) else 1.0
        weight *= 9.0 if person.position in FITTING.get(programme.code, ()) else 1.0
        weight *= 0.25 if "Negeri" in person.unit and programme.code in {"PBJ", "KEU"} else 1.0
        if person.status == "PPPK":
            over = self.jp[person.nip] + programme.jp > PPPK_CEILING_JP
            weight *= 0.06 if over else 0.45
        return weight

    def _request_day(self, rng: random.Random, run: Run) -> date:
        """Most requests come near the deadline."""
        last = min(run.starts_on - timedelta(days=8), self.as_of - timedelta(days=2))
        if run.cancelled_on:
            last = min(last, run.cancelled_on - timedelta(days=3))
        span = (last - run.announced_on).days - 3
        return workday(run.announced_on + timedelta(days=3 + max(0, int(span * rng.random() ** 0.55))))

    def _withdrawals(
        self, rng: random.Random, run: Run, seated: Sequence[tuple[date, str, Person]]
    ) -> tuple[Withdrawal, ...]:
        gone = [row for row in seated if rng.random() < 0.03]
        last = min(run.starts_on - timedelta(days=3), self.as_of - timedelta(days=1))
        if run.cancelled_on:
            return ()
        return tuple(
            Withdrawal(nip, run.code, person.agency, workday(last), rng.choice(WITHDRAWAL_REASONS))
            for _, nip, person in gone
        )


def _seated(
    run: Run, days: Sequence[tuple[date, str, Person]], withdrawn: Sequence[Withdrawal]
) -> tuple[Place, ...]:
    """Who holds a seat: the first ones, and from the waiting list one for each who left."""
    left = {row.nip for row in withdrawn}
    kept = [Place(person, on) for on, nip, person in days[: run.quota] if nip not in left]
    waiting = days[run.quota :]
    moved = [Place(person, gone.on) for gone, (_, _, person) in zip(withdrawn, waiting, strict=False)]
    return (*kept, *moved)
