"""ASN and their contacts."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns
from bina.web.permissions import Reach
from enrollment.register.domain import Asn, Contact, PersonKey
from enrollment.register.store.numbers import EARLIER
from enrollment.scope import PEOPLE

_ADD = text(
    """INSERT INTO asn (asn_id, nip, name, employment, agency_code, unit_id, position, position_type, job_level,
        grade, gender, supervisor_id, started_on, left_on, contract_ends_on, left_reason, appointment)
    SELECT * FROM unnest(CAST(:asn_id AS uuid[]), CAST(:nip AS text[]), CAST(:name AS text[]),
        CAST(:employment AS text[]), CAST(:agency_code AS text[]), CAST(:unit_id AS uuid[]),
        CAST(:position AS text[]), CAST(:position_type AS text[]), CAST(:job_level AS text[]),
        CAST(:grade AS text[]), CAST(:gender AS text[]), CAST(:supervisor_id AS uuid[]),
        CAST(:started_on AS date[]), CAST(:left_on AS date[]), CAST(:contract_ends_on AS date[]),
        CAST(:left_reason AS text[]), CAST(:appointment AS text[])) ORDER BY 1
    ON CONFLICT (asn_id) DO UPDATE SET nip = excluded.nip, name = excluded.name,
        employment = excluded.employment, agency_code = excluded.agency_code, unit_id = excluded.unit_id,
        position = excluded.position, position_type = excluded.position_type, job_level = excluded.job_level,
        grade = excluded.grade, gender = excluded.gender, supervisor_id = excluded.supervisor_id,
        started_on = excluded.started_on, left_on = excluded.left_on,
        contract_ends_on = excluded.contract_ends_on, left_reason = excluded.left_reason,
        appointment = excluded.appointment, recorded_at = now()
    WHERE (asn.nip, asn.name, asn.employment, asn.agency_code, asn.unit_id, asn.position, asn.position_type,
            asn.job_level, asn.grade, asn.gender, asn.supervisor_id, asn.started_on, asn.left_on, asn.contract_ends_on,
            asn.left_reason, asn.appointment)
        IS DISTINCT FROM (excluded.nip, excluded.name, excluded.employment, excluded.agency_code,
            excluded.unit_id, excluded.position, excluded.position_type, excluded.job_level, excluded.grade,
            excluded.gender, excluded.supervisor_id, excluded.started_on, excluded.left_on,
            excluded.contract_ends_on, excluded.left_reason, excluded.appointment)
    RETURNING asn_id"""
)
_NAMES = (
    "asn_id",
    "nip",
    "name",
    "employment",
    "agency_code",
    "unit_id",
    "position",
    "position_type",
    "job_level",
    "grade",
    "gender",
    "supervisor_id",
    "started_on",
    "left_on",
    "contract_ends_on",
    "left_reason",
    "appointment",
)
_ADD_CONTACTS = text(
    """INSERT INTO contacts (asn_id, email, phone, language)
    SELECT * FROM unnest(CAST(:asn_id AS uuid[]), CAST(:email AS text[]), CAST(:phone AS text[]),
        CAST(:language AS text[])) ORDER BY 1
    ON CONFLICT (asn_id) DO UPDATE SET email = excluded.email, phone = excluded.phone,
        language = excluded.language, recorded_at = now()
    WHERE (contacts.email, contacts.phone, contacts.language)
        IS DISTINCT FROM (excluded.email, excluded.phone, excluded.language)
    RETURNING asn_id"""
)
_SELECT = """SELECT asn.asn_id, asn.nip, asn.name, asn.employment, asn.agency_code, asn.unit_id, asn.position,
    asn.position_type, asn.job_level, asn.grade, asn.gender, asn.supervisor_id, asn.started_on, asn.left_on, asn.contract_ends_on,
    asn.left_reason, asn.appointment, coalesce(units.name, '') AS unit_name, coalesce(units.path, '{}') AS unit_path
    FROM asn LEFT JOIN units USING (unit_id)"""
_LOAD = text(f"{_SELECT} WHERE asn_id = ANY (CAST(:ids AS uuid[])) ORDER BY asn_id")
# Who is about to be recorded: what their rows leave out stays as it is, so nobody changes it meanwhile.
_TAKE = text(f"{_SELECT} WHERE asn_id = ANY (CAST(:ids AS uuid[])) ORDER BY asn_id FOR NO KEY UPDATE OF asn")
_CONTACTS = text(
    """SELECT asn_id, email, phone, language FROM contacts
    WHERE asn_id = ANY (CAST(:ids AS uuid[])) ORDER BY asn_id"""
)
# Locked, so that no older state is told after a newer one, nor anybody after their erasure.
_OF_UNITS = text(f"{_SELECT} WHERE units.path && CAST(:ids AS uuid[]) ORDER BY asn_id FOR SHARE OF asn")
_LOCK = text("SELECT asn_id FROM asn WHERE asn_id = ANY (CAST(:ids AS uuid[])) ORDER BY asn_id FOR UPDATE")
_WITH_ROLES = text("SELECT DISTINCT asn_id FROM role_grants WHERE asn_id = ANY (CAST(:ids AS uuid[]))")
_HOLD = text("SELECT asn_id FROM asn WHERE asn_id = ANY (CAST(:ids AS uuid[])) ORDER BY asn_id FOR KEY SHARE")
_FREE = text("UPDATE asn SET supervisor_id = NULL WHERE supervisor_id = :id RETURNING asn_id")
_FREE_IN = text(
    """UPDATE asn SET supervisor_id = NULL, recorded_at = now() WHERE asn_id = ANY (ARRAY(
        SELECT asn_id FROM asn WHERE supervisor_id = :id AND agency_code = :agency ORDER BY asn_id FOR NO KEY UPDATE))
    RETURNING asn_id"""
)
_PERSONAL = (
    "asn",
    "contacts",
    "role_grants",
    "recommendations",
    "competency_levels",
    "data_requests",
    "hand_edits",
    "calendar_links",
    "jp_credits",
    "placements",
    "approvals",
    "earlier_nips",
    "transfers",
)
_REMOVED = (
    "asn",
    "contacts",
    "hand_edits",
    "recommendations",
    "competency_levels",
    "data_requests",
    "calendar_links",
    "placements",
    "approvals",
    "different_people",
    "earlier_nips",
    "transfers",
)
_EMPTIED = (
    # Reasons of results are the rules' own words, as are those of seats that nobody gave back.
    text(
        """UPDATE enrolments SET reason = '' WHERE asn_id = :id AND state = 'withdrawn'
        AND reason NOT IN ('', 'import.undone', 'run.concluded')"""
    ),
    text("UPDATE speakers SET name = '–', expertise = '', contact = '', asn_id = NULL WHERE asn_id = :id"),
    text("UPDATE jp_entries SET reason = '' WHERE asn_id = :id AND reason <> ''"),
    text(
        """UPDATE certificates SET reason = '' WHERE reason <> '' AND enrollment_id IN (
            SELECT enrollment_id FROM enrolments WHERE asn_id = :id)"""
    ),
    text(
        """UPDATE attendance SET device = '', note = '' WHERE enrollment_id IN (
            SELECT enrollment_id FROM enrolments WHERE asn_id = :id)"""
    ),
    text(
        """UPDATE reports SET content = '' WHERE enrollment_id IN (
            SELECT enrollment_id FROM enrolments WHERE asn_id = :id)"""
    ),
    text("DELETE FROM different_people WHERE asn_id = :id OR other_id = :id"),
    text("UPDATE run_sessions SET trainer_id = NULL WHERE trainer_id = :id"),
)
_TRAINED = text("SELECT max(completed_on) FROM enrolments WHERE asn_id = :id AND state = 'completed'")
_PAGE = text(
    f"""{_SELECT} WHERE {PEOPLE} AND (CAST(:employer AS text) IS NULL OR asn.agency_code = :employer)
    AND (CAST(:nip AS text) IS NULL OR asn.nip = :nip OR asn.asn_id IN (SELECT e.asn_id {EARLIER} AND e.nip = :nip))
    AND (CAST(:after AS uuid) IS NULL OR asn_id > CAST(:after AS uuid)) ORDER BY asn_id LIMIT :limit"""
)
_BY_HAND = text(
    """INSERT INTO hand_edits (asn_id, field)
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:fields AS text[])) ORDER BY 1, 2 ON CONFLICT DO NOTHING"""
)
_NOT_BY_HAND = text(
    """DELETE FROM hand_edits AS h USING unnest(CAST(:ids AS uuid[]), CAST(:fields AS text[])) AS n (asn_id, field)
    WHERE h.asn_id = n.asn_id AND h.field = n.field"""
)
_KEYS = text(
    f"""SELECT nip, asn_id, agency_code, employment, started_on FROM asn WHERE nip = ANY (CAST(:nips AS text[]))
    UNION ALL SELECT e.nip, asn.asn_id, asn.agency_code, asn.employment, asn.started_on {EARLIER}
        AND e.nip = ANY (CAST(:nips AS text[]))"""  # noqa: S608 - fixed parts
)
_TAKEN = text(
    """SELECT asn.nip FROM asn JOIN unnest(CAST(:nips AS text[]), CAST(:ids AS uuid[])) AS n (nip, asn_id)
    ON n.nip = asn.nip AND n.asn_id <> asn.asn_id WHERE asn.asn_id <> ALL (CAST(:ids AS uuid[]))"""
)


async def add_people(session: AsyncSession, people: Iterable[Asn]) -> list[UUID]:
    """Record people; returns those who are new or changed, sorted."""
    changed = await session.scalars(_ADD, columns(people, *_NAMES))
    return sorted(changed)


async def add_contacts(session: AsyncSession, contacts: Sequence[Contact]) -> list[Contact]:
    """Record contacts; returns those that are new or changed, sorted by person."""
    found = await session.scalars(_ADD_CONTACTS, columns(contacts, "asn_id", "email", "phone", "language"))
    changed = set(found)
    return sorted((c for c in contacts if c.asn_id in changed), key=lambda c: c.asn_id)


async def load_people(session: AsyncSession, ids: Iterable[UUID]) -> list[Asn]:
    """People with their units' names and paths, sorted by id; unknown ids are left out."""
    return [_asn(row) for row in await session.execute(_LOAD, {"ids": list(ids)})]


