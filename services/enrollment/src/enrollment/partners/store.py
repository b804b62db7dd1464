"""Tables of partners and speakers, and what runs and sessions say of them."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.tables import Query, literal
from enrollment.partners.domain import Given, Partner, Speaker

_PARTNER = "partner_id, name, kind, region, accreditation, contact, recorded_by"
_SPEAKER = "speaker_id, name, expertise, region, contact, partner_id, asn_id, recorded_by"
_SAVE_PARTNER = text(
    f"""INSERT INTO partners ({_PARTNER})
    VALUES (:partner_id, :name, :kind, :region, :accreditation, :contact, :recorded_by)
    ON CONFLICT (partner_id) DO UPDATE SET name = excluded.name, kind = excluded.kind, region = excluded.region,
        accreditation = excluded.accreditation, contact = excluded.contact, recorded_at = now()"""  # noqa: S608 - fixed names
)
_SAVE_SPEAKER = text(
    f"""INSERT INTO speakers ({_SPEAKER})
    VALUES (:speaker_id, :name, :expertise, :region, :contact, :partner_id, :asn_id, :recorded_by)
    ON CONFLICT (speaker_id) DO UPDATE SET name = excluded.name, expertise = excluded.expertise,
        region = excluded.region, contact = excluded.contact, partner_id = excluded.partner_id,
        asn_id = excluded.asn_id, recorded_at = now()"""  # noqa: S608 - fixed names
)
_PARTNERS = text(f"SELECT {_PARTNER} FROM partners WHERE partner_id = ANY (CAST(:ids AS uuid[]))")  # noqa: S608 - fixed names
_SPEAKERS = text(f"SELECT {_SPEAKER} FROM speakers WHERE speaker_id = ANY (CAST(:ids AS uuid[]))")  # noqa: S608 - fixed names
_LOCK = text("SELECT 1 FROM speakers WHERE speaker_id = :id FOR UPDATE")
_FREE = text("UPDATE run_sessions SET speaker_id = NULL WHERE speaker_id = :id")
_REMOVE = text("DELETE FROM speakers WHERE speaker_id = :id")
_CHOICES = {
    "partners": text("SELECT partner_id AS id, name FROM partners ORDER BY name, partner_id LIMIT :most"),
    "speakers": text("SELECT speaker_id AS id, name FROM speakers ORDER BY name, speaker_id LIMIT :most"),
}
# Of a partner: runs it gives, and sessions at which its speakers speak. Whoever took part counts once a run.
_GIVEN = """LEFT JOIN LATERAL (SELECT count(DISTINCT run_id) AS runs, count(session_id) AS sessions,
        coalesce((SELECT sum(s.taken) FROM run_seats AS s WHERE s.run_id = ANY (array_agg(DISTINCT g.run_id))), 0)
            AS participants FROM ({given}) AS g) AS given ON true"""
_OF_PARTNER = """SELECT r.run_id, NULL::uuid AS session_id FROM runs AS r
        WHERE r.partner_id = p.partner_id AND r.status <> 'cancelled'
    UNION ALL SELECT m.run_id, m.session_id FROM run_sessions AS m JOIN speakers AS k USING (speaker_id)
        JOIN runs AS r USING (run_id) WHERE k.partner_id = p.partner_id AND r.status <> 'cancelled'"""
_OF_SPEAKER = """SELECT m.run_id, m.session_id FROM run_sessions AS m JOIN runs AS r USING (run_id)
        WHERE m.speaker_id = p.speaker_id AND r.status <> 'cancelled'"""
_WORDS = "CAST(:words AS text) IS NULL OR p.name ILIKE :words OR p.region ILIKE :words"
_LIST_PARTNERS = (
    f"""SELECT p.*, given.* FROM partners AS p {_GIVEN.format(given=_OF_PARTNER)} WHERE ({_WORDS})"""  # noqa: S608 - fixed parts
)
_LIST_SPEAKERS = f"""SELECT p.*, coalesce(i.name, '') AS institution, given.* FROM speakers AS p
    LEFT JOIN partners AS i USING (partner_id) {_GIVEN.format(given=_OF_SPEAKER)} WHERE ({_WORDS})"""  # noqa: S608 - fixed parts
_RUNS = """SELECT DISTINCT r.run_code, n.name, r.starts_on, s.taken FROM ({given}) AS g JOIN runs AS r USING (run_id)
    JOIN run_programmes AS n USING (run_id) JOIN run_seats AS s USING (run_id)
    ORDER BY r.starts_on DESC, r.run_code LIMIT 100"""
_RUNS_OF = {
    "partners": text(_RUNS.format(given=_OF_PARTNER.replace("p.partner_id", ":id"))),
    "speakers": text(_RUNS.format(given=_OF_SPEAKER.replace("p.speaker_id", ":id"))),
}
MOST = 1000
"""Partners or speakers that a form offers."""


class ListedPartner(NamedTuple):
    """A partner with what it gave."""

    partner: Partner
    given: Given


class ListedSpeaker(NamedTuple):
    """A speaker with what they gave, and whose they are."""

    speaker: Speaker
    institution: str
    given: Given


class GivenRun(NamedTuple):
    """A run that somebody gave, or spoke at."""

    code: str
    name: str
    starts_on: Any
    participants: int


async def save_partner(session: AsyncSession, partner: Partner) -> None:
    """Keep a partner as it now stands; who recorded it stays."""
    await session.execute(_SAVE_PARTNER, asdict(partner))


async def save_speaker(session: AsyncSession, speaker: Speaker) -> None:
    """Keep a speaker as they now stand; who recorded them stays."""
    await session.execute(_SAVE_SPEAKER, asdict(speaker))


async def load_partners(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Partner]:
    """Partners by id; unknown ones are left out."""
    rows = await session.execute(_PARTNERS, {"ids": sorted(set(ids))})
    return {row.partner_id: _partner(row) for row in rows}


async def load_speakers(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Speaker]:
    """Speakers by id; unknown ones are left out."""
    rows = await session.execute(_SPEAKERS, {"ids": sorted(set(ids))})
    return {row.speaker_id: _speaker(row) for row in rows}


async def remove_speaker(session: AsyncSession, speaker_id: UUID) -> None:
    """Forget a speaker; their sessions stay without them."""
    await session.execute(_LOCK, {"id": speaker_id})
    await session.execute(_FREE, {"id": speaker_id})
    await session.execute(_REMOVE, {"id": speaker_id})


async def load_choices(session: AsyncSession, table: str) -> list[tuple[UUID, str]]:
    """`partners` or `speakers` by name, to choose from."""
    return [(row.id, row.name) for row in await session.execute(_CHOICES[table], {"most": MOST})]


async def load_speakers_to_note(session: AsyncSession) -> list[UUID]:
    """Civil servants among the speakers that a form offers: whoever sees it reads their names."""
    rows = await session.scalars(
        text("SELECT asn_id FROM speakers WHERE asn_id IS NOT NULL ORDER BY name, speaker_id LIMIT :most"),
        {"most": MOST},
    )
    return list(rows)


async def load_runs_given(session: AsyncSession, table: str, id_: UUID) -> list[GivenRun]:
    """The latest runs that one of the `partners` or `speakers` gave."""
    rows = await session.execute(_RUNS_OF[table], {"id": id_})
    return [GivenRun(row.run_code, row.name, row.starts_on, row.taken) for row in rows]


def partners_found(words: str) -> Query[ListedPartner]:
    """Partners in an order to be asked for, by words of name and region."""
    return Query(_LIST_PARTNERS, _searched(words), lambda row: ListedPartner(_partner(row), _given(row)))


def speakers_found(words: str) -> Query[ListedSpeaker]:
    """Speakers likewise."""
    return Query(
        _LIST_SPEAKERS,
        _searched(words),
        lambda row: ListedSpeaker(_speaker(row), row.institution, _given(row)),
    )


def _searched(words: str) -> dict[str, Any]:
    return {"words": f"%{literal(words)}%" if words else None}


def _partner(row: Any) -> Partner:
    return Partner(**{name: getattr(row, name) for name in _PARTNER.split(", ")})


def _speaker(row: Any) -> Speaker:
    return Speaker(**{name: getattr(row, name) for name in _SPEAKER.split(", ")})


def _given(row: Any) -> Given:
    return Given(row.runs, row.sessions, int(row.participants))
