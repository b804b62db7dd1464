"""No table is forgotten: each is somebody's own data, by its owner's column, or stands aside with its reason."""

import re
from importlib import import_module

import pytest

from bina.messaging.testing import ServiceUnderTest
from bina.web.own_data import OwnData, reading
from bina.web.own_data.view import page_of

from .applications import SERVICES
from .test_audited_routes import reading as marked
from .test_audited_routes import routes_of

NOBODY = "018f0000-0000-7000-8000-000000000000"
NAMES_SOMEBODY = re.compile(
    r"^(asn_id|person_id|recipient_id|respondent_id|about_id|supervisor_id|appointed_by|evaluator_ids|actor_id"
    r"|decided_by|nip|name|email|phone|subject)$"
)
HARMLESS = {
    ("agencies", "name"),
    ("units", "name"),
    ("programmes", "name"),
    ("programme_versions", "name"),
    ("partners", "name"),
    ("machines", "name"),
    ("unit_states", "name"),
}
"""Names of things."""
MARKERS = {"audit.forgotten", "forgotten"}
"""Who was erased; told to nobody, for nobody is left to ask."""
TABLES = """SELECT CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name,
        ARRAY(SELECT attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg@_%' ESCAPE '@'"""


def declared(service: str) -> OwnData:
    found: OwnData = import_module(f"{service}.own_data").own
    return found


async def tables_of(svc: ServiceUnderTest) -> dict[str, list[str]]:
    return {row.name: row.columns for row in await svc.rows(TABLES)}


def unsorted(own: OwnData, tables: dict[str, list[str]]) -> list[str]:
    """Tables that are neither somebody's nor excluded; those that are both; those excluded that name people."""
    kept = {holding.table for holding in own.holdings()}
    wrong = [f"{name} is not sorted" for name in tables if name not in kept and name not in own.excluded]
    wrong += [f"{name} is no table" for name in kept | set(own.excluded) if name not in tables]
    wrong += [f"{name} is both" for name in kept & set(own.excluded)]
    for name in set(own.excluded) & set(tables) - MARKERS:
        columns = [c for c in tables[name] if NAMES_SOMEBODY.match(c) and (name, c) not in HARMLESS]
        wrong += [f"{name}.{column} names somebody" for column in columns]
    return wrong


@pytest.mark.parametrize("service", SERVICES)
async def test_every_table_is_somebodys_or_stands_aside(service: str, under_test):
    svc = await under_test(import_module(f"{service}.app").service)
    assert unsorted(declared(service), await tables_of(svc)) == []


async def test_a_new_table_is_seen(under_test):
    svc = await under_test(import_module("assessment.app").service)
    own, tables = declared("assessment"), await tables_of(svc)
    assert unsorted(own, tables | {"coaches": ["asn_id"]}) == ["coaches is not sorted"]
    assert unsorted(own, tables | {"runs": ["run_id", "nip"]}) == ["runs.nip names somebody"]


@pytest.mark.parametrize("service", SERVICES)
async def test_what_is_declared_can_be_asked(service: str, under_test):
    svc = await under_test(import_module(f"{service}.app").service)
    holdings = declared(service).holdings()
    async with svc.sessions() as session:
        assert await reading.count(session, holdings, NOBODY) == [0] * len(holdings)
    for holding in holdings:
        assert [chunk async for chunk in reading.rows_of(svc.sessions, holding, NOBODY)] == []


SMALL = {"messaging.held", "web.kept_forms", "evaluators"}
"""Tables of few rows, whoever asks."""


@pytest.mark.parametrize("service", SERVICES)
async def test_nobody_asking_for_their_own_reads_everybodys(service: str, under_test):
    svc = await under_test(import_module(f"{service}.app").service)
    whole = set()
    async with svc.sessions() as session, session.begin():
        await session.fetch("SET LOCAL enable_seqscan = off")
        for holding in declared(service).holdings():
            sql = f"EXPLAIN SELECT {holding.asked} FROM {holding.table} t WHERE {holding.where}".replace(
                "$1", f"CAST('{NOBODY}' AS uuid)"
            )
            plan = [row["QUERY PLAN"] for row in await session.fetch(sql)]
            whole |= {
                f"{line.strip()}: {holding.where}"
                for line in plan
                if "Seq Scan on" in line and holding.table not in SMALL
            }
    assert whole == set()


@pytest.mark.parametrize("service", SERVICES)
def test_whoever_looks_is_told_by_what_page(service: str):
    routes = [f"{method} {path}" for method, path, found in routes_of(service) if marked in found]
    assert [route for route in routes if page_of(route) == "Halaman lain"] == []