async def take_people(session: AsyncSession, ids: Iterable[UUID]) -> list[Asn]:
    """People as `load_people` has them, whom nobody else records until this transaction ends."""
    return [_asn(row) for row in await session.execute(_TAKE, {"ids": sorted(set(ids))})]


async def load_contacts(session: AsyncSession, ids: Iterable[UUID]) -> list[Contact]:
    """Contacts of people, sorted by id; unknown ids are left out."""
    return [Contact(*row) for row in await session.execute(_CONTACTS, {"ids": list(ids)})]


async def people_of_units(session: AsyncSession, unit_ids: Iterable[UUID]) -> list[Asn]:
    """Everyone in units or below them, sorted by id."""
    return [_asn(row) for row in await session.execute(_OF_UNITS, {"ids": list(unit_ids)})]


async def page_of_people(
    session: AsyncSession,
    reach: Reach,
    *,
    employer: str | None,
    nip: str | None,
    after: UUID | None,
    limit: int,
) -> list[Asn]:
    """People within reach after an id, sorted by id; of one agency or one NIP only, if given."""
    values = {
        **reach.parameters,
        "employer": employer,
        "nip": nip,
        "after": after,
        "limit": limit,
    }
    return [_asn(row) for row in await session.execute(_PAGE, values)]


async def load_keys(session: AsyncSession, nips: Iterable[str]) -> dict[str, PersonKey]:
    """People by the NIP that they have, or had before, as far as registered."""
    rows = await session.execute(_KEYS, {"nips": sorted(set(nips))})
    return {row.nip: PersonKey(*row) for row in rows}


