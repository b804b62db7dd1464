"""Releases to come of the evaluation service: a column of its enrolments gets another name while it runs.

`expanded` brings the new column and reads both; `moved` knows only the new one; `contracted` drops the old one.
"""

import os
from pathlib import Path
from typing import Any

from alembic.config import Config
from sqlalchemy import TextClause

HERE = Path(__file__).parent
FOLDERS = {"expanded": ["expand"], "moved": ["expand"], "contracted": ["expand", "contract"]}
WRITES = (("agency_code, withdrawn)", "agency_code, left_run)"), ("SET withdrawn =", "SET left_run ="))
BOTH = ("NOT e.withdrawn", "NOT coalesce(e.left_run, e.withdrawn)")
NEW = ("NOT e.withdrawn", "NOT e.left_run")


def plant(name: str) -> None:
    """Make this process one of the release."""
    _add_migrations(FOLDERS[name])
    from evaluation.impact import store as impact
    from evaluation.roster import store as roster

    _rewrite(roster, *WRITES)
    _rewrite(impact, BOTH if name == "expanded" else NEW)


def _rewrite(module: Any, *changes: tuple[str, str]) -> None:
    clauses = [value for value in vars(module).values() if isinstance(value, TextClause)]
    for old, new in changes:
        found = [clause for clause in clauses if old in clause.text]
        if not found:
            raise LookupError(f"{module.__name__} says nowhere {old!r}")
        for clause in found:
            clause.text = clause.text.replace(old, new)


def _add_migrations(folders: list[str]) -> None:
    set_option = Config.set_main_option

    def set_main_option(self: Config, name: str, value: str) -> None:
        set_option(self, name, value)
        if name == "script_location":
            own = Path(value, "versions")
            # Revisions are named as their files begin.
            os.environ["BINA_CHAOS_HEAD"] = max(own.glob("[0-9]*.py")).name.partition("_")[0]
            set_option(self, "path_separator", "os")
            places = [own, *(HERE / folder for folder in folders)]
            set_option(self, "version_locations", os.pathsep.join(map(str, places)))

    Config.set_main_option = set_main_option  # type: ignore[method-assign] # the one place that finds migrations
