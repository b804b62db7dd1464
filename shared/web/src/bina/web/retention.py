"""How long what names people is kept: read from `retention.toml` and a site's own file, shown to the people it is about.

`Periods.read(site)` at the start: an entry that is none stops it, by its place. `periods.of("notices", today)` gives the
one that holds on a day.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from bina.web.language import counted
from bina.web.language import gettext as _

KEPT = (
    "people", "trainings", "notices", "deliveries", "kept_forms", "commands", "discarded", "audit_values", "sessions",
    "data_requests", "imports", "jp_evidence", "approvals",
)  # fmt: skip
LONGEST = 36_525
"""Days; a hundred years."""
SHORTEST = {"commands": 1}
"""Days: as long as a form can be sent again, its first answer is kept, or it would count twice."""
_FIELDS = {"keeps", "from", "days", "basis", "source"}


class UnknownPeriod(Exception):  # noqa: N818 - names the finding
    """An entry that keeps what there is not, or does not say how long, from when or on what basis."""


@dataclass(frozen=True)
class Period:
    """For how many days something is kept from a date on, and who says so: a law (`source`) or the agency."""

    keeps: str
    since: date
    days: int
    source: str = ""

    @property
    def length(self) -> timedelta:
        """The same as a span of time."""
        return timedelta(days=self.days)


class Periods:
    """All entries; of each kind the site's newest whose date has come holds, or else the newest that is shipped.

    A site's decision stays whatever a later release ships. Before the first date the first one holds.
    """

    def __init__(self, shipped: Sequence[Period], site: Sequence[Period] = ()) -> None:
        self._entries = {kept: [*_of_kind(kept, shipped), *_of_kind(kept, site)] for kept in KEPT}

    @classmethod
    def read(cls, site: str = "") -> "Periods":
        """The entries as shipped, and those of a site's own file. Raises `UnknownPeriod` naming file and entry."""
        shipped = files(__package__).joinpath("retention.toml").read_text(encoding="utf-8")
        own = _entries(_text(Path(site)), site) if site else ()
        return cls([*_entries(shipped, "retention.toml")], [*own])

    def of(self, keeps: str, day: date) -> Period:
        """The period that holds on a day."""
        entries = self._entries[keeps]
        return next((e for e in reversed(entries) if e.since <= day), entries[0])

    def on(self, day: date) -> list[Period]:
        """All that hold on a day, in the order of the page."""
        return [self.of(kept, day) for kept in KEPT]


def _of_kind(keeps: str, entries: Sequence[Period]) -> list[Period]:
    """Its entries, the newest last."""
    return sorted((e for e in entries if e.keeps == keeps), key=lambda e: e.since)


def name_of(keeps: str) -> str:
    """What is kept, in the reader's words, and from when its time is counted."""
    words = {
        "people": _("Data kepegawaian, sejak Anda berhenti bertugas"),
        "trainings": _("Catatan pelatihan dan sertifikat, sejak pelatihan terakhir selesai"),
        "notices": _("Pemberitahuan, sejak dikirim"),
        "deliveries": _("Catatan pengiriman, sejak berakhir"),
        "kept_forms": _("Isian yang datang setelah sesi berakhir"),
        "commands": _("Jawaban atas perintah, agar kiriman ulang tidak berlaku dua kali"),
        "discarded": _("Isi pesan sistem yang dibuang, sejak dibuang"),
        "audit_values": _("Nama dan isi dalam catatan audit; sidiknya tetap ada"),
        "sessions": _("Catatan sesi, sejak sesi itu habis"),
        "data_requests": _("Permintaan Anda atas data, sejak dijawab"),
        "imports": _("Berkas yang diunggah instansi beserta barisnya, sejak diunggah"),
        "approvals": _("Permintaan kursi yang perlu persetujuan, sejak dijawab atau ditarik"),
        "jp_evidence": _("Bukti belajar yang Anda lampirkan, sejak diperiksa"),
    }
    return words[keeps]


def words_of(period: Period) -> str:
    """How long, in whole years where it is that."""
    if not period.days:
        return _("Dihapus saat itu juga")
    years = round(period.days / 365.25)
    if years and abs(period.days - years * 365.25) < 1:
        return counted("%(n)s tahun", years) % {"n": years}
    return counted("%(n)s hari", period.days) % {"n": period.days}


def source_of(period: Period) -> str:
    """Who says so."""
    return period.source or _("Keputusan instansi")


def _text(site: Path) -> str:
    try:
        return site.read_text(encoding="utf-8")
    except OSError as error:
        raise UnknownPeriod(f"{site} (BINA_RETENTION) cannot be read: {error.strerror}") from error


def _entries(text: str, place: str) -> Iterator[Period]:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnknownPeriod(f"{place}: {error}") from error
    if set(raw) != {"periods"} or not isinstance(raw["periods"], list):
        raise UnknownPeriod(f"{place}: holds [[periods]] and nothing else, not {sorted(raw)}")
    for number, entry in enumerate(raw["periods"], 1):
        yield _entry(entry, f"{place}, [[periods]] number {number}")


def _entry(entry: Mapping[str, Any], place: str) -> Period:
    keeps, since, days = entry.get("keeps"), entry.get("from"), entry.get("days")
    basis, source, least = entry.get("basis"), entry.get("source", ""), SHORTEST.get(str(keeps), 0)
    faults = {
        f"unknown fields {sorted(set(entry) - _FIELDS)}": bool(set(entry) - _FIELDS),
        f"keeps = {keeps!r} is none of {', '.join(KEPT)}": keeps not in KEPT,
        f"from = {since!r} is no date": type(since) is not date,
        f"days = {days!r} is no number from {least} to {LONGEST}": type(days) is not int
        or not least <= days <= LONGEST,
        f"basis = {basis!r} is neither law nor agency": basis not in ("law", "agency"),
        "basis law needs a source, basis agency has none": (basis == "law") != bool(source),
    }
    for fault, found in faults.items():
        if found:
            raise UnknownPeriod(f"{place}: {fault}")
    return Period(str(keeps), entry["from"], entry["days"], str(source))
