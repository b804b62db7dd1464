"""Mails that went twice: allowed only where nobody could know that the first one was taken."""

from collections import defaultdict
from itertools import pairwise

from chaos.asked import entries
from chaos.findings import DUPLICATE, Found
from chaos.observing import Observed
from chaos.saboteur import ROLLING
from chaos.stage import DATABASE

SENDER = "notification"
IN_HAND_SECONDS = 10.0
"""A chunk's mails go one after the other and are marked together; so long one of them may be without its mark."""
Span = tuple[float, float]


def arrivals(observed: Observed) -> dict[str, list[float]]:
    """When each notice's mails arrived, in order."""
    found: dict[str, list[float]] = defaultdict(list)
    for entry in entries(observed, "mail"):
        found[entry["message_id"].strip("<>").partition(".")[0]].append(entry["at"])
    return found


def repeated_mails(observed: Observed) -> tuple[list[str], list[str]]:
    """Notices by mail too many, one line for each: (explained, not explained)."""
    spans, explained, unexplained = disturbances(observed), [], []
    for notice, times in arrivals(observed).items():
        for first, second in pairwise(times):
            fits = any(began <= first + IN_HAND_SECONDS and first <= ended for began, ended in spans)
            line = f"notice {notice} was mailed again after {second - first:.1f} s"
            (explained if fits else unexplained).append(line)
    return explained, unexplained


def disturbances(observed: Observed) -> list[Span]:
    """From when to when the sender or its database was killed, asleep or cut off; an end in order is none."""
    begun: dict[tuple[str, str], list[float]] = defaultdict(list)
    spans = []
    for entry in (e for e in observed.journal if e.get("victim") in (SENDER, DATABASE)):
        if entry["what"] == "act" and entry["act"] != ROLLING:
            begun[entry["act"], entry["victim"]].append(entry["at"])
        elif entry["what"] == "act done" and entry["act"] != ROLLING:
            spans.append((begun[entry["act"], entry["victim"]].pop(0), entry["at"]))
        elif entry["what"] == "unhealthy" or (entry["what"] == "ended" and entry["code"]):
            spans.append((entry["at"], entry["at"]))
    return spans


def no_mail_goes_twice_without_cause(observed: Observed) -> Found:
    """Each mail too many follows a death, a sleep or a broken line of the sender or its database."""
    for line in repeated_mails(observed)[1]:
        yield DUPLICATE, line


CHECKS = (no_mail_goes_twice_without_cause,)
