"""A programme's form: what was filled in as the row that commands take, or what is wrong with it, by field."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bina.web.commands import FormCommand
from bina.web.language import gettext as _
from enrollment.catalogue.bodies import ProgrammeRow
from enrollment.catalogue.domain import Programme
from enrollment.catalogue.view import KINDS, POSITIONS

FIELDS = (
    "code", "name", "kind_id", "jp", "theory", "practice", "simulation", "case_study", "mode", "competencies",
    "job_levels", "agencies", "quota", "audience",
)  # fmt: skip
BINDING = "binding"
METHODS = ("theory", "practice", "simulation", "case_study")


def given(command: FormCommand) -> dict[str, Any]:
    """The form as it was filled in; `positions` are those that are ticked."""
    ticked = [position for position in POSITIONS if command.text(f"position.{position}")]
    texts = {name: command.text(name) for name in FIELDS}
    return texts | {"name": command.line("name"), "positions": ticked}


def filled(programme: Programme) -> dict[str, Any]:
    """The form with a programme in it."""
    mix = programme.mix
    return {
        "code": programme.code,
        "name": programme.name,
        "kind_id": programme.kind_id or "",
        "jp": programme.jp,
        **{name: getattr(mix, name) if mix.jp else "" for name in METHODS},
        "mode": programme.mode,
        "competencies": "\n".join(f"{c.code} {c.level}" for c in programme.competencies),
        "job_levels": ", ".join(programme.job_levels),
        "positions": list(programme.positions),
        "agencies": ", ".join(programme.agencies),
        "audience": BINDING if programme.audience_binds else "",
        "quota": "" if programme.quota is None else programme.quota,
    }


def audiences() -> list[tuple[str, str]]:
    """Whether whom a programme is for binds."""
    return [("", _("Anjuran: yang lain tetap boleh")), (BINDING, _("Mengikat: yang lain ditolak"))]


def read(form: Mapping[str, Any]) -> tuple[ProgrammeRow | None, dict[str, str]]:
    """(the row, nothing), or (None, what is wrong by field)."""
    wrong = {name: words for name, words in _wrong(form).items() if words}
    if wrong:
        return None, wrong
    try:
        return ProgrammeRow.model_validate(_values(form)), {}
    except ValidationError as refused:
        return None, {_field(error["loc"]): _words() for error in refused.errors()}


def codes_in(words: str) -> list[str]:
    """What stands between commas or on lines of its own, once."""
    parts = (part.strip() for part in words.replace("\n", ",").split(","))
    return list(dict.fromkeys(part for part in parts if part))


def count_in(words: str) -> int | None:
    """A whole number; None for anything else."""
    return int(words) if words.isascii() and words.isdigit() and len(words) < 10 else None


def _values(form: Mapping[str, Any]) -> dict[str, Any]:
    mix = {name: count_in(str(form[name])) or 0 for name in METHODS}
    kind_id = count_in(str(form["kind_id"]))
    return {
        "code": form["code"],
        "name": form["name"],
        "jp": count_in(str(form["jp"])),
        "kind_id": kind_id,
        "kind": KINDS.get(kind_id or 0, ""),
        "mode": form["mode"],
        "mix": mix,
        "competencies": competencies_in(form["competencies"]),
        "job_levels": codes_in(form["job_levels"]),
        "positions": form["positions"],
        "agencies": codes_in(form["agencies"]),
        "audience_binds": form["audience"] == BINDING,
        "quota": count_in(str(form["quota"])),
    }


def _wrong(form: Mapping[str, Any]) -> dict[str, str]:
    jp = count_in(str(form["jp"]))
    competencies = competencies_in(form["competencies"])
    return {
        "code": "" if _is_code(form["code"]) else _("Isi kode tanpa garis miring, paling panjang 64 huruf."),
        "name": "" if form["name"] else _("Isi nama programnya."),
        "kind_id": "" if count_in(str(form["kind_id"])) in KINDS else _("Pilih jenis pelatihannya."),
        "jp": "" if jp and jp <= 1000 else _("Isi JP dengan bilangan bulat dari 1 sampai 1.000."),
        **{
            name: "" if not form[name] or count_in(str(form[name])) is not None else _number()
            for name in METHODS
        },
        "quota": "" if not form["quota"] or count_in(str(form["quota"])) is not None else _number(),
        "competencies": ""
        if all(1 <= row["level"] <= 5 for row in competencies)
        else _("Tulis satu kompetensi sebaris: kode, spasi, tingkat 1 sampai 5. Misalnya: M5 2"),
    }


def competencies_in(words: str) -> list[dict[str, Any]]:
    """Each line's code and level; 0 where a line has none."""
    lines = [line.split() for line in words.splitlines() if line.strip()]
    return [
        {
            "code": " ".join(parts[:-1]) or parts[0],
            "level": (count_in(parts[-1]) or 0) if len(parts) > 1 else 0,
        }
        for parts in lines
    ]


def _is_code(code: str) -> bool:
    return 0 < len(code) <= 64 and "/" not in code and code not in (".", "..")


def _number() -> str:
    return _("Isi dengan bilangan bulat, atau kosongkan.")


def _field(place: tuple[int | str, ...]) -> str:
    return str(place[0]) if place else "name"


def _words() -> str:
    return _("Isian ini terlalu panjang atau di luar batas.")
