"""Rules of enrolments: who gets a seat, what a result changes, what is told of it. No I/O."""

from enrollment.enrolments.domain.awaiting import Awaiting
from enrollment.enrolments.domain.changes import Change, SeatChange, facts_of, seat_changes
from enrollment.enrolments.domain.enrolment import UNDONE, UNLISTED, Enrolment, enrollment_id_of
from enrollment.enrolments.domain.problems import refused_because, refuses, unreadable
from enrollment.enrolments.domain.requests import Ask, Decision, Examined, Known, decide, examine, rejection
from enrollment.enrolments.domain.results import (
    ExaminedReport,
    Judgement,
    Report,
    examine_report,
    judge_reports,
)
from enrollment.enrolments.domain.waiting import WaitingAsk, late_answer, left_waiting, waiting_asks
from enrollment.enrolments.domain.withdrawals import Withdrawal, decide_withdrawals

__all__ = [
    "UNDONE",
    "UNLISTED",
    "Ask",
    "Awaiting",
    "Change",
    "Decision",
    "Enrolment",
    "Examined",
    "ExaminedReport",
    "Judgement",
    "Known",
    "Report",
    "SeatChange",
    "WaitingAsk",
    "Withdrawal",
    "decide",
    "decide_withdrawals",
    "enrollment_id_of",
    "examine",
    "examine_report",
    "facts_of",
    "judge_reports",
    "late_answer",
    "left_waiting",
    "refused_because",
    "refuses",
    "rejection",
    "seat_changes",
    "unreadable",
    "waiting_asks",
]
