"""What every service must say of its tables when two records of one person can be merged."""

from collections.abc import Iterable

from bina.messaging.testing import ServiceUnderTest

Place = tuple[str, str]
"""Table and column; a schema only where it is not the service's own."""

OTHERS = {
    "approval_id", "assessment_id", "certificate_id", "competency_id", "credit_id", "enrollment_id", "entry_id",
    "event_id", "import_id", "lease", "machine_id", "notice_id", "page", "parent_id", "partner_id", "path", "request_id",
    "reverses", "run_id", "session_id", "source_id", "speaker_id", "task_id", "transfer_id", "unit_id", "unit_path",
}  # fmt: skip
"""Names of columns that identify something else than a person."""
STAYS = {
    ("audit.entries", "actor_id"): "what was done stays as it was sealed",
    ("audit.entries", "on_behalf"): "as above",
    ("audit.entries", "erased"): "as above",
    ("audit.personal", "person_id"): "as above; erased with the record that stays",
    ("audit.forgotten", "person_id"): "as above",
    ("audit.shown", "whom"): "over within a day",
    ("web.kept_forms", "kept_id"): "a form",
    ("web.kept_forms", "person_id"): "forgotten with the sessions",
    ("messaging.merged_people", "gone_id"): "says which records were merged",
    ("messaging.merged_people", "kept_id"): "as above",
}
_COLUMNS = """SELECT CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END AS place,
        a.attname AS name
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
        AND a.atttypid IN ('uuid'::regtype, 'uuid[]'::regtype)
        AND n.nspname NOT IN ('pg_catalog', 'information_schema')"""


async def check_sorted(svc: ServiceUnderTest, *said: Iterable[Place]) -> None:
    """Every column that may name a person is said to move, to go or to stay, and each that is said is there."""
    there = {(row.place, row.name) for row in await svc.rows(_COLUMNS)}
    named = {place for places in said for place in places}
    asked = {place for place in there if place[1] not in OTHERS and place not in STAYS}
    assert sorted(asked - named) == [], "say in the merging of this service what becomes of these"
    assert named - there == set(), "no such columns"
