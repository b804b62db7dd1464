"""What each service is driven with: people and runs it knows beforehand, and one kind of event in numbers."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid5

import assessment.app
import enrollment.app
import evaluation.app
import notification.app
from bina.events import Envelope, Event
from bina.events.agency import EnrollmentRequested
from bina.events.enrollment import (
    AsnRecorded,
    CompetencyTarget,
    ContactRecorded,
    EnrollmentAccepted,
    TrainingAnnounced,
    TrainingCompleted,
)
from bina.messaging import Service, clock, new_id
from bina.messaging.database import create_engine, sessions
from bina.messaging.records import Message, message_of
from enrollment.catalogue.announcing import announce_runs, record_programmes
from enrollment.catalogue.bodies import ProgrammeRow, RunRow
from enrollment.register.bodies import AgencyRow, AsnRow
from enrollment.register.recording import record_agencies, record_asn

SPACE = UUID("5b1c2a4e-6f0d-4d39-9a54-2f8a7c1d3e11")
PEOPLE, RUNS = 3000, 60
AGENCY = "5571"


class Load(Protocol):
    """Makes so many messages about seats from a number on; no seat has two numbers below `PEOPLE * RUNS`."""

    def __call__(self, count: int, start: int = 0, /) -> list[Message]:
        """The messages."""


@dataclass(frozen=True)
class Scenario:
    """A service, what it knows, and what it is driven with."""

    service: Service
    load: Load
    prepare: Callable[[str], Awaitable[None]] | None = None
    """Puts in place by commands what the service itself owns; else it hears of people and runs by events."""


@dataclass(frozen=True)
class Latency:
    """Two services and the event that goes from one to the other."""

    teller: Service
    hearer: Service
    prelude: Callable[[], list[Event]]
    load: Callable[[int, int], list[Event]]
    """So many of them, from a number on: see `Load`."""


def person(number: int) -> UUID:
    """A person by number."""
    return uuid5(SPACE, f"asn/{number}")


def run(number: int) -> UUID:
    """A run by number."""
    return uuid5(SPACE, f"run/{number}")


def people() -> list[Event]:
    """Every person, with every tenth as a supervisor."""
    return [
        AsnRecorded(
            asn_id=person(n),
            nip=f"19870303201001{n % 1000 + 1000:04d}",
            name=f"Pegawai {n}",
            employment="PNS",
            agency_code=AGENCY,
            position="Analis Kepegawaian",
            job_level="Ahli Muda",
            supervisor_id=person(n // 10 * 10) if n % 10 else None,
        )
        for n in range(PEOPLE)
    ]


def runs() -> list[Event]:
    """Every run; it begins in two weeks."""
    start = clock.today() + timedelta(days=14)
    return [
        TrainingAnnounced(
            run_id=run(n),
            run_code=f"BENCH-{n}",
            programme_code="BENCH",
            programme_name="Pelatihan Pengukuran",
            organiser=AGENCY,
            open_to=(),
            competencies=(CompetencyTarget(code="M1", level=2), CompetencyTarget(code="M5", level=2)),
            jp=20,
            starts_on=start,
            ends_on=start + timedelta(days=4),
            seats=1_000_000,
        )
        for n in range(RUNS)
    ]


def contacts() -> list[Event]:
    """Where everybody can be reached."""
    return [ContactRecorded(asn_id=person(n), email=f"p{n}@kotajambi.example") for n in range(PEOPLE)]


def known() -> list[Message]:
    """People, contacts and runs as records."""
    return records([*people(), *contacts(), *runs()])


def seats(count: int, start: int = 0) -> list[tuple[UUID, UUID, UUID]]:
    """(enrolment, person, run), no two alike, in an order that repeats itself from run to run."""
    pairs = _pairs(count, start)
    return [(uuid5(SPACE, f"{p}/{r}/{count}"), person(p), run(r)) for p, r in pairs]


def _pairs(count: int, start: int) -> list[tuple[int, int]]:
    pairs = [(n % PEOPLE, n // PEOPLE % RUNS) for n in range(start, start + count)]
    random.Random(4).shuffle(pairs)
    return pairs


def accepted(count: int, start: int = 0) -> list[Message]:
    """Seats given."""
    return records(
        [
            EnrollmentAccepted(enrollment_id=e, asn_id=a, run_id=r, agency_code=AGENCY)
            for e, a, r in seats(count, start)
        ]
    )


def completed(count: int, start: int = 0) -> list[Message]:
    """Trainings completed."""
    return records(completions(count, start))


def completions(count: int, start: int = 0) -> list[Event]:
    """Trainings completed, as facts."""
    today = clock.today()
    return [
        TrainingCompleted(
            enrollment_id=e, asn_id=a, run_id=r, agency_code=AGENCY, jp=20, completed_on=today, jp_in_year=20
        )
        for e, a, r in seats(count, start)
    ]


def records(events: Sequence[Event], publisher: str = "") -> list[Message]:
    """Events as their producer would write them."""
    now = clock.now()
    return [message_of(e.travelled(_envelope(e, now, publisher)), offset=n) for n, e in enumerate(events)]


def _envelope(event: Event, now: datetime, publisher: str) -> Envelope:
    return Envelope(
        id=str(new_id()),
        source=publisher or "bench",
        type=event.type,
        time=now,
        subject=event.key,
        version=1,
        publisher=publisher,
    )


def nip(number: int) -> str:
    """A plausible NIP of a PNS by number."""
    return f"1987{number // 900 + 1:02d}032010011{number % 900 + 1:03d}"


def requested(count: int, start: int = 0) -> list[Message]:
    """Seats asked for by the agency on its own topic."""
    pairs = _pairs(count, start)
    return records([EnrollmentRequested(nip=nip(p), run_code=f"PBJ-2026-{r:02d}") for p, r in pairs], AGENCY)


async def register(url: str) -> None:
    """Agency, people, programme and open runs, as commands record them."""
    start = clock.today() + timedelta(days=14)
    engine = create_engine(url)
    async with sessions(engine)() as session, session.begin():
        await record_agencies(session, [AgencyRow(code=AGENCY, name="Pemerintah Kota Jambi")])
        rows = [
            AsnRow(id=person(n), nip=nip(n), name=f"Pegawai {n}", agency_code=AGENCY) for n in range(PEOPLE)
        ]
        for first in range(0, PEOPLE, 1000):
            await record_asn(session, rows[first : first + 1000])
        await record_programmes(session, [ProgrammeRow(code="PBJ", name="Pengadaan Barang/Jasa", jp=40)])
        await announce_runs(session, [_open_run(n, start) for n in range(RUNS)])
    await engine.dispose()


def _open_run(number: int, start: date) -> RunRow:
    return RunRow(
        code=f"PBJ-2026-{number:02d}",
        programme="PBJ",
        organiser=AGENCY,
        open_to=[AGENCY],
        starts_on=start,
        ends_on=start + timedelta(days=4),
        seats=100_000,
    )


SCENARIOS = (
    Scenario(enrollment.app.service, requested, register),
    Scenario(assessment.app.service, accepted),
    Scenario(evaluation.app.service, completed),
    Scenario(notification.app.service, accepted),
)

LATENCY = Latency(enrollment.app.service, evaluation.app.service, lambda: [*people(), *runs()], completions)
