"""From a notice to words.

Rendered when it is read or sent, in the reader's language, with the run as it was at the notice's time: so no copy
of a name lies in a notice, an erased person leaves none behind, and a later change does not rewrite what was said.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from textwrap import shorten
from typing import Any
from uuid import UUID

from notification.notices.templates import Language, load_templates

from .kinds import ASKING, KINDS, PERSONAL_LINK
from .notice import Run, Telling
from .reference import competency_name, entitlement_on
from .writing import day, deadline, language_of, number, short_day

GIST_LENGTH = 150
TaskToken = Callable[[UUID, date], str]
_LISTED = {"dates": "change_dates", "location": "change_location"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A notice in one reader's words."""

    subject: str
    body: str
    link: str


def speak(telling: Telling) -> Spoken:
    """The words of a notice."""
    language = language_of(telling.language)
    template = load_templates().notices[telling.kind]
    known = _values(telling, language)
    words = template.render(language, {name: known.get(name, "–") for name in template.placeholders})
    return Spoken(" ".join(words.subject.split()), words.body, words.link)


def gist_of(telling: Telling, spoken: Spoken) -> str:
    """What a list shows of a notice: a deadline first, then what it says after the salutation."""
    parts = spoken.body.split("\n\n")[1:]
    due = deadline(telling.details["due"], language_of(telling.language)) if "due" in telling.details else ""
    ordered = sorted(parts, key=lambda part: not (due and due in part))
    lines = (line for part in ordered for line in part.splitlines())
    said = " ".join(line if line.endswith((".", ":")) else f"{line};" for line in lines).rstrip(";")
    return shorten(said, width=GIST_LENGTH, placeholder=" …")


def path_of(telling: Telling) -> str:
    """The page a notice leads to, for whoever signs in."""
    return KINDS[telling.kind].place.format(run_id=telling.run_id, about_id=telling.about_id)


def mail_path_of(telling: Telling, task_token: TaskToken) -> str:
    """The same for a mail: a task opens by a personal link, which `task_token` signs until the task's last day."""
    if not KINDS[telling.kind].personal:
        return path_of(telling)
    return PERSONAL_LINK.format(
        token=task_token(telling.about_id, date.fromisoformat(telling.details["due"]))
    )


def _values(telling: Telling, language: Language) -> dict[str, str]:
    values = {
        "name": telling.name or _phrase("recipient_unknown", language),
        "position": telling.position or "–",
        **_of_run(telling, language),
        **{key: _plain(value, language) for key, value in telling.details.items()},
    }
    return values | _SPECIAL.get(telling.kind, _nothing)(telling, language)


def _of_run(telling: Telling, language: Language) -> dict[str, str]:
    run = telling.run
    if run is None:
        return {}
    return {
        "programme": run.programme_name,
        "run_code": run.run_code,
        "starts_on": day(run.starts_on, language),
        "dates": _dates(run, language),
        "location": run.location or _phrase("location_open", language),
        "jp": number(run.jp, language),
        "seats": number(run.seats, language),
    }


def _dates(run: Run, language: Language) -> str:
    """From the first day to the last; a run of one day names it once."""
    first, last = day(run.starts_on, language), day(run.ends_on, language)
    return first if first == last else _phrase("dates_span", language, starts_on=first, ends_on=last)


def _plain(value: Any, language: Language) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(value, language)
    return str(value)


def _phrase(name: str, language: Language, **values: object) -> str:
    return load_templates().phrases[name].render(language, values)


def _nothing(_telling: Telling, _language: Language) -> dict[str, str]:
    return {}


def _gap(telling: Telling, language: Language) -> dict[str, str]:
    return {"competency": competency_name(telling.details["competency"], language)}


def _due(telling: Telling, language: Language) -> dict[str, str]:
    return {"due": deadline(telling.details["due"], language)}


def _task(telling: Telling, language: Language) -> dict[str, str]:
    own = telling.details["alumnus_id"] == str(telling.recipient_id)
    other = "" if own else telling.about_name
    return {
        **_due(telling, language),
        "about": other or _phrase("about_self" if own else "about_unknown", language),
        "whom": other or _training(telling, language),
    }


def _training(telling: Telling, language: Language) -> str:
    return _of_run(telling, language).get("programme") or _phrase("about_unknown", language)


def _asked(telling: Telling, language: Language) -> dict[str, str]:
    details = telling.details
    asker = telling.about_name or _phrase("asker_unknown", language)
    if telling.is_moot:
        return {"asker": asker, "next": _phrase("approval_moot", language)}
    if details["stage"] == "agency":
        return {"asker": asker, "next": _phrase("approval_agency", language)}
    if "due" not in details:
        return {"asker": asker, "next": _phrase("approval_whenever", language)}
    due = deadline(details["due"], language)
    return {"asker": asker, "next": _phrase("approval_supervisor", language, due=due)}


