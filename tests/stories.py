"""Each service's story: facts in a valid order that reach every handler, and what is recorded before."""

import importlib.util
from pathlib import Path
from types import ModuleType

TESTS = Path(__file__).parent


def module_of(name: str) -> ModuleType:
    """The service's story module, loaded by its place: its tests' folder is named like the service's package."""
    spec = importlib.util.spec_from_file_location(f"{name}_story", TESTS / name / "story.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
