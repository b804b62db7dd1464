"""`python -m benchmarks [--only NAME] [--runs N]`: measure, show, keep."""

import argparse
import asyncio

from . import handlers, instrumentation, latency, relay, system
from .figures import Figure, keep, show
from .parts import parts


def main() -> None:
    """Run what is asked for; each part beside its baseline in the same run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", default="", help="handlers, handlers.evaluation, instrumentation, relay, latency or system"
    )
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    figures = asyncio.run(_measure(arguments.only, arguments.runs))
    show(figures)
    keep(figures)


async def _measure(only: str, runs: int) -> list[Figure]:
    figures: list[Figure] = []
    wanted = only.split(".", maxsplit=1)[0]
    # Each on a broker of its own: what one leaves on the topics is another's backlog.
    if wanted in {"", "handlers"}:
        async with parts() as running:
            figures += await handlers.measure(running, runs, only if "." in only else "")
    if wanted in {"", "instrumentation"}:
        async with parts() as running:
            figures += await instrumentation.measure(running, runs, only if "." in only else "")
    if wanted in {"", "relay"}:
        async with parts() as running:
            figures += await relay.measure(running, runs)
    if wanted in {"", "latency"}:
        async with parts() as running:
            figures += await latency.measure(running, runs)
    if wanted in {"", "system"}:
        figures += await system.measure(None, runs)
    return figures


if __name__ == "__main__":
    main()
