"""Certificates and the facts that they say."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import columns
from bina.web.permissions import Reach
from bina.web.tables import Query
from enrollment.certificates.domain import ISSUE, Candidate, Certificate, Facts, State
from enrollment.scope import ENROLMENTS

NAMES = (
    "certificate_id",
    "code",
    "enrollment_id",
    "organiser",
    "number",
    "issued_on",
    "revision",
    "revoked_at",
    "reason",
    "signature",
    "signature_reference",
)
_SELECTED = ", ".join(f"c.{name}" for name in NAMES)
_ADD = text(
    """INSERT INTO certificates (certificate_id, code, enrollment_id, organiser, number, issued_on, revision, signature)
    SELECT * FROM unnest(CAST(:certificate_id AS uuid[]), CAST(:code AS text[]), CAST(:enrollment_id AS uuid[]),
        CAST(:organiser AS text[]), CAST(:number AS text[]), CAST(:issued_on AS date[]), CAST(:revision AS int[]),
        CAST(:signature AS text[]))"""
)
_REVOKE = text(
    """UPDATE certificates AS c SET revoked_at = :at, revision = fallen.revision, reason = fallen.reason, recorded_at = now()
    FROM unnest(CAST(:ids AS uuid[]), CAST(:revisions AS int[]), CAST(:reasons AS text[]))
        AS fallen (enrollment_id, revision, reason)
    WHERE c.enrollment_id = fallen.enrollment_id AND c.revoked_at IS NULL"""
)
_FACTS = f"""SELECT {_SELECTED}, e.asn_id, e.agency_code, coalesce(asn.name, '') AS name, coalesce(asn.nip, '') AS nip,
    coalesce(units.path, '{{}}') AS unit_path, employers.name AS employer, p.name AS programme, r.run_code,
    organisers.name AS organiser_name, r.starts_on, r.ends_on, r.location, e.completed_on, e.jp,
    e.revision AS revision_now
    FROM certificates AS c JOIN enrolments AS e USING (enrollment_id) JOIN runs AS r USING (run_id)
    JOIN run_programmes AS p USING (run_id)
    LEFT JOIN agencies AS employers ON employers.agency_code = e.agency_code
    LEFT JOIN agencies AS organisers ON organisers.agency_code = c.organiser
    LEFT JOIN asn ON asn.asn_id = e.asn_id LEFT JOIN units ON units.unit_id = asn.unit_id"""  # noqa: S608 - fixed names
_FIND = text(f"{_FACTS} WHERE c.code = :code")
_OF_RUN = text(
    f"""{_FACTS} WHERE e.run_id = :run AND c.revoked_at IS NULL AND asn.asn_id IS NOT NULL
    AND (CAST(:after AS uuid) IS NULL OR c.certificate_id > CAST(:after AS uuid))
    ORDER BY c.certificate_id LIMIT :limit"""
)
_PAGE = text(
    f"""SELECT {_SELECTED}, e.asn_id FROM certificates AS c JOIN enrolments AS e USING (enrollment_id)
    WHERE e.run_id = :run AND (CAST(:after AS uuid) IS NULL OR c.certificate_id > CAST(:after AS uuid))
    ORDER BY c.certificate_id LIMIT :limit"""  # noqa: S608 - fixed names
)
# What was revoked is not issued anew for the same result; whoever was erased gets none.
_STANDS = "(c.revoked_at IS NULL OR c.revision >= e.revision)"
_CANDIDATES = text(
    f"""SELECT e.enrollment_id, e.asn_id, e.certificate_number FROM enrolments AS e JOIN asn USING (asn_id)
    WHERE e.run_id = :run AND e.state = 'completed' AND NOT EXISTS (
        SELECT FROM certificates AS c WHERE c.enrollment_id = e.enrollment_id AND {_STANDS})
    ORDER BY e.completed_on, asn.name, e.enrollment_id LIMIT :limit"""  # noqa: S608 - fixed parts
)
_PROGRESS = text(
    f"""SELECT count(*) FILTER (WHERE valid OR NOT stands) AS passed, count(*) FILTER (WHERE valid) AS issued,
        EXISTS (SELECT FROM messaging.due WHERE kind = :kind AND key = CAST(CAST(:run AS uuid) AS text)) AS under_way
    FROM (SELECT coalesce(bool_or(c.revoked_at IS NULL) FILTER (WHERE c.code IS NOT NULL), false) AS valid,
            coalesce(bool_or({_STANDS}) FILTER (WHERE c.code IS NOT NULL), false) AS stands
        FROM enrolments AS e JOIN asn USING (asn_id) LEFT JOIN certificates AS c USING (enrollment_id)
        WHERE e.run_id = :run AND e.state = 'completed' GROUP BY e.enrollment_id) AS passed"""  # noqa: S608 - fixed parts
)
_BY_NUMBER = text(
    f"""SELECT {_SELECTED} FROM certificates AS c JOIN enrolments AS e USING (enrollment_id)
    WHERE e.run_id = :run AND c.revoked_at IS NULL AND (lower(c.number) = lower(:number) OR c.code = :code) LIMIT 2"""  # noqa: S608 - fixed names
)
_LISTED = f"""SELECT e.enrollment_id, e.asn_id, e.agency_code, e.completed_on, e.jp, asn.name AS person_name,
    coalesce(asn.nip, '') AS nip, coalesce(units.name, '') AS unit_name, coalesce(units.path, '{{}}') AS unit_path,
    coalesce(c.code, '') AS code, c.issued_on, c.revoked_at, coalesce(c.reason, '') AS reason,
    coalesce(c.number, nullif(e.certificate_number, '')) AS number,
    CASE WHEN c.code IS NULL THEN 'none' WHEN c.revoked_at IS NULL THEN 'valid' ELSE 'revoked' END AS state
    FROM enrolments AS e JOIN runs AS r USING (run_id)
    LEFT JOIN asn ON asn.asn_id = e.asn_id LEFT JOIN units ON units.unit_id = asn.unit_id
    LEFT JOIN LATERAL (SELECT * FROM certificates WHERE enrollment_id = e.enrollment_id
        ORDER BY certificate_id DESC LIMIT 1) AS c ON true
    WHERE e.run_id = :run AND (e.state = 'completed' OR c.code IS NOT NULL) AND {ENROLMENTS}"""  # noqa: S608 - fixed names


async def add_certificates(session: AsyncSession, issued: Sequence[Certificate]) -> None:
    """Record certificates."""
    await session.execute(
        _ADD,
        columns(
            issued, "certificate_id", "code", "enrollment_id", "organiser", "number", "issued_on", "revision", "signature"
        ),
    )  # fmt: skip


class Fallen(NamedTuple):
    """Whose certificate is void, which revision of the result it said last, and why."""

    enrollment_id: UUID
    revision: int
    reason: str


async def revoke(session: AsyncSession, fallen: Sequence[Fallen], at: datetime) -> None:
    """Take the certificates of enrolments back; whoever has none is passed over."""
    ids, revisions, reasons = zip(*fallen, strict=True)
    await session.execute(_REVOKE, {"ids": ids, "revisions": revisions, "reasons": reasons, "at": at})


async def find(session: AsyncSession, code: str) -> Facts | None:
    """What the certificate with a code says, revoked or not."""
    row = (await session.execute(_FIND, {"code": code})).one_or_none()
    return _facts(row) if row else None


async def valid_of_run(session: AsyncSession, run_id: UUID, after: UUID | None, limit: int) -> list[Facts]:
    """What the valid certificates of a run say, after one of them."""
    rows = await session.execute(_OF_RUN, {"run": run_id, "after": after, "limit": limit})
    return [_facts(row) for row in rows]


async def page_of_run(
    session: AsyncSession, run_id: UUID, after: UUID | None, limit: int
) -> list[tuple[Certificate, UUID]]:
    """A run's certificates, revoked ones too, after one of them; each with whose it is."""
    rows = await session.execute(_PAGE, {"run": run_id, "after": after, "limit": limit})
    return [(_certificate(row), row.asn_id) for row in rows]


