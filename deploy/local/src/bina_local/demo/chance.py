"""Chance that comes out the same every time: each question has its own stream."""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def stream(seed: int, *topic: object) -> random.Random:
    """A generator for one topic, independent of every other topic's draws."""
    return random.Random(":".join(map(str, (seed, *topic))))  # noqa: S311  (a demo world, no secret)


def chosen(rng: random.Random, candidates: Sequence[T], weight: Callable[[T], float], count: int) -> list[T]:
    """Up to `count` candidates without replacement, likelier the heavier (Efraimidis and Spirakis 2006)."""
    keyed = [(rng.random() ** (1 / w), n) for n, w in enumerate(map(weight, candidates)) if w > 0]
    return [candidates[n] for _, n in sorted(keyed, reverse=True)[:count]]


def weighted(rng: random.Random, shares: Iterable[tuple[T, float]]) -> T:
    """One of the values by its share."""
    values, weights = zip(*shares, strict=True)
    picked: T = rng.choices(values, weights)[0]
    return picked
