"""Every table that names a person, and what becomes of it when two records of one are merged."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import merged
from enrollment.duplicates.domain import Clash

MOVED = (
    ("enrolments", "asn_id"),
    ("jp_entries", "asn_id"),
    ("jp_credits", "asn_id"),
    ("jp_credits", "decided_by"),
    ("jp_evidence", "asn_id"),
    ("approvals", "asn_id"),
    ("approvals", "supervisor_id"),
    ("approvals", "decided_by"),
    ("data_requests", "asn_id"),
    ("data_requests", "decided_by"),
    ("attendance", "marked_by"),
    ("reports", "received_by"),
    ("run_sessions", "trainer_id"),
    ("speakers", "asn_id"),
    ("programme_drafts", "submitted_by"),
    ("imports", "uploaded_by"),
    ("different_people", "decided_by"),
    ("transfers", "asn_id"),
    ("transfers", "asked_by"),
    ("transfers", "decided_by"),
)
"""The other's from now on. Lines of the ledger stay as they were written, so a year's total is the sum of both."""
MOVED_WHERE_FREE = (
    ("role_grants", "asn_id", ("role",)),
    ("competency_levels", "asn_id", ("competency_code",)),
    ("identities", "asn_id", ("issuer",)),
    ("contacts", "asn_id", ()),
    ("earlier_nips", "asn_id", ("nip",)),
)
"""The other's, where that one has none of the same; else the one that stays is right, and this one goes."""
LEFT = (
    ("asn", "asn_id"),
    ("placements", "asn_id"),
    ("hand_edits", "asn_id"),
    ("recommendations", "asn_id"),
    ("calendar_links", "asn_id"),
    ("sessions", "asn_id"),
    ("different_people", "asn_id"),
    ("different_people", "other_id"),
    *((table, column) for table, column, _ in MOVED_WHERE_FREE),
)
"""Goes with the record: its history, for the one that stays has its own; what is recommended, for it is told anew; a
calendar's address, which names the record."""
TAKEN_OVER = (("asn", "supervisor_id"),)
"""Moved by `store.take_over`, which says whose record that changes."""
STAYS = {
    ("import_rows", "ref"): "what a file did, and by which undoing finds that it cannot be undone any more"
}

_FREE = """UPDATE {table} AS t SET {column} = m.kept FROM {merges} WHERE t.{column} = m.gone AND NOT EXISTS (
    SELECT FROM {table} AS o WHERE o.{column} = m.kept {same})"""
