"""`python -m benchmarks [--only NAME[.PART]] [--runs N] [--full]`: measure, show, keep, draw.

Every part brings its own broker and database: what one leaves on the topics is another's backlog.
"""

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import uvloop

from . import (
    audience,
    authorisation,
    backlog,
    capacity,
    catalogue,
    certificates,
    charts,
    contested,
    growth,
    handlers,
    importing,
    instrumentation,
    lab,
    latency,
    loaded,
    mail,
    pages,
    plan,
    plots,
    recovery,
    relay,
    rush,
    system,
)
from .figures import Figure, keep, show
from .parts import LogicalPostgres, parts


@dataclass(frozen=True)
class Asked:
    """What to measure: `only` is a part's name, with a service's after a dot where the part has them."""

    only: str
    runs: int
    full: bool

    def wants(self, name: str) -> bool:
        """Whether a part is to run: all of them, the named one, or one of whose services one is named."""
        within = self.only.startswith(f"{name}.") and self.only not in PARTS
        return self.only in {"", name} or within

    @property
    def part(self) -> str:
        """A service's name within a part; empty for all."""
        return self.only if "." in self.only else ""


async def _handlers(asked: Asked) -> list[Figure]:
    async with parts() as found:
        return await handlers.measure(found, asked.runs, asked.part)


async def _instrumentation(asked: Asked) -> list[Figure]:
    async with parts() as found:
        return await instrumentation.measure(found, asked.runs, asked.part)


async def _relay(asked: Asked) -> list[Figure]:
    async with parts(LogicalPostgres) as found:
        return await relay.measure(found, asked.runs)


async def _latency(asked: Asked) -> list[Figure]:
    async with parts() as found:
        return await latency.measure(found, asked.runs)


async def _loaded(asked: Asked) -> list[Figure]:
    async with parts() as found:
        return await loaded.measure(found, asked.runs)


async def _audience(asked: Asked) -> list[Figure]:
    return await audience.measure(asked.runs)


async def _importing(asked: Asked) -> list[Figure]:
    async with parts() as found:
        return await importing.measure(found, asked.runs)


async def _backlog(asked: Asked) -> list[Figure]:
    return await backlog.measure(asked.runs, backlog.EVENTS if asked.full else backlog.FEWER)


async def _growth(asked: Asked) -> list[Figure]:
    async with parts() as found:
        sizes = growth.ALL_SIZES if asked.full else growth.SIZES
        return await growth.measure(found, asked.runs, asked.only, sizes)


async def _mail(asked: Asked) -> list[Figure]:
    async with parts() as found:
        return await mail.measure(found, asked.runs)


async def _pages(asked: Asked) -> list[Figure]:
    return await pages.measure(asked.runs)


async def _lab(asked: Asked) -> list[Figure]:
    return await lab.measure(asked.runs)


async def _authorisation(asked: Asked) -> list[Figure]:
    async with parts() as found:
        return await authorisation.measure(found, asked.runs)


async def _charts(asked: Asked) -> list[Figure]:
    return charts.measure(asked.runs)


async def _catalogue(asked: Asked) -> list[Figure]:
    async with parts() as found:
        return await catalogue.measure(found, asked.runs)


async def _certificates(asked: Asked) -> list[Figure]:
    async with parts() as found:
        return await certificates.measure(found, asked.runs)


async def _contested(asked: Asked) -> list[Figure]:
    return await contested.measure(asked.runs)


async def _recovery(asked: Asked) -> list[Figure]:
    return await recovery.measure(asked.runs)


async def _system(asked: Asked) -> list[Figure]:
    return await system.measure(None, asked.runs)


async def _capacity(asked: Asked) -> list[Figure]:
    return await capacity.measure(parts, asked.runs)


async def _rush(_: Asked) -> list[Figure]:
    return rush.measure()


PARTS: dict[str, Callable[[Asked], Awaitable[list[Figure]]]] = {
    "handlers": _handlers,
    "instrumentation": _instrumentation,
    "relay": _relay,
    "latency": _latency,
    "latency.loaded": _loaded,
    "audience": _audience,
    "importing": _importing,
    "backlog": _backlog,
    "growth": _growth,
    "mail": _mail,
    "pages": _pages,
    "lab": _lab,
    "authorisation": _authorisation,
    "charts": _charts,
    "catalogue": _catalogue,
    "certificates": _certificates,
    "contested": _contested,
    "recovery": _recovery,
    "system": _system,
    "capacity": _capacity,
    "rush": _rush,
}


def main() -> None:
    """Run what is asked for; each part beside its baseline in the same run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help=f"{', '.join(PARTS)}; handlers.evaluation for one service")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--full", action="store_true", help="a backlog of a million, tables of ten million rows"
    )
    arguments = parser.parse_args()
    uvloop.run(_measure(Asked(arguments.only, arguments.runs, arguments.full)))
    plots.write()
    plan.write()


async def _measure(asked: Asked) -> None:
    """Keep each part's figures as soon as they are there: a later part reckons with them."""
    for name, measure in PARTS.items():
        if asked.wants(name):
            figures = await measure(asked)
            show(figures)
            keep(figures)


if __name__ == "__main__":
    main()
