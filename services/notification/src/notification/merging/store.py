"""Every table that names a person, and what becomes of it when two records of one are merged."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import merged

MOVED = (
    ("notices", "recipient_id"),
    ("notices", "about_id"),
    ("deliveries", "recipient_id"),
    ("enrolments", "asn_id"),
    ("people", "supervisor_id"),
    ("preferences", "asn_id"),
)
"""The other's from now on; of the messages that wait in `messaging.due`, too."""
LEFT = (("people", "asn_id"), ("gaps", "asn_id"), ("contacts", "asn_id"), ("preferences", "asn_id"))
"""Goes: the record itself, what its owner tells anew of the one that stays, and what that one chose already."""

# What waits names people in its words; what is being done just now is waited for, so this comes before the notices.
_WAITING = text(
    f"""UPDATE messaging.due AS t SET payload = CAST(replace(
        CAST(t.payload AS text), CAST(m.gone AS text), CAST(m.kept AS text)) AS jsonb)
    FROM {merged.MERGES} WHERE strpos(CAST(t.payload AS text), CAST(m.gone AS text)) > 0"""  # noqa: S608 - our own words
)
_LOCK = text(
    """SELECT FROM deliveries WHERE notice_id IN (
        SELECT notice_id FROM notices WHERE recipient_id = ANY (CAST(:gone AS uuid[])))
    ORDER BY notice_id FOR UPDATE"""
)
# A notice is a cause, a person and a kind: told under both records it stays once, and told again it is known. A mail
# that is under way keeps its name until it has gone.
_NAMED = "notice_id(n.event_id, m.kept, CASE WHEN starts_with(n.kind, 'training_announced') THEN 'training_announced' ELSE n.kind END)"
_UNDER_WAY = "EXISTS (SELECT FROM deliveries AS d WHERE d.notice_id = n.notice_id AND d.state = 'sending')"
_RENAMED = f"""renamed AS MATERIALIZED (
        SELECT n.notice_id AS old_id, {_NAMED} AS new_id, m.kept FROM notices AS n JOIN {merged.MERGES}
            ON m.gone = n.recipient_id WHERE NOT {_UNDER_WAY}),
    twice AS MATERIALIZED (
        SELECT old_id FROM (
            SELECT old_id, new_id, row_number() OVER (PARTITION BY new_id ORDER BY old_id) AS nth FROM renamed) AS r
        WHERE nth > 1 OR EXISTS (SELECT FROM notices WHERE notice_id = new_id))"""  # noqa: S608 - our own words
_TWICE = (
    text(f"WITH {_RENAMED} DELETE FROM deliveries WHERE notice_id IN (SELECT old_id FROM twice)"),  # noqa: S608 - as above
    text(f"WITH {_RENAMED} DELETE FROM notices WHERE notice_id IN (SELECT old_id FROM twice)"),  # noqa: S608 - as above
)
_RENAME = text(
    f"""WITH {_RENAMED}, mails AS (
        UPDATE deliveries AS d SET notice_id = new_id FROM renamed WHERE d.notice_id = old_id)
    UPDATE notices AS n SET notice_id = new_id FROM renamed WHERE n.notice_id = old_id"""  # noqa: S608 - as above
)
_MAILS = text(
    f"""UPDATE deliveries AS t SET recipient_id = m.kept
    FROM {merged.MERGES} JOIN notices AS n ON n.recipient_id = m.gone WHERE t.notice_id = n.notice_id"""  # noqa: S608 - our own words
)
_ABOUT = text(
    f"""UPDATE notices AS t SET about_id = m.kept FROM {merged.MERGES}
    WHERE t.recipient_id = m.gone AND t.about_id = m.gone"""  # noqa: S608 - our own words
)
_NAMED_IN = tuple(
    text(
        f"""UPDATE notices AS t SET details = jsonb_set(t.details, '{{{who}}}', to_jsonb(CAST(m.kept AS text)))
        FROM {merged.MERGES} WHERE t.details ? '{who}' AND t.details ->> '{who}' = CAST(m.gone AS text)"""  # noqa: S608 - our own words
    )
    for who in ("alumnus_id", "asker_id")
)
_CHOSEN = text(
    f"""UPDATE preferences AS t SET asn_id = m.kept FROM {merged.MERGES} WHERE t.asn_id = m.gone
    AND NOT EXISTS (SELECT FROM preferences WHERE asn_id = m.kept)
    AND NOT EXISTS (SELECT FROM forgotten WHERE asn_id = m.kept)"""  # noqa: S608 - our own words
)
_NOT_OWN = text(
    """UPDATE people SET supervisor_id = NULL
    WHERE asn_id = supervisor_id AND asn_id = ANY (CAST(:kept AS uuid[]) || CAST(:gone AS uuid[]))"""
)
_STEPS = (
    _WAITING,
    _LOCK,
    *_TWICE,
    _RENAME,
    _ABOUT,
    *_NAMED_IN,
    _MAILS,
    merged.moving("notices", "recipient_id"),
    merged.moving("enrolments"),
    merged.moving("people", "supervisor_id"),
    _CHOSEN,
    *(merged.leaving(*place) for place in LEFT),
    _NOT_OWN,
)


async def move(session: AsyncSession, pairs: merged.Pairs) -> None:
    """Give what hangs on records that go to those that stay."""
    for step in _STEPS:
        await session.execute(step, pairs)
