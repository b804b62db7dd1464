"""How an audience is looked up: the ids of its notices, levels named twice, and no more people read than a page has."""

import json
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import text

from bina.events.enrollment import CompetencyTarget
from bina.messaging.database import create_engine, sessions
from bina.messaging.testing import ServiceUnderTest
from bina_local.databases import DatabaseServer
from notification.notices.store import notices as store

from . import story as facts
from .reading import told
from .story import at
from .test_announcements import SOON

CHUNK = 1000
_PEOPLE = """INSERT INTO people (asn_id, name, employment, agency_code, unit_path, position, job_level, known_at)
    SELECT uuidv7(), 'Pegawai', 'PNS', '5571', '{}', 'Analis', 'Pelaksana', '2026-01-01' FROM generate_series(1, 10000)"""
_GAPS = """INSERT INTO gaps (asn_id, competency_code, level, standard, known_at)
    SELECT asn_id, 'M7', 1, 3, known_at FROM people"""


async def test_of_a_competency_named_twice_the_higher_level_counts(notification: ServiceUnderTest):
    person = facts.person(level="Pelaksana")
    twice = (CompetencyTarget(code="M7", level=1), CompetencyTarget(code="M7", level=3))
    await notification.receives(
        at(person), at(facts.profile(person.asn_id, "M7", 2, 4)), at(facts.run(competencies=twice))
    )
    await notification.does_due_work(SOON)
    assert await told(notification) == {(str(person.asn_id), "training_announced_gap")}


async def test_a_notices_id_is_the_hash_of_cause_person_and_template(notification: ServiceUnderTest):
    person, training = facts.person(), facts.run()
    await notification.receives(at(person), at(training))
    await notification.does_due_work(SOON)
    [row] = await notification.rows("SELECT notice_id, event_id FROM notices")
    assert row.notice_id == _version_8(f"{row.event_id}/{person.asn_id}/training_announced")


async def test_a_page_of_an_audience_reads_the_people_of_that_page_alone(
    notification: ServiceUnderTest, postgres: DatabaseServer
):
    training = facts.run()
    await notification.receives(at(training))
    own = postgres.migration_url(notification.engine.url.render_as_string(hide_password=False))
    owner = create_engine(own, kept=1)  # whoever owns a table may have it analyzed
    async with sessions(owner)() as session:
        for statement in (_PEOPLE, _GAPS, "ANALYZE people, gaps"):
            await session.execute(text(statement))
        asked = {"run_id": training.run_id, "agency": "", "asn": UUID(int=0), "chunk": CHUNK}
        plan = await session.scalar(
            text(f"EXPLAIN (ANALYZE, FORMAT JSON) {store._ANNOUNCE_TO_PAGE.text}"),
            {**asked, "limit": store._announced_limit()},
        )
    await owner.dispose()
    read = _rows_read(json.loads(plan) if isinstance(plan, str) else plan)
    assert read["people"] <= 2 * CHUNK
    assert read["gaps"] <= 2 * CHUNK


def _version_8(named: str) -> UUID:
    """UUIDv8 of SHA-256, as RFC 9562 lays the bits."""
    raw = bytearray(sha256(named.encode()).digest()[:16])
    raw[6], raw[8] = raw[6] & 15 | 128, raw[8] & 63 | 128
    return UUID(bytes=bytes(raw))


def _rows_read(node: Any) -> dict[str, float]:
    """Rows that a plan read of each table, all its loops together."""
    found: dict[str, float] = {}
    for part in node if isinstance(node, list) else [node]:
        if "Relation Name" in part and "Actual Rows" in part:
            rows = part["Actual Rows"] * part["Actual Loops"]
            found[part["Relation Name"]] = found.get(part["Relation Name"], 0) + rows
        for inner in [*part.get("Plans", []), *([part["Plan"]] if "Plan" in part else [])]:
            for name, rows in _rows_read(inner).items():
                found[name] = found.get(name, 0) + rows
    return found