async def find_people(session: AsyncSession, nips: Iterable[str]) -> dict[str, UUID]:
    """Ids by the NIP that people have, or had before, as far as registered."""
    return {nip: key.asn_id for nip, key in (await load_keys(session, nips)).items()}


async def taken_nips(session: AsyncSession, people: Sequence[Asn]) -> set[str]:
    """NIPs among these that belong to somebody else who is not among these."""
    rows = await session.scalars(_TAKEN, {"nips": [p.nip for p in people], "ids": [p.asn_id for p in people]})
    return set(rows)


async def mark_by_hand(session: AsyncSession, edits: Sequence[tuple[UUID, str]]) -> None:
    """Remember which fields of whom somebody corrected by hand."""
    if edits:
        await session.execute(_BY_HAND, {"ids": [e[0] for e in edits], "fields": [e[1] for e in edits]})


async def unmark_by_hand(session: AsyncSession, edits: Sequence[tuple[UUID, str]]) -> None:
    """What was corrected by hand is overwritten on purpose."""
    if edits:
        await session.execute(_NOT_BY_HAND, {"ids": [e[0] for e in edits], "fields": [e[1] for e in edits]})


async def remove_people(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Take out the records and contacts of people whom nothing depends on."""
    for table in _REMOVED:
        sql = f"DELETE FROM {table} WHERE asn_id = ANY (CAST(:ids AS uuid[]))"  # noqa: S608 - fixed names
        await session.execute(text(sql), {"ids": list(ids)})
    await session.execute(
        text("DELETE FROM different_people WHERE other_id = ANY (CAST(:ids AS uuid[]))"), {"ids": list(ids)}
    )


async def hold_people(session: AsyncSession, ids: Iterable[UUID]) -> set[UUID]:
    """Let none of these people be erased until this transaction ends; returns those that are registered."""
    return set(await session.scalars(_HOLD, {"ids": sorted(set(ids))}))


async def lock_people(session: AsyncSession, ids: Iterable[UUID]) -> set[UUID]:
    """What these people may do is about to change: nobody opens a session of theirs meanwhile; gives those registered."""
    return set(await session.scalars(_LOCK, {"ids": sorted(set(ids))}))


async def last_trained_on(session: AsyncSession, asn_id: UUID) -> date | None:
    """When a person last completed a training."""
    found: date | None = await session.scalar(_TRAINED, {"id": asn_id})
    return found


async def with_roles(session: AsyncSession, ids: Iterable[UUID]) -> set[UUID]:
    """Those of these people who hold a role."""
    return set(await session.scalars(_WITH_ROLES, {"ids": sorted(set(ids))}))


async def free_led(session: AsyncSession, asn_id: UUID, agency: str) -> list[UUID]:
    """Let a person lead nobody in an agency; returns whom they led there, sorted."""
    return sorted(await session.scalars(_FREE_IN, {"id": asn_id, "agency": agency}))


async def erase(session: AsyncSession, asn_id: UUID) -> list[UUID]:
    """Forget a person: record, contact, roles, recommendations, requests, certificates handed in; returns whom they supervised.

    Enrolments and the ledger keep only the opaque id, and no words of anybody's; of attendance is kept that somebody
    came. The record goes first: whoever writes of the person holds it.
    """
    for table in _PERSONAL:
        await session.execute(text(f"DELETE FROM {table} WHERE asn_id = :id"), {"id": asn_id})  # noqa: S608 - fixed names
    for statement in _EMPTIED:
        await session.execute(statement, {"id": asn_id})
    return sorted(await session.scalars(_FREE, {"id": asn_id}))


def _asn(row: Any) -> Asn:
    values = row._asdict()
    return Asn(**{**values, "unit_path": tuple(values["unit_path"])})
