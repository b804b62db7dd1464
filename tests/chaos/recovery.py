"""How long Bina took to be of use again after each act."""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass

from bina_local.addresses import SERVICES
from chaos.asked import entries
from chaos.observing import Observed


@dataclass(frozen=True)
class Recovery:
    """Seconds from an act on its victim to the next effect: a batch applied, or a fact decided and published, after it."""

    victim: str
    act: str
    at: float
    seconds: float
    alone: bool
    """Whether nothing else was done to Bina from the act to the effect."""


def recoveries(observed: Observed) -> list[Recovery]:
    """One for each kill and broken line; for each service frozen or line stalled, from when that ended. Acts without later effect are left out.

    The effect of a service is its own next one; of broker and database, the next of any service.
    """
    effects = {name: _effects(observed, [name]) for name in SERVICES}
    everybody = _effects(observed, SERVICES)
    found = []
    begun = [entry["at"] for entry in entries(observed, "act")]
    for act, victim, at in _moments(observed):
        if (seconds := _next(effects.get(victim, everybody), at)) is not None:
            others = bisect_right(begun, at + seconds) - bisect_right(begun, at)
            found.append(Recovery(victim, act, at, seconds, others == 0))
    return found


def _moments(observed: Observed) -> list[tuple[str, str, float]]:
    at_once = {"kill", "cut", "reset"}
    acts = [(e["act"], e["victim"], e["at"]) for e in entries(observed, "act") if e["act"] in at_once]
    thawed = [
        (e["act"], e["victim"], e["at"])
        for e in entries(observed, "act done")
        if e["act"] in {"freeze", "stall", "stall long", "kill before the offset"}
    ]
    awake = [("zombie", e["victim"], e["at"]) for e in entries(observed, "awake")]
    return [*acts, *thawed, *awake]


def _effects(observed: Observed, services: tuple[str, ...] | list[str]) -> list[tuple[float, float]]:
    """(when its transaction began, when the broker had it), by beginning; each with the earliest end from there on."""
    told = [
        (row["created"], row["published"])
        for name in services
        for row in observed.tables[name]["outbox"]
        if row["published"] is not None
    ]
    rows = sorted([*told, *((at, at) for name in services for at in observed.applied.get(name, ()))])
    earliest, ends = float("inf"), []
    for created, published in reversed(rows):
        earliest = min(earliest, published)
        ends.append((created, earliest))
    return ends[::-1]


def _next(effects: list[tuple[float, float]], at: float) -> float | None:
    place = bisect_right(effects, (at, float("inf")))
    return effects[place][1] - at if place < len(effects) else None


def percentile(values: list[float], share: float) -> float:
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def by_victim(found: list[Recovery]) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = defaultdict(list)
    for one in found:
        name = one.victim if one.act == "kill" else f"{one.victim} ({one.act})"
        seconds[name].append(one.seconds)
    return dict(sorted(seconds.items()))
