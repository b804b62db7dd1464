"""Rows that name people by a NIP that they had before: from here on they name them by the one of now, and it is said."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from enrollment.imports.checking import Draft
from enrollment.imports.claims import PersonClaim
from enrollment.imports.problems import warning


def named(drafts: Iterable[Draft]) -> set[str]:
    """The NIPs that rows name, of people and of their supervisors."""
    claims = [draft.claim for draft in drafts]
    above = {claim.supervisor_nip for claim in claims if isinstance(claim, PersonClaim)}
    return {nip for nip in {*above, *(claim.nip for claim in claims)} if nip}


def renumbered(drafts: Sequence[Draft], current: Mapping[str, str]) -> list[Draft]:
    """The same rows where `current` (earlier NIP → the one of now) names none of theirs; nip.earlier where it does."""
    return [_renumbered(draft, current) for draft in drafts] if current else [*drafts]


def _renumbered(draft: Draft, current: Mapping[str, str]) -> Draft:
    claim = draft.claim
    found = []
    if claim.nip and claim.nip in current:
        claim = replace(claim, nip=current[claim.nip])
        found.append(warning("NIP", "nip.earlier", draft.claim.nip))
    if isinstance(claim, PersonClaim) and claim.supervisor_nip and claim.supervisor_nip in current:
        claim = replace(claim, supervisor_nip=current[claim.supervisor_nip])
        found.append(warning("NIP Atasan", "nip.earlier", claim.supervisor_nip))
    return replace(draft, claim=claim).also(tuple(found)) if found else draft
