"""The rooms of design: inside a capability, api, pages, handlers and schedule use store and domain; a sibling is
reached only through its domain or store; a domain knows no infrastructure."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("enrollment", "assessment", "evaluation", "notification")
OPEN_ROOMS = {"domain", "store"}
OUTER_ROOMS = {"api", "pages", "handlers", "schedule"}
INFRASTRUCTURE = {
    "sqlalchemy",
    "sqlmodel",
    "asyncpg",
    "aiokafka",
    "faststream",
    "fastapi",
    "jinja2",
    "aiosmtplib",
    "httpx",
}
FORBIDDEN_NAMES = {"utils", "common", "helpers", "base", "manager"}


def modules() -> list[Path]:
    return sorted(p for s in SERVICES for p in (ROOT / "services" / s / "src" / s).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Absolute names of what a module imports, relative ones resolved."""
    package = path.relative_to(next(p for p in path.parents if p.name == "src")).with_suffix("").parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(package[: len(package) - node.level]) if node.level else ""
            module = ".".join(part for part in (start, node.module or "") if part)
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def violations(room: str, capability: str, service: str, found: set[str]) -> list[str]:
    wrong = []
    for name in found:
        parts = name.split(".")
        if room == "domain" and parts[0] in INFRASTRUCTURE:
            wrong.append(f"domain imports {name}")
        if parts[0] != service or len(parts) < 3:
            continue
        sibling, target = parts[1], parts[2]
        if not (ROOT / "services" / service / "src" / service / sibling).is_dir():
            continue
        if sibling != capability and target in OUTER_ROOMS:
            wrong.append(f"{capability}.{room} reaches into {name}")
        if sibling == capability and room in OPEN_ROOMS and target in OUTER_ROOMS:
            wrong.append(f"{room} imports {name}")
    return wrong


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT / "services")))
def test_rooms_keep_their_doors(path: Path):
    parts = path.relative_to(ROOT / "services").with_suffix("").parts
    service, inside = parts[0], parts[3:]
    if len(inside) < 2:
        return
    room = "domain" if "domain" in inside[1:] else inside[1]
    assert violations(room, inside[0], service, imports(path)) == []


def test_planted_violations_are_seen():
    assert violations("domain", "tasks", "evaluation", {"sqlalchemy.text"})
    assert violations("store", "tasks", "evaluation", {"evaluation.responses.handlers.on_x"})
    assert violations("domain", "tasks", "evaluation", {"evaluation.tasks.handlers.on_x"})
    assert violations("handlers", "tasks", "evaluation", {"evaluation.responses.store.add"}) == []


def test_no_room_is_a_drawer():
    names = {p.stem for p in modules()} | {p.parent.name for p in modules()}
    assert names & FORBIDDEN_NAMES == set()


def test_faststream_is_known_to_one_module():
    knowing = [
        str(path.relative_to(ROOT))
        for folder in ("shared", "services", "deploy")
        for path in (ROOT / folder).rglob("src/**/*.py")
        if re.search(r"^\s*(from|import) faststream", path.read_text(encoding="utf-8"), re.M)
    ]
    assert knowing == ["shared/messaging/src/bina/messaging/consumer.py"]
