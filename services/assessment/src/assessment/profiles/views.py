"""What pages show of a profile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assessment.profiles.domain import Entry, Match, match_of
from assessment.standards.reference import load_standards
from bina.web import charts
from bina.web.language import counted, current
from bina.web.language import gettext as _


def competency_name(code: str) -> str:
    """A competency's name in the reader's language, else its code."""
    known = load_standards().competencies.get(code)
    if known is None:
        return code
    return known.name_en if current() == "en" else known.name_id


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's profile against the levels that the job requires."""

    entries: Sequence[Entry]
    required: Mapping[str, int]

    @property
    def ranked(self) -> list[Entry]:
        """The largest gap first, then by code; what the job does not require last."""
        return sorted(self.entries, key=lambda e: (-e.gap, e.standard is None, e.code))

    @property
    def gaps(self) -> list[Entry]:
        """Entries below the standard, the largest first."""
        return [e for e in self.ranked if e.gap]

    @property
    def strengths(self) -> list[Entry]:
        """Entries that meet or exceed their standard, the furthest above first."""
        met = [e for e in self.entries if e.standard is not None and not e.gap]
        return sorted(met, key=lambda e: ((e.standard or 0) - e.level, e.code))

    @property
    def unassessed(self) -> list[str]:
        """Codes that the job requires and nobody has assessed yet."""
        known = {e.code for e in self.entries}
        return sorted(code for code in self.required if code not in known)

    @property
    def match(self) -> Match | None:
        """JPM over what was assessed."""
        return match_of(self.entries, self.required)

    @property
    def finding(self) -> str:
        """The sentence that answers where the gap is."""
        if self.gaps:
            worst = self.gaps[0]
            return counted(
                "Kesenjangan terbesar: %(name)s, kurang %(gap)s level dari standar.", worst.gap
            ) % {
                "name": competency_name(worst.code),
                "gap": worst.gap,
            }
        if self.strengths:
            return _("Semua kompetensi yang sudah dinilai memenuhi standar jabatan Anda.")
        return _("Belum ada kompetensi jabatan Anda yang dinilai.")

    def chart(self) -> charts.Figure | None:
        """Dumbbells of what the job requires and tests showed."""
        measured = [e for e in self.ranked if e.standard is not None]
        if not measured:
            return None
        short = sum(1 for e in measured if e.gap)
        title = counted("%(short)s dari %(all)s kompetensi yang dinilai di bawah standar", len(measured))
        return charts.dumbbell(
            title % {"short": short, "all": len(measured)},
            [charts.Pair(competency_name(e.code), e.standard or 0, e.level) for e in measured],
            low=0,
            high=5,
            ticks=(0, 1, 2, 3, 4, 5),
            reference=_("standar jabatan"),
            found=_("hasil tes, indikatif"),
            note=_("Level 0 sampai 5"),
        )