async def load_candidates(session: AsyncSession, run_id: UUID, limit: int) -> list[Candidate]:
    """Who passed a run and has no certificate, first completed first."""
    return [Candidate(*row) for row in await session.execute(_CANDIDATES, {"run": run_id, "limit": limit})]


class Progress(NamedTuple):
    """How far a run's certificates have got: who is to have one, who has it, whether more are being issued.

    Whose certificate was revoked is not counted, unless the result was corrected since.
    """

    passed: int
    issued: int
    under_way: bool

    @property
    def missing(self) -> int:
        """How many passed and have none."""
        return max(self.passed - self.issued, 0)


async def load_progress(session: AsyncSession, run_id: UUID) -> Progress:
    """How far a run's certificates have got; whoever was erased is not counted."""
    row = (await session.execute(_PROGRESS, {"run": run_id, "kind": ISSUE})).one()
    return Progress(row.passed, row.issued, row.under_way)


class Listed(NamedTuple):
    """Somebody who passed a run, or had a certificate of it, with the last one; `number` may be the organiser's own."""

    enrollment_id: UUID
    asn_id: UUID
    agency_code: str
    person_name: str | None
    nip: str
    unit_name: str
    unit_path: Sequence[UUID]
    completed_on: date | None
    jp: int
    code: str
    number: str | None
    issued_on: date | None
    revoked_at: datetime | None
    reason: str
    state: State


def listed_of(run_id: UUID, reach: Reach) -> Query[Listed]:
    """Who passed a run, in an order to be asked for."""
    return Query(_LISTED, {**reach.parameters, "run": run_id}, _listed)


async def find_valid(session: AsyncSession, run_id: UUID, number: str, code: str) -> list[Certificate]:
    """Valid certificates of a number or a code in a run, two at most; case does not tell numbers apart."""
    rows = await session.execute(_BY_NUMBER, {"run": run_id, "number": number, "code": code})
    return [_certificate(row) for row in rows]


def _listed(row: Any) -> Listed:
    return Listed(*(getattr(row, name) for name in Listed._fields))


def _certificate(row: Any) -> Certificate:
    return Certificate(**{name: getattr(row, name) for name in NAMES})


def _facts(row: Any) -> Facts:
    return Facts(
        certificate=_certificate(row),
        asn_id=row.asn_id,
        agency_code=row.agency_code,
        name=row.name,
        nip=row.nip,
        unit_path=tuple(row.unit_path),
        employer=row.employer or row.agency_code,
        programme=row.programme,
        run_code=row.run_code,
        organiser_name=row.organiser_name or row.organiser,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        location=row.location,
        completed_on=row.completed_on,
        jp=row.jp,
        revision=row.revision_now,
    )
