"""Rules of notices: what is told, until when it is worth telling, in which words, and where it leads."""

from .kinds import (
    ANNOUNCE,
    ASKING,
    FAN_OUT_CHUNK,
    KINDS,
    MATCH,
    REMIND_TASK,
    REMIND_TEST,
    SETTLE,
    TELL,
    TELL_ENROLLED,
    Kind,
)
from .notice import Notice, Run, Telling, changes_between, reminder_time
from .rendering import Spoken, gist_of, mail_path_of, path_of, speak

__all__ = [
    "ANNOUNCE",
    "ASKING",
    "FAN_OUT_CHUNK",
    "KINDS",
    "MATCH",
    "REMIND_TASK",
    "REMIND_TEST",
    "SETTLE",
    "TELL",
    "TELL_ENROLLED",
    "Kind",
    "Notice",
    "Run",
    "Spoken",
    "Telling",
    "changes_between",
    "gist_of",
    "mail_path_of",
    "path_of",
    "reminder_time",
    "speak",
]
