import re
from typing import Any

import yaml

from bina_local.addresses import SERVICES
from bina_local.kafka import SETTINGS
from bina_local.state import project_root

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
        assert f"own_database {name} " in (DEPLOY / "databases.sh").read_text()


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
