"""A run's form: what was filled in as the row that commands take, or what is wrong with it, by field."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bina.messaging import clock
from bina.web.commands import FormCommand
from bina.web.language import gettext as _
from enrollment.catalogue import admission_form
from enrollment.catalogue.domain import Run, RunSession
from enrollment.catalogue.programme_form import codes_in, competencies_in, count_in

FIELDS = (
    "code", "organiser", "open_to", "starts_on", "ends_on", "seats", "mode", "location", "job_levels", "pass_score",
    "attendance_percent", "report_required", "opens_at", "closes_at", "cost_per_seat", "required_programmes",
    "required_levels", "partner_id", *admission_form.FIELDS,
)  # fmt: skip
SESSION = ("id", "day", "from", "to", "title", "place", "link", "trainer", "speaker")
BLANK, MOST = 3, 100
"""Empty rows offered for more sessions; how many a run has at most."""
Row = TypeVar("Row", bound=BaseModel)
_LISTS = ("open_to", "job_levels", "required_programmes")
_COUNTS = ("seats", "attendance_percent", "cost_per_seat")


def given(command: FormCommand) -> dict[str, Any]:
    """The form as it was filled in; `sessions` are the rows of which anything is."""
    rows = [
        {name: command.line(f"session.{place}.{name}") for name in SESSION}
        for place in range(MOST)
        if f"session.{place}.day" in command.form
    ]
    return {name: command.text(name) for name in FIELDS} | {
        "location": command.line("location"),
        "sessions": [row for row in rows if any(row.values())],
    }


def filled(run: Run, sessions: Sequence[RunSession]) -> dict[str, Any]:
    """The form with a run in it."""
    own = {name: getattr(run, name) for name in FIELDS if name not in admission_form.FIELDS}
    own |= admission_form.filled(run.admission)
    own |= {name: ", ".join(own[name]) for name in _LISTS} | {"partner_id": str(run.partner_id or "")}
    own |= {"pass_score": "" if run.pass_score is None else f"{run.pass_score.normalize():f}"}
    own |= {name: _local(getattr(run, name)) for name in ("opens_at", "closes_at")}
    levels = "\n".join(f"{one.code} {one.level}" for one in run.required_levels)
    return own | {"required_levels": levels, "sessions": [_session(one) for one in sessions]}


def read(
    model: type[Row], form: Mapping[str, Any], more: Mapping[str, Any]
) -> tuple[Row | None, dict[str, str]]:
    """(the row, nothing), or (None, what is wrong by field)."""
    wrong: dict[str, str] = {}
    values = {name: value for name, value in _values(form, wrong).items() if name in model.model_fields}
    if wrong:
        return None, wrong
    try:
        return model.model_validate(values | dict(more)), {}
    except ValidationError as refused:
        return None, {_place(error["loc"], error["msg"]): _words(error["msg"]) for error in refused.errors()}


def field_of(where: str) -> str:
    """The field that a command's fault is about: `items.0.sessions.2.starts_at` → `session.2.day`."""
    parts = where.removeprefix("items.0.").split(".")
    if parts[0] == "admission":
        return admission_form.field_of(parts)
    if parts[0] != "sessions":
        return parts[0]
    name = {"starts_at": "day", "ends_at": "to"}.get(parts[-1], parts[-1])
    return f"session.{parts[1]}.{name}" if len(parts) > 1 else "session.0.day"


def _values(form: Mapping[str, Any], wrong: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {name: codes_in(form[name]) for name in _LISTS}
    for name in _COUNTS:
        values[name] = _counted(form[name], name, wrong)
    for name in ("opens_at", "closes_at"):
        values[name] = _moment(form[name], name, wrong)
    for name in ("starts_on", "ends_on"):
        if not _is_day(form[name]):
            wrong[name] = _("Isi tanggalnya.")
    levels = competencies_in(form["required_levels"])
    if not all(1 <= one["level"] <= 5 for one in levels):
        wrong["required_levels"] = _(
            "Tulis satu kompetensi sebaris: kode, spasi, tingkat 1 sampai 5. Misalnya: M5 2"
        )
    values |= {name: form[name] for name in ("code", "organiser", "starts_on", "ends_on", "mode", "location")}
    values |= {
        "pass_score": form["pass_score"].replace(",", ".") or None,
        "partner_id": form["partner_id"] or None,
        "required_levels": levels,
    }
    values |= {"report_required": bool(form["report_required"])}
    values["admission"] = admission_form.read(form, wrong)
    values["attendance_percent"] = values["attendance_percent"] or 100
    values["cost_per_seat"] = values["cost_per_seat"] or 0
    return values | {
        "sessions": [_read_session(row, place, wrong) for place, row in enumerate(form["sessions"])]
    }


def _read_session(row: Mapping[str, str], place: int, wrong: dict[str, str]) -> dict[str, Any]:
    starts, ends = (joined(row["day"], row[name]) for name in ("from", "to"))
    if starts is None or ends is None or ends <= starts:
        wrong[f"session.{place}.day"] = _("Isi tanggal, jam mulai dan jam selesai sesudahnya.")
    if row["link"] and not row["link"].startswith("https://"):
        wrong[f"session.{place}.link"] = _("Tautan dimulai dengan https://")
    texts = {name: row[name] for name in ("title", "place", "link")}
    known = {name: row[name] for name in ("id", "trainer", "speaker") if row[name]}
    return {"starts_at": starts, "ends_at": ends, **texts, **known}


def _counted(words: str, name: str, wrong: dict[str, str]) -> int | None:
    plain = words.replace(".", "").removeprefix("Rp").strip()
    found = count_in(plain)
    if words and found is None:
        wrong[name] = _("Isi dengan bilangan bulat, atau kosongkan.")
    return found


def _moment(words: str, name: str, wrong: dict[str, str]) -> datetime | None:
    try:
        return datetime.fromisoformat(words).replace(tzinfo=clock.ZONE) if words else None
    except ValueError:
        wrong[name] = _("Isi tanggal dan jamnya.")
        return None


def joined(day: str, at: str) -> datetime | None:
    """A form's day and time, in the business zone; None where either cannot be read."""
    try:
        return datetime.combine(date.fromisoformat(day), time.fromisoformat(at), clock.ZONE)
    except ValueError:
        return None


def _is_day(words: str) -> bool:
    try:
        return bool(date.fromisoformat(words))
    except ValueError:
        return False


def _local(moment: datetime | None) -> str:
    return moment.astimezone(clock.ZONE).strftime("%Y-%m-%dT%H:%M") if moment else ""


def _session(one: RunSession) -> dict[str, str]:
    starts, ends = (moment.astimezone(clock.ZONE) for moment in (one.starts_at, one.ends_at))
    times = {"day": starts.date().isoformat(), "from": f"{starts:%H:%M}", "to": f"{ends:%H:%M}"}
    return {
        "id": str(one.session_id),
        **times,
        "title": one.title,
        "place": one.place,
        "link": one.link,
        "trainer": "",
        "speaker": str(one.speaker_id or ""),
    }


def _place(place: tuple[int | str, ...], message: str) -> str:
    """Of a rule that is about several fields, the one that is to be mended."""
    if place:
        return field_of(".".join(map(str, place)))
    return "closes_at" if "closes_at" in message else "ends_on"


def _words(message: str) -> str:
    if "ends_on" in message:
        return _("Tanggal selesai mendahului tanggal mulai.")
    if "closes_at" in message:
        return _("Penutupan pendaftaran mendahului pembukaannya.")
    return _("Isian ini terlalu panjang atau di luar batas.")
