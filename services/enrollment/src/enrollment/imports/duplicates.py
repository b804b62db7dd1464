"""Rows of one file that say the same thing twice, or two things of the same."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from enrollment.imports.claims import Claim, about
from enrollment.imports.problems import Problem, error


def key_of(claim: Claim) -> tuple[str | None, ...]:
    """What a file may say once: a person, a person in a run, or in a year."""
    return claim.nip, about(claim)


def duplicates_in(claims: Mapping[int, Claim]) -> dict[int, Problem]:
    """By row number, the rows to refuse among rows without other errors.

    Same values: the first stays, later ones go. Any difference: all go, for nobody knows which is right.
    """
    groups: dict[tuple[str | None, ...], list[int]] = defaultdict(list)
    for number, claim in claims.items():
        groups[key_of(claim)].append(number)
    refused = (n for numbers in groups.values() for n in _refused(numbers, [claims[n] for n in numbers]))
    return {number: error("NIP", "duplicate.in_file") for number in refused}


def _refused(numbers: Sequence[int], claims: Sequence[Claim]) -> Iterable[int]:
    same = all(claim == claims[0] for claim in claims)
    return numbers[1:] if same else numbers
