import asyncio
import json
import os
import re
import subprocess
from typing import Any

import yaml

from bina_local.addresses import SERVICES
from bina_local.databases import SUPERUSER, DatabaseServer, owner_of
from bina_local.kafka import SETTINGS, security
from bina_local.postgres import binaries
from bina_local.principals import BROKER, OPERATOR
from bina_local.state import project_root
from parts import variables

DEPLOY = project_root() / "deploy"


def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    return services


def test_compose_runs_what_the_tests_run():
    images = (project_root() / "tests" / "containers.py").read_text()
    for name in ("kafka", "postgres"):
        assert f'"{compose()[name]["image"]}"' in images


def test_every_service_opens_its_own_database_only():
    for name in SERVICES:
        environment = compose()[name]["environment"]
        assert environment["BINA_DATABASE_URL"].startswith(f"postgresql+asyncpg://{name}:")
        assert environment["BINA_DATABASE_URL"].endswith(f"/{name}")
        assert environment["BINA_MIGRATION_URL"].startswith(f"postgresql+asyncpg://{name}_owner:")
        assert environment["BINA_MIGRATION_URL"].endswith(f"/{name}")


async def test_the_script_and_the_embedded_platform_make_the_same_rights(postgres: DatabaseServer):
    roles = [role for name in SERVICES for role in (name, owner_of(name))]
    told = {f"{role.upper()}_PASSWORD": postgres.password(role) for role in roles}
    server = {
        "PGHOST": postgres.host,
        "PGPORT": str(postgres.port),
        "PGPASSWORD": postgres.password(SUPERUSER),
    }
    env = {**os.environ, **told, **server, "PATH": f"{binaries()}:{os.environ['PATH']}"}
    for _ in range(2):
        script = ["bash", str(DEPLOY / "databases.sh")]
        done = await asyncio.to_thread(
            subprocess.run, script, env=env, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
    await postgres.ensure_database("by_python", role="evaluation")
    assert await rights_in(postgres, "evaluation") == await rights_in(postgres, "by_python")


async def rights_in(server: DatabaseServer, database: str) -> list[tuple[object, ...]]:
    connection = await server.connect(database)
    rows = await connection.fetch(
        """SELECT 'database' AS what, pg_get_userbyid(datdba) AS whose, datacl::text AS rights
            FROM pg_database WHERE datname = current_database()
        UNION ALL SELECT defaclobjtype::text, pg_get_userbyid(defaclrole), defaclacl::text FROM pg_default_acl
        UNION ALL SELECT nspname, pg_get_userbyid(nspowner), nspacl::text FROM pg_namespace WHERE nspname = 'public'
        UNION ALL SELECT rolname, '', concat_ws(' ', rolsuper, rolcreatedb, rolcreaterole, rolinherit, rolcanlogin)
            FROM pg_roles WHERE rolname ~ 'evaluation' ORDER BY 1, 2"""
    )
    await connection.close()
    return [tuple(row) for row in rows]


def test_both_brokers_ask_everybody_who_they_are():
    environment = compose()["kafka"]["environment"]
    wanted = {f"KAFKA_{name}": value for name, value in variables(security("${KAFKA_PASSWORD}")).items()}
    assert {name: environment.get(name) for name in wanted} == wanted
    assert "PLAINTEXT://" not in str(environment)


def test_everybody_signs_in_to_the_broker_as_who_they_are():
    text = re.sub(r":\?[^}]*", "", compose()["topics"]["environment"]["BINA_KAFKA_PASSWORDS"])
    known = json.loads(text)
    assert set(known) == {BROKER, OPERATOR, *SERVICES}
    assert len(set(known.values())) == len(known)
    for name in SERVICES:
        environment = compose()[name]["environment"]
        assert environment["BINA_KAFKA_USER"] == name
        assert environment["BINA_KAFKA_PASSWORD"] == known[name]


def test_every_password_has_its_line_in_the_example():
    asked = set(re.findall(r"\$\{(\w*(?:PASSWORD|SECRET))", (DEPLOY / "compose.yaml").read_text()))
    lines = (DEPLOY / "compose.env.example").read_text().splitlines()
    assert asked <= {line.partition("=")[0] for line in lines}


def test_only_the_gateway_is_published_and_only_where_it_is_told():
    published = {name: service["ports"] for name, service in compose().items() if "ports" in service}
    assert published == {"gateway": ["${BINA_BIND:-127.0.0.1:8080}:8080"]}


def test_both_brokers_keep_an_acknowledged_record():
    environment = compose()["kafka"]["environment"]
    shared = ("log.flush.interval.messages", "auto.create.topics.enable", "offsets.retention.minutes")
    for setting in shared:
        (embedded,) = re.findall(rf"^{re.escape(setting)}=(.*)$", SETTINGS, re.MULTILINE)
        assert environment["KAFKA_" + setting.upper().replace(".", "_")] == embedded


def test_no_password_is_written_down():
    text = (DEPLOY / "compose.yaml").read_text()
    assert re.findall(r"(?:PASSWORD|SECRET): (?!\$\{)", text) == []
