"""A training announced to a million ASN whom it fits, until every notice is recorded.

The notification service runs as its own process over the real topic; the baseline is one bare INSERT … SELECT of the
very rows that it left, into tables with the same indexes.
"""

import asyncio
import time
from datetime import timedelta
from typing import Any

import notification.app
from bina.events.enrollment import CompetencyTarget, TrainingAnnounced
from bina.messaging import clock, new_id

from .figures import Figure, figure, say
from .parts import Parts, connect
from .parts import parts as start_parts
from .running import running
from .scenarios import AGENCY, records

PEOPLE = 1_000_000
AGENCIES = 20
LIMIT_SECONDS = 600
LOOK_SECONDS = 0.25

# Every second person is fit by a gap that the run closes, the rest by their job; each has two gaps besides.
_PEOPLE = """INSERT INTO people (asn_id, name, employment, agency_code, unit_path, position, job_level, known_at)
    SELECT uuidv7(), 'Pegawai ' || n, 'PNS', lpad((n % $2)::text, 4, '0'), '{}', 'Analis Kepegawaian',
        'Ahli Muda', now() - interval '1 day'
    FROM generate_series(1, $1) AS n"""
_GAPS = """INSERT INTO gaps (asn_id, competency_code, level, standard, known_at)
    SELECT asn_id, code, 1, 3, known_at FROM (SELECT *, row_number() OVER () AS n FROM people) AS p,
        unnest(CASE WHEN n % 2 = 0 THEN '{M1,T2,T3}'::text[] ELSE '{T2,T3}'::text[] END) AS code"""
# Who has no address is looked for again and again by the courier, beside the fan-out: everybody has one.
_CONTACTS = (
    "INSERT INTO contacts (asn_id, email, language) SELECT asn_id, asn_id || '@example.id', 'id' FROM people"
)
_NOTICES = "notice_id, event_id, correlation_id, recipient_id, kind, run_id, about_id, details, occurred_at, send_before"
_DELIVERIES = "notice_id, channel, recipient_id, send_before, rank"


async def measure(runs: int, people: int = PEOPLE) -> list[Figure]:
    """Seconds from the announcement on the topic to the last notice, and the service's memory meanwhile.

    Each run has a broker of its own: what an earlier one announced would be told once more.
    """
    seconds, bare, memory = [], [], []
    for number in range(runs):
        async with start_parts() as parts:
            url = await _filled(parts, people)
            taken, peak = await _announce(parts, url, people)
            bare.append(await _bare(parts, url))
        seconds.append(taken)
        memory.append(peak)
        say(f"audience run {number + 1}: {taken:.1f} s, {peak:.0f} MiB, bare {bare[-1]:.1f} s")
    note = f"{people:,} notices and planned e-mails; bare INSERT … SELECT of the same rows"
    return [
        figure("audience.seconds", seconds, "s", bare, note),
        figure("audience.memory", memory, "MiB", [300.0], "peak PSS; baseline is the target"),
    ]


async def _filled(parts: Parts, people: int) -> str:
    url = await parts.database(notification.app.service)
    connection = await connect(parts.postgres.migration_url(url))
    await connection.execute(_PEOPLE, people, AGENCIES, timeout=300)
    await connection.execute(_GAPS, timeout=300)
    await connection.execute(_CONTACTS, timeout=300)
    await connection.execute("VACUUM ANALYZE people, gaps, contacts", timeout=300)
    await connection.close()
    superuser = await parts.postgres.connect()
    await superuser.execute("CHECKPOINT")
    await superuser.close()
    return url


async def _announce(parts: Parts, url: str, people: int) -> tuple[float, float]:
    connection = await connect(url)
    async with running("notification", url, parts.kafka.cluster) as service:
        started = time.perf_counter()
        await parts.produce(records([_run()]))
        async with asyncio.timeout(LIMIT_SECONDS):
            while await connection.fetchval(_COUNT) < people:  # noqa: ASYNC110 - the database alone knows
                await asyncio.sleep(LOOK_SECONDS)
        seconds = time.perf_counter() - started
    told = await connection.fetchval("SELECT count(*) FROM notices")
    assert told == people, f"{told} notices instead of {people}"
    await connection.close()
    return seconds, service.peak


# Counting a million rows four times a second would be part of what is measured; the fan-out's own place is not.
_COUNT = """SELECT CASE WHEN EXISTS (SELECT FROM messaging.due WHERE kind = 'notices.announce') THEN 0
    ELSE (SELECT count(*) FROM notices) END"""


def _run() -> TrainingAnnounced:
    start = clock.today() + timedelta(days=30)
    return TrainingAnnounced(
        run_id=new_id(),
        run_code="BENCH-1",
        programme_code="BENCH",
        programme_name="Pelatihan Pengukuran",
        organiser=AGENCY,
        open_to=tuple(f"{n:04d}" for n in range(AGENCIES)),
        job_levels=("Ahli Muda",),
        competencies=(CompetencyTarget(code="M1", level=2),),
        jp=20,
        starts_on=start,
        ends_on=start + timedelta(days=4),
        seats=1000,
    )


async def _bare(parts: Parts, url: str) -> float:
    """The same rows once more, in the order of their writing, into empty tables with the same indexes."""
    connection = await connect(parts.postgres.migration_url(url))
    for table in ("notices", "deliveries"):
        await connection.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
    started = time.perf_counter()
    async with connection.transaction():
        await _copy(connection, "notices", _NOTICES)
        await _copy(connection, "deliveries", _DELIVERIES)
    seconds = time.perf_counter() - started
    await connection.close()
    return seconds


async def _copy(connection: Any, table: str, columns: str) -> None:
    await connection.execute(
        f"INSERT INTO bare_{table} ({columns}) SELECT {columns} FROM {table}", timeout=LIMIT_SECONDS
    )
