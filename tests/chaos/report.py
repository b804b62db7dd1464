"""What a run of the kill rig says: one table for people, the same as JSON."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from chaos.asked import entries
from chaos.driver import Load
from chaos.findings import KINDS, Finding
from chaos.observing import INBOUND, Observed
from chaos.recovery import Recovery, by_victim, percentile, recoveries
from chaos.sending import ACKNOWLEDGED, UNKNOWN
from chaos.travelled import mails

SHOWN = 15


@dataclass(frozen=True)
class Report:
    """Counts of what was asked, done and found; recovery in seconds by victim."""

    seed: int
    minutes: float
    counts: dict[str, int]
    acts: dict[str, int]
    recovery: dict[str, dict[str, float]]
    slowest: list[str]
    findings: list[Finding]
    folder: Path

    @property
    def is_green(self) -> bool:
        return not self.findings

    def save(self) -> Path:
        path = self.folder / "report.json"
        values = {**asdict(self), "folder": str(self.folder), "green": self.is_green}
        path.write_text(json.dumps(values, indent=1, ensure_ascii=False))
        return path

    def table(self) -> str:
        found = Counter(finding.kind for finding in self.findings)
        lines = [f"Kill rig, seed {self.seed}, {self.minutes:.1f} minutes of load", ""]
        lines += [f"  {name:<34}{number:>9}" for name, number in (*self.counts.items(), *self.acts.items())]
        lines += ["", *(f"  {kind:<34}{found[kind]:>9}" for kind in KINDS), ""]
        lines += [f"  {'recovery after':<34}{'times':>9}{'p50 s':>9}{'p95 s':>9}{'max s':>9}"]
        lines += [_line(name, figures) for name, figures in self.recovery.items()]
        lines += [f"  slowest: {', '.join(self.slowest)}"]
        lines += [f"  {f.kind}: {f.check}: {f.what}"[:400] for f in self.findings[:SHOWN]]
        if len(self.findings) > SHOWN:
            lines.append(f"  … and {len(self.findings) - SHOWN} more in report.json")
        if not self.is_green:
            lines.append(
                f"\nRED. Journal, logs and report stay in {self.folder}; again with --seed {self.seed}"
            )
        return "\n".join(lines)


def _line(name: str, figures: dict[str, float]) -> str:
    columns = "".join(f"{figures[column]:>9.2f}" for column in ("p50", "p95", "max"))
    return f"  {name:<34}{int(figures['times']):>9}{columns}"


def report(observed: Observed, load: Load, findings: list[Finding], folder: Path) -> Report:
    found = recoveries(observed)
    recovered = by_victim(found)
    everything = [seconds for some in recovered.values() for seconds in some]
    if everything:
        recovered["all"] = everything
    return Report(
        seed=load.seed,
        minutes=load.seconds / 60,
        counts=_counts(observed),
        acts=_acts(observed),
        recovery={name: _figures(seconds) for name, seconds in recovered.items()},
        slowest=_slowest(observed, found),
        findings=findings,
        folder=folder,
    )


def _slowest(observed: Observed, found: list[Recovery], many: int = 3) -> list[str]:
    """What to look for in the logs: act, seconds since the first story, seconds without effect."""
    begun = min(entry["at"] for entry in entries(observed, "story"))
    slow = sorted(found, key=lambda one: one.seconds)[-many:]
    return [
        f"{one.act} {one.victim} at {one.at - begun:.0f} s: {one.seconds:.1f} s" for one in reversed(slow)
    ]


def _figures(seconds: list[float]) -> dict[str, float]:
    shares = {"p50": percentile(seconds, 0.5), "p95": percentile(seconds, 0.95), "max": max(seconds)}
    return {"times": len(seconds)} | {name: round(value, 3) for name, value in shares.items()}


def _counts(observed: Observed) -> dict[str, int]:
    outcomes = entries(observed, "outcome")
    sent = {e["id"] for e in entries(observed, "event")}
    told = list(observed.told())
    mailed = mails(observed)
    doubtful = {e.get("key") or e["id"] for e in outcomes if e["outcome"] == UNKNOWN}
    promoted = Counter(r.key for r in {r.id: r for r in told}.values() if r.type.startswith("enrollment.w"))
    return {
        "stories": len(entries(observed, "story")),
        "commands": len({e["key"] for e in entries(observed, "command")}),
        "agencies' events": len(sent),
        "poison among them": len({e["id"] for e in entries(observed, "event") if e["poison"]}),
        "acknowledged": sum(e["outcome"] == ACKNOWLEDGED for e in outcomes),
        "tries with unknown outcome": sum(e["outcome"] == UNKNOWN for e in outcomes),
        "unknown at first, then decided": len(doubtful),
        "agencies' events written again": sum(r.topic.startswith(INBOUND) for r in observed.records)
        - _events(observed),
        "enrolments": len(observed.tables["enrollment"]["enrolments"]),
        "waited or left": len(promoted),
        "facts told": len({r.id for r in told}),
        "facts carried again by Kafka": len(told) - len({r.id for r in told}),
        "notices": len(observed.tables["notification"]["notices"]),
        "notices mailed": len(mailed),
        "mails too many": mailed.total() - len(mailed),
    }


def _events(observed: Observed) -> int:
    return len({(e["id"], e["digest"]) for e in entries(observed, "event")})


def _acts(observed: Observed) -> dict[str, int]:
    acts = Counter(f"{e['act']} {e['victim']}" for e in entries(observed, "act"))
    by_itself = sum(e["code"] not in (-9, 0) for e in entries(observed, "ended"))
    unhealthy = len(entries(observed, "unhealthy"))
    return dict(sorted(acts.items())) | {
        "services that ended by themselves": by_itself,
        "found unhealthy": unhealthy,
    }
