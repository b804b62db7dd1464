"""Copies of who people are and where their gaps lie."""

import json
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.assessment import CompetencyProfileChanged
from bina.events.enrollment import AsnRecorded
from bina.web.permissions import Reach
from notification.scope import PEOPLE

_PUT_PEOPLE = text(
    """INSERT INTO people (asn_id, name, employment, agency_code, unit_path, position, job_level, supervisor_id,
        appointment, known_at)
    SELECT asn_id, name, employment, agency_code, unit_path, position, job_level, supervisor_id, appointment,
        known_at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n (asn_id uuid, name text, employment text,
        agency_code text, unit_path uuid[], position text, job_level text, supervisor_id uuid,
        appointment text, known_at timestamptz)
    ORDER BY asn_id
    ON CONFLICT (asn_id) DO UPDATE SET name = excluded.name, employment = excluded.employment,
        agency_code = excluded.agency_code, unit_path = excluded.unit_path, position = excluded.position,
        job_level = excluded.job_level, supervisor_id = excluded.supervisor_id,
        appointment = excluded.appointment, known_at = excluded.known_at"""
)
_FORGET_PEOPLE = text("DELETE FROM people WHERE asn_id = ANY (CAST(:ids AS uuid[]))")
_IN_SCOPE = text(
    f"""SELECT EXISTS (SELECT FROM people p WHERE p.asn_id = :asn_id AND {PEOPLE})"""  # noqa: S608 - constants only
)
_CLEAR_GAPS = text("DELETE FROM gaps WHERE asn_id = ANY (CAST(:ids AS uuid[]))")
_PUT_GAPS = text(
    """INSERT INTO gaps (asn_id, competency_code, level, standard, known_at)
    SELECT * FROM unnest(CAST(:asn_id AS uuid[]), CAST(:code AS text[]), CAST(:level AS smallint[]),
        CAST(:standard AS smallint[]), CAST(:known_at AS timestamptz[])) ORDER BY 1, 2
    ON CONFLICT (asn_id, competency_code) DO UPDATE SET level = excluded.level, standard = excluded.standard,
        known_at = excluded.known_at"""
)


async def put_people(session: AsyncSession, people: Iterable[AsnRecorded]) -> None:
    """Keep the newest state of people."""
    rows = [
        {
            **person.model_dump(
                mode="json",
                include={
                    "asn_id", "name", "employment", "agency_code", "unit_path", "position", "job_level",
                    "supervisor_id", "appointment",
                },
            ),
            "known_at": person.time.isoformat(),
        }
        for person in people
    ]  # fmt: skip
    await session.execute(_PUT_PEOPLE, {"rows": json.dumps(rows)})


async def forget_people(session: AsyncSession, asn_ids: Sequence[UUID]) -> None:
    """Erase who people are; notices keep their ids only."""
    await session.execute(_FORGET_PEOPLE, {"ids": list(asn_ids)})


async def is_in_scope(session: AsyncSession, asn_id: UUID, reach: Reach) -> bool:
    """Whether a person is one of those a member of staff may see; the platform sees everybody."""
    if reach.everything:
        return True
    return bool(await session.scalar(_IN_SCOPE, {"asn_id": asn_id, **reach.parameters}))


async def put_gaps(session: AsyncSession, profiles: Sequence[CompetencyProfileChanged]) -> None:
    """Replace people's gaps by those of their newest profile."""
    await session.execute(_CLEAR_GAPS, {"ids": sorted(p.asn_id for p in profiles)})
    found = [
        (p.asn_id, entry.code, entry.level, entry.standard, p.time)
        for p in profiles
        for entry in p.entries
        if entry.standard is not None and entry.standard > entry.level
    ]
    if found:
        names = ("asn_id", "code", "level", "standard", "known_at")
        await session.execute(_PUT_GAPS, dict(zip(names, map(list, zip(*found, strict=True)), strict=True)))
