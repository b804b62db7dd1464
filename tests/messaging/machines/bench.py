"""What a machine runs on: a real PostgreSQL, emptied for each example, and one event loop."""

import asyncio
import os
import random
from collections.abc import Coroutine
from typing import Any, TypeVar

import asyncpg
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from bina.messaging.database import create_engine

T = TypeVar("T")
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
TIMEOUT = 7200 if LONG else 900
"""Seconds; a machine that goes red is given up to five minutes to find a shorter example."""
_TABLES = (
    "messaging.inbox",
    "messaging.inbox_foreign",
    "messaging.facts",
    "messaging.streams",
    "messaging.outbox",
    "messaging.held",
    "messaging.positions",
    "messaging.published",
    "people",
    "registered",
    "runs",
    "seats",
)


EXAMPLES = 8
"""Of each seed: those of one are all much alike."""


def seeds(many: int) -> range:
    """The same each time; with HYPOTHESIS_PROFILE=long forty times as many, ever new."""
    first = random.randrange(10**9) if LONG else 0
    return range(first, first + many * (40 if LONG else 1))


class Bench:
    """A toy database and the loop on which everything of one machine runs."""

    def __init__(self, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.dsn = url.replace("+asyncpg", "")
        self.engine = create_engine(url, kept=3)
        self.observer = self.do(asyncpg.connect(self.dsn))

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on the machine's own loop, while no other runs."""
        return self.loop.run_until_complete(work)

    def empty(self) -> None:
        self.do(self.observer.execute("; ".join(f"DELETE FROM {table}" for table in _TABLES)))

    def rows(self, sql: str, *values: Any) -> list[Any]:
        return self.do(self.observer.fetch(sql, *values))

    def close(self) -> None:
        self.empty()
        self.do(self.observer.close())
        self.do(self.engine.dispose())
        self.loop.close()


def drive(machine: type[RuleBasedStateMachine], bench: Bench, number: int, *, shrink: bool = True) -> None:
    """Run a machine's examples of one seed. Without `shrink` the first falsifying example will do, however long."""
    chosen = settings(
        max_examples=EXAMPLES,
        stateful_step_count=50 if LONG else 30,
        deadline=None,
        database=None,
        print_blob=shrink,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
    )
    run_state_machine_as_test(seed(number)(type("Machine", (machine,), {"bench": bench})), settings=chosen)
