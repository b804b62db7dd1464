"""A whole file against the register: the rules of one row, between them what only a file can know."""

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple, cast

from enrollment.imports.balance_rules import Employed, balance_errors
from enrollment.imports.checking import Checked, Draft, conclude, drafts_of, without_duplicates
from enrollment.imports.claims import BalanceClaim, EnrolmentClaim, PersonClaim, ResultClaim
from enrollment.imports.columns import Kind
from enrollment.imports.personnel_rules import person_errors, rows_on_ring, supervisor_notice
from enrollment.imports.problems import Problem, error
from enrollment.imports.register_rules import (
    ExistingResult,
    PersonFact,
    RunFact,
    Scope,
    Seats,
    Unmet,
    enrolment_errors,
    enrolment_notices,
    result_errors,
    result_notices,
)
from enrollment.imports.tables import Sheet


@dataclass(frozen=True, slots=True)
class Register:
    """What is recorded, as far as a file may ask: loaded by NIPs and run codes of the file, or whole.

    For pegawai, `people` must hold the whole register that chains of supervisors run through.
    """

    people: Mapping[str, PersonFact] = field(default_factory=dict)
    runs: Mapping[str, RunFact] = field(default_factory=dict)
    enrolments: AbstractSet[tuple[str, str]] = frozenset()
    results: Mapping[tuple[str, str], ExistingResult] = field(default_factory=dict)
    agencies: Collection[str] = frozenset()
    unmet: Mapping[tuple[str, str], Unmet] = field(default_factory=dict)
    awaiting: AbstractSet[tuple[str, str]] = frozenset()
    employed: Mapping[str, Employed] = field(default_factory=dict)
    on: date = date.max

    def person(self, nip: str | None) -> PersonFact | None:
        """The person of a NIP, if registered."""
        return self.people.get(nip) if nip else None

    def run(self, code: str | None) -> RunFact | None:
        """The run of a code in normal form, if there is one."""
        return self.runs.get(code) if code else None


class Examined(NamedTuple):
    """What `drafts_of` found in a sheet."""

    file_problems: Sequence[Problem]
    drafts: Sequence[Draft]


def judge(sheet: Sheet, kind: Kind, as_of: date, scope: Scope, register: Register) -> Checked:
    """The outcome that the file has: `check` and the register's rules together."""
    return judge_examined(
        replace(sheet, kind=kind), Examined(*drafts_of(sheet, kind, as_of)), scope, register
    )


def judge_examined(sheet: Sheet, examined: Examined, scope: Scope, register: Register) -> Checked:
    """The same where the cells were examined before, to know whom and what to load."""
    drafts = _JUDGES[sheet.kind](examined.drafts, scope, register)
    return conclude(sheet, sheet.kind, examined.file_problems, drafts)


def _judge_enrolments(drafts: Sequence[Draft], scope: Scope, register: Register) -> list[Draft]:
    seats = Seats({code: run.seats_left for code, run in register.runs.items()})

    def errors(draft: Draft) -> tuple[Problem, ...]:
        claim = cast("EnrolmentClaim", draft.claim)
        person, run = register.person(claim.nip), register.run(claim.run_code)
        unmet = register.unmet.get((str(claim.nip), str(claim.run_code)), ())
        enrolled, asked = _enrolled(claim, register), (claim.nip, claim.run_code) in register.awaiting
        return enrolment_errors(
            claim, scope, person=person, run=run, enrolled=enrolled, unmet=unmet, asked=asked
        )

    def notices(draft: Draft) -> tuple[Problem, ...]:
        claim = cast("EnrolmentClaim", draft.claim)
        run = register.run(claim.run_code)
        return enrolment_notices(run, enrolled=_enrolled(claim, register), seats=seats)

    return _with_notices(_with_errors(drafts, errors), notices)


def _enrolled(claim: EnrolmentClaim, register: Register) -> bool:
    return (claim.nip, claim.run_code) in register.enrolments


def _judge_results(drafts: Sequence[Draft], scope: Scope, register: Register) -> list[Draft]:
    def existing(claim: ResultClaim) -> ExistingResult | None:
        return register.results.get((str(claim.nip), str(claim.run_code)))

    def errors(draft: Draft) -> tuple[Problem, ...]:
        claim = cast("ResultClaim", draft.claim)
        person, run = register.person(claim.nip), register.run(claim.run_code)
        known = None if draft.refused else existing(claim)
        return result_errors(claim, scope, person=person, run=run, existing=known)

    def notices(draft: Draft) -> tuple[Problem, ...]:
        return result_notices(existing(cast("ResultClaim", draft.claim)))

    return _with_notices(_with_errors(drafts, errors), notices)


def _judge_balances(drafts: Sequence[Draft], scope: Scope, register: Register) -> list[Draft]:
    def errors(draft: Draft) -> tuple[Problem, ...]:
        claim = cast("BalanceClaim", draft.claim)
        return balance_errors(claim, scope, employed=register.employed.get(claim.nip or ""), on=register.on)

    return _with_errors(drafts, errors)


def _judge_people(drafts: Sequence[Draft], scope: Scope, register: Register) -> list[Draft]:
    def errors(draft: Draft) -> tuple[Problem, ...]:
        claim = cast("PersonClaim", draft.claim)
        return person_errors(claim, scope, person=register.person(claim.nip), agencies=register.agencies)

    unringed = _without_rings(_with_errors(drafts, errors), register)
    accepted = {str(cast("PersonClaim", draft.claim).nip) for draft in unringed if not draft.refused}
    known = accepted | register.people.keys()

    def notices(draft: Draft) -> tuple[Problem, ...]:
        return supervisor_notice(cast("PersonClaim", draft.claim), known)

    return [_without_unknown_supervisor(draft) for draft in _with_notices(unringed, notices)]


def _without_rings(drafts: Sequence[Draft], register: Register) -> list[Draft]:
    sound = {d.number: cast("PersonClaim", d.claim) for d in drafts if not d.refused}
    registered = {nip: person.supervisor_nip for nip, person in register.people.items()}
    ringed = rows_on_ring(sound, registered)
    cycle = (error("NIP Atasan", "supervisor.cycle"),)
    return [draft.also(cycle if draft.number in ringed else ()) for draft in drafts]


def _without_unknown_supervisor(draft: Draft) -> Draft:
    """A row whose supervisor is unknown is kept without one."""
    if not any(problem.code == "supervisor.unknown" for problem in draft.problems):
        return draft
    claim = replace(cast("PersonClaim", draft.claim), supervisor_nip=None)
    return replace(draft, claim=claim)


def _with_errors(drafts: Sequence[Draft], errors: Callable[[Draft], Sequence[Problem]]) -> list[Draft]:
    """The register's errors, then duplicates among the rows that have none."""
    return without_duplicates([draft.also(errors(draft)) for draft in drafts])


def _with_notices(drafts: Sequence[Draft], notices: Callable[[Draft], Sequence[Problem]]) -> list[Draft]:
    """What is only said of rows without error, in the file's order: earlier rows take the seats."""
    return [draft if draft.refused else draft.also(notices(draft)) for draft in drafts]


_JUDGES: Mapping[Kind, Callable[[Sequence[Draft], Scope, Register], list[Draft]]] = {
    Kind.PENDAFTARAN: _judge_enrolments,
    Kind.KELULUSAN: _judge_results,
    Kind.PEGAWAI: _judge_people,
    Kind.SALDO_JP: _judge_balances,
}
