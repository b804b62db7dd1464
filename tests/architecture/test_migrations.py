"""Migrations only go forward (README, decisions): none can be taken back, and each follows exactly one other."""

import ast
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "services"
PATHS = sorted(SERVICES.glob("*/src/*/migrations/versions/*.py"))


def names_in(source: str) -> dict[str, ast.stmt]:
    """What a module defines at its top: functions, and names of its assignments."""
    found: dict[str, ast.stmt] = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef):
            found[statement.name] = statement
        elif isinstance(statement, ast.Assign):
            found |= {target.id: statement for target in statement.targets if isinstance(target, ast.Name)}
    return found


def text_of(source: str, name: str) -> object:
    statement = names_in(source)[name]
    assert isinstance(statement, ast.Assign)
    return ast.literal_eval(statement.value)


@pytest.mark.parametrize("path", PATHS, ids=lambda p: f"{p.parents[2].name} {p.stem}")
def test_a_migration_only_goes_forward(path: Path):
    defined = names_in(path.read_text(encoding="utf-8"))
    assert "upgrade" in defined
    assert "downgrade" not in defined


@pytest.mark.parametrize("service", sorted({p.parents[2] for p in PATHS}), ids=lambda p: p.name)
def test_revisions_are_one_line_numbered_like_their_files(service: Path):
    versions = sorted((service / "migrations" / "versions").glob("*.py"))
    sources = [path.read_text(encoding="utf-8") for path in versions]
    numbers = [path.stem.split("_")[0] for path in versions]
    assert numbers == [f"{place:04}" for place in range(1, len(versions) + 1)]
    assert [text_of(source, "revision") for source in sources] == numbers
    assert [text_of(source, "down_revision") for source in sources] == [None, *numbers[:-1]]


def test_a_planted_downgrade_is_seen():
    assert "downgrade" in names_in("def downgrade() -> None:\n    pass\n")
    assert len({path.parents[2] for path in PATHS}) == 4
