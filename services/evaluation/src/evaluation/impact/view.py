"""A run's figures in sentences and charts for the heads of agencies."""

from collections.abc import Sequence
from dataclasses import dataclass

from bina.web import charts
from bina.web.charts import Figure
from bina.web.formats import day, number, percent
from bina.web.language import counted
from bina.web.language import gettext as _

from . import domain
from .domain import Lane, Mean, Outcome

MOST_PAIRS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One training in the list."""

    outcome: Outcome
    verdict: domain.Verdict
    tag: str
    kind: str

    @property
    def rate(self) -> float | None:
        """Answers per task asked."""
        return self.outcome.answered / self.outcome.asked if self.outcome.asked else None


@dataclass(frozen=True, slots=True)
class LevelView:
    """One of Kirkpatrick's levels: what it says, how sure that is, and what lies behind it."""

    level: str
    title: str
    finding: str
    tag: str
    kind: str
    lanes: Sequence[Lane] = ()


def line_of(outcome: Outcome) -> Line:
    """A training with its verdict at the furthest level that has enough answers."""
    level, verdict = domain.verdict(outcome)
    words, kind = verdict_tag(verdict)
    return Line(outcome, verdict, words if verdict == "unknown" else f"{words} · {level}", kind)


def verdict_tag(verdict: domain.Verdict) -> tuple[str, str]:
    """A verdict's words and the kind of its tag."""
    return {
        "changed": (_("Berubah"), "success"),
        "unchanged": (_("Tidak berubah"), "danger"),
        "unknown": (_("Belum cukup data"), "neutral"),
    }[verdict]


def summary(lines: Sequence[Line]) -> str:
    """What the list says as a whole."""
    known = [line for line in lines if line.verdict != "unknown"]
    changed = [line for line in known if line.verdict == "changed"]
    if not lines:
        return ""
    if not known:
        return _("Belum ada pelatihan dengan cukup data untuk dinilai.")
    return counted(
        "%(changed)s dari %(known)s pelatihan yang cukup datanya membawa perubahan.", len(known)
    ) % {
        "changed": number(len(changed)),
        "known": number(len(known)),
    }


def scores(outcomes: Sequence[Outcome]) -> Figure | None:
    """Before and after of the latest runs whose tests may be shown."""
    shown = [o for o in outcomes if o.paired_pre.shown is not None and o.paired_post.shown is not None]
    pairs = [
        charts.Pair(
            f"{o.programme_name} ({o.run_code})",
            round(o.paired_pre.shown or 0, 1),
            round(o.paired_post.shown or 0, 1),
        )
        for o in shown[:MOST_PAIRS]
    ]
    if not pairs:
        return None
    least = min(pairs, key=lambda pair: float(pair.found or 0) - float(pair.reference))
    return charts.dumbbell(
        _("Kenaikan nilai terkecil pada %(name)s") % {"name": least.label}
        if len(pairs) > 1
        else _("Nilai sebelum dan sesudah pelatihan"),
        pairs,
        low=0,
        high=100,
        ticks=(0, 25, 50, 75, 100),
        reference=_("sebelum"),
        found=_("sesudah"),
        show=lambda value: number(value) if isinstance(value, int) else number(value, 1),
        note=_("Rata-rata peserta yang mengikuti kedua tes, sedikitnya %(n)s orang")
        % {"n": domain.rules().minimum},
    )


def response_funnel(outcome: Outcome) -> Figure:
    """Of the people trained: asked about, heard about."""
    return charts.funnel(
        _silence(outcome),
        [
            charts.Stage(_("Dilatih"), outcome.trained),
            charts.Stage(_("Ditanyakan"), outcome.people_asked),
            charts.Stage(_("Sedikitnya satu menjawab"), outcome.people_heard),
            charts.Stage(_("Semua yang ditanya menjawab"), outcome.people_complete),
        ],
        note=_("Orang; yang tidak dijawab dibiarkan kosong dan ikut dihitung"),
    )


def _silence(outcome: Outcome) -> str:
    silent = outcome.people_asked - outcome.people_heard
    if silent:
        return counted("%(n)s orang ditanyakan tanpa satu pun jawaban", silent) % {"n": number(silent)}
    if not outcome.people_complete:
        return _("Belum ada orang yang semua penilainya menjawab")
    return counted("Tentang %(n)s dari %(all)s orang semua yang ditanya menjawab", outcome.people_asked) % {
        "n": number(outcome.people_complete),
        "all": number(outcome.people_asked),
    }


def behaviour(outcome: Outcome) -> Figure | None:
    """Behaviour before and after by the alumni's own answers, where both may be shown."""
    before = domain.level_mean(outcome.before)
    after = next((lane.score for lane in outcome.of("L3") if lane.role == "alumnus"), Mean(0, None))
    if before.shown is None or after.shown is None:
        return None
    return charts.dumbbell(
        _("Perilaku menurut alumni, sebelum dan sesudah"),
        [charts.Pair(_("Rata-rata skala 1 sampai 4"), round(before.shown, 2), round(after.shown, 2))],
        low=1,
        high=4,
        ticks=(1, 2, 3, 4),
        reference=_("sebelum"),
        found=_("sesudah"),
        show=lambda value: number(value, 2),
        note=_("%(before)s jawaban sebelum, %(after)s sesudah; bukan orang yang persis sama")
        % {"before": number(before.n), "after": number(after.n)},
    )