def _test_reminder(telling: Telling, language: Language) -> dict[str, str]:
    return {**_due(telling, language), "test": _phrase(f"test_{telling.details['test']}", language)}


def _expired(telling: Telling, language: Language) -> dict[str, str]:
    closed_on = short_day(telling.details["closed_on"], language)
    return {"closed_on": closed_on, "whom": _training(telling, language)}


def _reason(telling: Telling, language: Language) -> dict[str, str]:
    return {"reason": telling.details.get("reason") or _phrase("reason_missing", language)}


def _rejected(telling: Telling, language: Language) -> dict[str, str]:
    phrases = load_templates().phrases
    mend = f"mend_{telling.details['reason_code'].replace('-', '_').replace('.', '_')}"
    return {
        **_reason(telling, language),
        "mend": _phrase(mend if mend in phrases else "mend_otherwise", language),
    }


def _not_completed(telling: Telling, language: Language) -> dict[str, str]:
    return {"reason": _phrase(f"not_completed_{telling.details['reason']}", language)}


def _corrected(telling: Telling, language: Language) -> dict[str, str]:
    completed = "outcome_completed" if telling.details["completed"] else "outcome_not_completed"
    jp = number(telling.details["jp"], language)
    return {**_reason(telling, language), "outcome": _phrase(completed, language, jp=jp)}


def _scored(telling: Telling, language: Language) -> dict[str, str]:
    test, passed = telling.details["test"], telling.details["passed"]
    pass_score = telling.run.pass_score if telling.run else None
    if test == "pre":
        following = _phrase("next_after_pre", language)
    elif passed is None or (not passed and pass_score is None):
        following = _phrase("next_without_pass_rule", language)
    elif passed:
        following = _phrase("next_after_pass", language)
    else:
        following = _phrase("next_after_fail", language, pass_score=number(pass_score or 0, language))
    return {"test": _phrase(f"test_{test}", language), "next": following}


def _completed(telling: Telling, language: Language) -> dict[str, str]:
    done = date.fromisoformat(telling.details["completed_on"])
    earned = max(telling.details["jp_in_year"], telling.details["jp"])
    # The floor is not for a CPNS yet, and nothing is said of a ceiling for a PPPK of part time.
    return {
        "jp_in_year": number(earned, language),
        "jp_note": "" if telling.appointment else _jp_note(telling.employment, done, earned, language),
    }


def _jp_note(employment: str, done: date, earned: int, language: Language) -> str:
    """For PNS a floor to reach, for PPPK a ceiling (never a target); nothing where no rule is known."""
    rule = entitlement_on(employment, done)
    if rule is None:
        return ""
    if employment == "PPPK":
        return _phrase("jp_note_pppk_limit", language, limit=rule.jp)
    if earned >= rule.jp:
        return _phrase("jp_note_met", language, target=rule.jp)
    year_end = short_day(done.replace(month=12, day=31), language)
    return _phrase("jp_note_short", language, missing=rule.jp - earned, deadline=year_end)


def _changed(telling: Telling, language: Language) -> dict[str, str]:
    values = _of_run(telling, language)
    parts = [_LISTED[change] for change in telling.details["changes"]]
    phrases = load_templates().phrases
    return {"changes": "\n".join(phrases[part].render(language, values) for part in parts)}


def _recommended(telling: Telling, language: Language) -> dict[str, str]:
    names = competency_name(telling.details["competency_code"], language)
    said = telling.details["competency"]
    return {"competency": said if names == telling.details["competency_code"] or language == "id" else names}


_SPECIAL: dict[str, Callable[[Telling, Language], dict[str, str]]] = {
    "training_announced_gap": _gap,
    "enrollment_rejected": _rejected,
    "enrollment_withdrawn": _reason,
    "pretest_ready": _due,
    "posttest_ready": _due,
    "test_reminder": _test_reminder,
    "test_scored": _scored,
    "training_completed": _completed,
    "training_not_completed": _not_completed,
    "result_corrected": _corrected,
    "certificate_revoked": _reason,
    "training_recommended": _recommended,
    "training_recommended_unscheduled": _recommended,
    "training_changed": _changed,
    "training_cancelled": _reason,
    ASKING: _asked,
    "task_opened": _task,
    "task_reminder": _task,
    "task_expired": _expired,
}
