"""Deciding what is only tried: each message by itself, always against the same world, so always with the same answer.

Plain functions without a database: what they give has nowhere to go but the answer.
"""

from enrollment.enrolments.domain import (
    Ask,
    Decision,
    Judgement,
    Known,
    Report,
    Withdrawal,
    decide,
    decide_withdrawals,
    examine,
    examine_report,
    judge_reports,
)
from enrollment.sandbox.world import REVOKED, world_of


def try_request(ask: Ask) -> Decision:
    """What would become of a request."""
    return decide([examine(ask)], _world(ask))[0]


def try_withdrawal(ask: Ask, reason: str) -> Decision:
    """What would become of a withdrawal."""
    return decide_withdrawals([Withdrawal(examine(ask), reason)], _world(ask))[0]


def try_report(report: Report) -> Judgement:
    """What would become of a reported result."""
    return judge_reports([examine_report(report)], _world(report), {(report.scope.agency, REVOKED)})[0]


def _world(one: Ask | Report) -> Known:
    return world_of(one.scope.agency, one.on)
