"""Runs the demo world's loader and writes its progress, one line each: done, in all, stage."""

import asyncio
import importlib
import inspect
import sys
import time
from pathlib import Path

from bina_local.context import Context

NOTHING_TO_LOAD = 3


def progress(stage: str, done: int, in_all: int) -> None:
    """Tell the parent how far the loading is, and the log when that was."""
    sys.stdout.write(f"{done}\t{in_all}\t{stage}\n")
    sys.stdout.flush()
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {done}/{in_all} {stage}\n")


async def main() -> None:
    """Call `bina_local.demo.load(context, progress)`, a plain function or a coroutine."""
    load = getattr(importlib.import_module("bina_local.demo"), "load", None)
    if load is None:
        sys.exit(NOTHING_TO_LOAD)
    result = load(Context.of(Path(sys.argv[1])), progress)
    if inspect.isawaitable(result):
        await result


if __name__ == "__main__":
    asyncio.run(main())