# Asked twice, it is answered once.
_ASKED_TWICE = text(
    f"""DELETE FROM data_requests AS t USING {merged.MERGES} WHERE t.asn_id = m.gone AND t.state = 'open' AND EXISTS (
        SELECT FROM data_requests AS o WHERE o.asn_id = m.kept AND o.field = t.field AND o.state = 'open')"""  # noqa: S608 - our own words
)
# Whoever is another person than the one is another than the other.
_APART = text(
    f"""INSERT INTO different_people (asn_id, other_id, decided_at, decided_by)
    SELECT least(m.kept, x.id), greatest(m.kept, x.id), d.decided_at, d.decided_by FROM {merged.MERGES}
    JOIN different_people AS d ON m.gone IN (d.asn_id, d.other_id)
    CROSS JOIN LATERAL (SELECT CASE d.asn_id WHEN m.gone THEN d.other_id ELSE d.asn_id END AS id) AS x
    WHERE x.id <> m.kept ON CONFLICT DO NOTHING"""  # noqa: S608 - our own words
)
# In a run that both were in, what is over comes first and what holds last; numbers go out of the way before.
_ASIDE = text(
    f"""UPDATE enrolments AS t SET attempt = t.attempt + 10000 FROM {merged.MERGES}
    WHERE t.asn_id IN (m.kept, m.gone) AND 2 = (SELECT count(DISTINCT o.asn_id) FROM enrolments AS o
        WHERE o.run_id = t.run_id AND o.asn_id IN (m.kept, m.gone))"""  # noqa: S608 - our own words
)
_NUMBERED = text(
    f"""UPDATE enrolments AS t SET attempt = n.place, asn_id = n.kept FROM (
        SELECT e.enrollment_id, m.kept, row_number() OVER (PARTITION BY e.run_id, m.kept
            ORDER BY e.state IN ('accepted', 'waitlisted', 'completed'), e.requested_at, e.attempt, e.enrollment_id) AS place
        FROM enrolments AS e JOIN {merged.MERGES} ON e.asn_id IN (m.kept, m.gone) WHERE e.attempt > 10000) AS n
    WHERE t.enrollment_id = n.enrollment_id"""  # noqa: S608 - our own words
)
_STEPS = (
    _ASIDE,
    _NUMBERED,
    _ASKED_TWICE,
    _APART,
    *(merged.moving(*place) for place in MOVED),
    *(
        text(_FREE.format(table=table, column=column, merges=merged.MERGES,
                          same="".join(f" AND o.{name} = t.{name}" for name in keys)))
        for table, column, keys in MOVED_WHERE_FREE
    ),
    *(merged.leaving(*place) for place in LEFT),
)  # fmt: skip
# What one person cannot have twice: a seat, a result or a request in one run; a certificate from elsewhere; a balance of a year.
_CLASHES = text(
    """WITH pairs AS (SELECT * FROM unnest(CAST(:ones AS uuid[]), CAST(:others AS uuid[])) AS p (one, other)),
    has AS (
        SELECT run_id, asn_id FROM enrolments WHERE asn_id = ANY (CAST(:ones AS uuid[]) || CAST(:others AS uuid[]))
            AND state IN ('accepted', 'waitlisted', 'completed')
        UNION SELECT run_id, asn_id FROM approvals
        WHERE asn_id = ANY (CAST(:ones AS uuid[]) || CAST(:others AS uuid[])) AND state = 'open'),
    opened AS (
        SELECT asn_id, CAST(extract(year FROM earned_on) AS int) AS year FROM jp_entries
        WHERE source = 'opening' AND asn_id = ANY (CAST(:ones AS uuid[]) || CAST(:others AS uuid[]))
        GROUP BY 1, 2 HAVING sum(minutes) <> 0)
    SELECT one, other, 'run' AS what, r.run_code AS name FROM pairs
    JOIN has AS a ON a.asn_id = one JOIN has AS b ON b.asn_id = other AND b.run_id = a.run_id
    JOIN runs AS r ON r.run_id = a.run_id
    UNION ALL
    SELECT one, other, 'credit', a.number || ' (' || a.provider || ')' FROM pairs
    JOIN jp_credits AS a ON a.asn_id = one AND a.state IN ('open', 'verified')
    JOIN jp_credits AS b ON b.asn_id = other AND b.state IN ('open', 'verified')
        AND lower(btrim(b.number)) = lower(btrim(a.number)) AND lower(btrim(b.provider)) = lower(btrim(a.provider))
    UNION ALL
    SELECT one, other, 'balance', CAST(a.year AS text) FROM pairs
    JOIN opened AS a ON a.asn_id = one JOIN opened AS b ON b.asn_id = other AND b.year = a.year
    ORDER BY 1, 2, 3 DESC, 4"""
)


async def load_clashes(
    session: AsyncSession, pairs: list[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], Clash]:
    """Of pairs of records the first thing that one person cannot have twice; those without any are left out."""
    values = {"ones": [one for one, _ in pairs], "others": [other for _, other in pairs]}
    found: dict[tuple[UUID, UUID], Clash] = {}
    for row in await session.execute(_CLASHES, values):
        found.setdefault((row.one, row.other), Clash(row.what, row.name))
    return found


async def move(session: AsyncSession, kept: UUID, gone: UUID) -> None:
    """Give what hangs on the record that goes to the one that stays; raises where one person cannot have both."""
    values: dict[str, Any] = {"gone": [gone], "kept": [kept]}
    for step in _STEPS:
        await session.execute(step, values)