def levels(outcome: Outcome) -> list[LevelView]:
    """The lanes L1 to L3."""
    return [_reaction(outcome), _knowledge(outcome), _behaviour(outcome)]


def _reaction(outcome: Outcome) -> LevelView:
    mean = domain.level_mean(outcome.of("L1"))
    finding = (
        _("Rata-rata kesan %(mean)s dari 4.") % {"mean": number(mean.shown, 2)}
        if mean.shown is not None
        else _gathering(outcome.of("L1"))
    )
    tag = (_("Terukur"), "info") if mean.shown is not None else verdict_tag("unknown")
    return LevelView("L1", _("Reaksi"), finding, *tag, outcome.of("L1"))


def _knowledge(outcome: Outcome) -> LevelView:
    gain, band = outcome.gain, domain.band_of(outcome.gain)
    pre, post = outcome.paired_pre, outcome.paired_post
    finding = _few(pre.n)
    if pre.shown is not None and post.shown is not None:
        finding = _("Nilai dari %(pre)s menjadi %(post)s pada %(n)s orang.") % {
            "pre": number(pre.shown, 1),
            "post": number(post.shown, 1),
            "n": number(pre.n),
        }
        if gain is not None:
            finding += " " + _("N-gain %(gain)s, %(band)s.") % {
                "gain": number(gain, 2),
                "band": _band_words(band),
            }
    return LevelView("L2", _("Pengetahuan"), finding, *verdict_tag(domain.knowledge_verdict(outcome)))


def _band_words(band: str | None) -> str:
    """A band of the normalised gain; another agency's own bands stay as they are named."""
    return {"tinggi": _("tinggi"), "sedang": _("sedang"), "rendah": _("rendah")}.get(band or "", band or "–")


def _behaviour(outcome: Outcome) -> LevelView:
    lanes = outcome.of("L3")
    change = domain.joined(lane.change for lane in lanes)
    finding = _gathering(lanes)
    opening = [lane.next_on for lane in lanes if lane.next_on]
    if change.value is not None:
        finding = counted("Perubahan cara kerja %(mean)s dari 4 menurut %(n)s jawaban.", change.n) % {
            "mean": number(change.value, 2),
            "n": number(change.n),
        }
    elif opening and not any(lane.asked for lane in lanes):
        finding = _("Baru ditanyakan mulai %(day)s.") % {"day": day(min(opening))}
    return LevelView("L3", _("Perilaku"), finding, *verdict_tag(domain.behaviour_verdict(outcome)), lanes)


def _few(n: int) -> str:
    if not n:
        return _("Belum ada jawaban.")
    return counted("Baru %(n)s jawaban; rata-rata tampil mulai %(least)s.", n) % {
        "n": number(n),
        "least": number(domain.rules().minimum),
    }


def _gathering(lanes: Sequence[Lane]) -> str:
    n = sum(lane.answered for lane in lanes)
    if not n:
        return _("Belum ada jawaban.")
    return counted(
        "%(n)s jawaban masuk; rata-rata tampil setelah sedikitnya %(least)s penilai satu kelompok menjawab.",
        n,
    ) % {"n": number(n), "least": number(domain.rules().minimum)}


def in_order(lanes: Sequence[Lane]) -> list[Lane]:
    """Before the training first, then level by level: alumni, supervisors, evaluators."""
    roles = ("alumnus", "supervisor", "peer", "evaluator")
    return sorted(
        lanes, key=lambda lane: (not lane.baseline, lane.level, roles.index(lane.role), lane.method)
    )


def period(outcome: Outcome) -> str:
    """When it was held; one day is said once."""
    days = dict.fromkeys((day(outcome.starts_on), day(outcome.ends_on)))
    return " – ".join(days)


def lane_name(lane: Lane) -> str:
    """Who was asked how."""
    who = {
        "alumnus": _("Alumni"),
        "supervisor": _("Atasan"),
        "peer": _("Rekan"),
        "evaluator": _("Evaluator"),
    }[lane.role]
    how = {"survey": _("survei"), "interview": _("wawancara"), "observation": _("pengamatan")}[lane.method]
    return f"{who}, {how}"


def lane_mean(lane: Lane) -> str:
    """The lane's mean of four, or why there is none."""
    if lane.score.shown is not None:
        return number(lane.score.shown, 2)
    return f"n < {domain.rules().minimum}" if lane.answered else "–"


def lane_rate(lane: Lane) -> str:
    """The response rate, or when the first is asked."""
    if lane.rate is not None:
        return percent(lane.rate)
    return _("mulai %(day)s") % {"day": day(lane.next_on)} if lane.next_on else "–"
