"""The rules of people's records (pegawai) that need the register: agencies and chains of supervisors."""

from collections.abc import Collection, Mapping

from enrollment.imports.claims import PersonClaim
from enrollment.imports.problems import Problem, error, warning
from enrollment.imports.register_rules import PersonFact, Scope


def person_errors(
    claim: PersonClaim, scope: Scope, *, person: PersonFact | None, agencies: Collection[str]
) -> tuple[Problem, ...]:
    """choice.unknown of the agency's code; nip.other_agency, once per row."""
    if claim.agency_code is not None and claim.agency_code not in agencies:
        unknown = error("Kode Instansi", "choice.unknown", allowed=", ".join(sorted(agencies)))
        return (unknown, *_moved(person, scope))
    if claim.agency_code is not None and claim.agency_code not in scope.employers:
        return (error("Kode Instansi", "nip.other_agency"),)
    return _moved(person, scope)


def _moved(person: PersonFact | None, scope: Scope) -> tuple[Problem, ...]:
    """A move between agencies is no upload."""
    if person is None or person.agency in scope.employers:
        return ()
    return (error("NIP", "nip.other_agency"),)


def rows_on_ring(claims: Mapping[int, PersonClaim], registered: Mapping[str, str | None]) -> set[int]:
    """Row numbers of the error-free rows that stand on a ring of supervisors.

    `registered` maps every NIP of the register to its supervisor's; the rows' own lie over it.
    """
    supervisors = dict(registered)
    supervisors.update({str(claim.nip): claim.supervisor_nip for claim in claims.values()})
    ringed = nips_on_ring(supervisors)
    return {number for number, claim in claims.items() if claim.nip in ringed}


def nips_on_ring(supervisors: Mapping[str, str | None]) -> set[str]:
    """The people whose chain of supervisors leads back to themselves; each chain is walked once."""
    finished: set[str] = set()
    ringed: set[str] = set()
    for start in supervisors:
        path: dict[str, int] = {}
        at: str | None = start
        while at and at not in finished and at not in path:
            path[at] = len(path)
            at = supervisors.get(at)
        if at in path:
            ringed.update(list(path)[path[at] :])
        finished.update(path)
    return ringed


def supervisor_notice(claim: PersonClaim, known: Collection[str]) -> tuple[Problem, ...]:
    """supervisor.unknown: unreadable (an empty text), or neither registered nor on an accepted row."""
    if claim.supervisor_nip is None or claim.supervisor_nip in known:
        return ()
    return (warning("NIP Atasan", "supervisor.unknown"),)
