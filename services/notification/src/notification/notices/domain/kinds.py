"""What can be told: how long it is worth an e-mail, and which page it is about."""

from dataclasses import dataclass
from datetime import timedelta

SETTLE = timedelta(seconds=5)
"""An audience is looked up this long after its cause, so that facts of other topics can catch up."""
FAN_OUT_CHUNK = 20000
"""Most people looked at in one transaction, some 0.8 s. Notices' ids are hashes, so any chunk of a large audience writes
to nearly each page of their indexes: with 5,000 a million took twice as long, with 50,000 a twentieth less."""
REMIND_BEFORE = timedelta(days=3)

ANNOUNCE = "notices.announce"
MATCH = "notices.match"
TELL_ENROLLED = "notices.tell_enrolled"
TELL = "notices.tell"
REMIND_TASK = "notices.remind_task"
REMIND_TEST = "notices.remind_test"

ASKING = "approval_requested"
"""The kind of notice that asks for somebody's word; moot once that word is not needed any more."""

_RUN = "/enrollment/angkatan/{run_id}"
_CATALOGUE = "/enrollment/katalog"
_TEST = "/assessment/tes/{about_id}"
_TASKS = "/evaluation/tugas"
_TASK = "/evaluation/tugas/{about_id}"
PERSONAL_LINK = "/evaluation/tautan/{token}"
"""Opens one task without signing in; only mails carry it."""
_JP = "/enrollment/jp"
_PROFILE = "/assessment/profil"
_OWN_DATA = "/data-saya"
_CREDITS = "/enrollment/jp/ajukan"
_APPROVALS = "/enrollment/persetujuan"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of notice. After `limit` (business time from its cause) an e-mail is no longer worth sending."""

    code: str
    place: str
    limit: timedelta = timedelta(days=3)

    @property
    def personal(self) -> bool:
        """Whether a mail may carry a personal link to it."""
        return self.place == _TASK


KINDS = {
    kind.code: kind
    for kind in (
        Kind("training_announced_gap", _RUN),
        Kind("training_announced_job", _RUN),
        Kind("enrollment_accepted", _RUN),
        Kind("enrollment_waitlisted", _RUN),
        Kind("enrollment_rejected", _CATALOGUE),
        Kind("enrollment_withdrawn", _RUN),
        Kind("pretest_ready", _TEST),
        Kind("posttest_ready", _TEST),
        Kind("test_reminder", _TEST, timedelta(days=2)),
        Kind("test_scored", _TEST),
        Kind("training_completed", _JP),
        Kind("training_not_completed", _CATALOGUE),
        Kind("result_corrected", _JP),
        Kind("certificate_revoked", _JP),
        Kind("training_recommended", _RUN),
        Kind("training_recommended_unscheduled", _PROFILE, timedelta(days=7)),
        Kind("training_changed", _RUN),
        Kind("training_cancelled", _CATALOGUE),
        Kind("data_request_accepted", _OWN_DATA),
        Kind("data_request_refused", _OWN_DATA),
        Kind("jp_credit_accepted", _JP),
        Kind("jp_credit_refused", _CREDITS),
        Kind("jp_credit_corrected", _JP),
        Kind(ASKING, _APPROVALS),
        Kind("task_opened", _TASK),
        Kind("task_reminder", _TASK, timedelta(days=2)),
        Kind("task_expired", _TASKS),
    )
}
"""Limits are our own decision (no regulation sets them): three days, less for a reminder, a week for advice."""
