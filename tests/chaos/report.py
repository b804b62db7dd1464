"""What a run of the kill rig says: one table for people, the same as JSON."""

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

from chaos.asked import entries
from chaos.driver import Load
from chaos.findings import KINDS, Finding
from chaos.mailing import repeated_mails
from chaos.observing import INBOUND, Observed
from chaos.recovery import Recovery, by_victim, percentile, recoveries
from chaos.sending import ACKNOWLEDGED, UNKNOWN
from chaos.travelled import first_copies, mails, versions_out_of_order

SHOWN = 15


@dataclass(frozen=True)
class Report:
    """Counts of what was asked, done and found; recovery in seconds by victim."""

    seed: int
    minutes: float
    counts: dict[str, int]
    acts: dict[str, list[float]]
    """What was done when, in seconds since the first story."""
    own: dict[str, int]
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
        lines += [f"  {name:<34}{number:>9}" for name, number in (*self.counts.items(), *self.own.items())]
        lines += ["", f"  {'act':<34}{'times':>9}   at second"]
        lines += [
            f"  {name:<34}{len(at):>9}   {' '.join(f'{s:.0f}' for s in at)}" for name, at in self.acts.items()
        ]
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


def report(
    observed: Observed,
    load: Load,
    findings: list[Finding],
    folder: Path,
    heard: Counter[str],
    own: dict[str, int],
) -> Report:
    """`heard`: what the services counted; `own`: what the rig needed itself."""
    found = recoveries(observed)
    recovered = by_victim(found)
    recovered["all"] = [one.seconds for one in found]
    recovered["all without another act"] = [one.seconds for one in found if one.alone]
    return Report(
        seed=load.seed,
        minutes=load.seconds / 60,
        counts=_counts(observed, heard),
        acts=_acts(observed),
        own=own,
        recovery={name: _figures(seconds) for name, seconds in recovered.items() if seconds},
        slowest=_slowest(observed, found),
        findings=findings,
        folder=folder,
    )


def _slowest(observed: Observed, found: list[Recovery], many: int = 3) -> list[str]:
    """What to look for in the logs: act, seconds since the first story, seconds without effect."""
    begun = min(entry["at"] for entry in entries(observed, "story"))
    slow = sorted(found, key=lambda one: one.seconds)[-many:]
    return [
        f"{one.act} {one.victim} at {one.at - begun:.0f} s: {one.seconds:.1f} s"
        + ("" if one.alone else " (other acts in it)")
        for one in reversed(slow)
    ]


def _figures(seconds: list[float]) -> dict[str, float]:
    shares = {"p50": percentile(seconds, 0.5), "p95": percentile(seconds, 0.95), "max": max(seconds)}
    return {"times": len(seconds)} | {name: round(value, 3) for name, value in shares.items()}


def _counts(observed: Observed, heard: Counter[str]) -> dict[str, int]:
    outcomes = entries(observed, "outcome")
    commands = len({e["key"] for e in entries(observed, "command")})
    sent = {(e["id"], e["digest"]) for e in entries(observed, "event")}
    told, first = list(observed.told()), first_copies(observed.told())
    written = sum(r.topic.startswith(INBOUND) for r in observed.records)
    mailed = mails(observed)
    explained, unexplained = repeated_mails(observed)
    inversions, gaps = versions_out_of_order(observed)
    return {
        "stories": len(entries(observed, "story")),
        "commands and events": commands + len(sent),
        "commands": commands,
        "agencies' events": len(sent),
        "poison among them": len({e["id"] for e in entries(observed, "event") if e["poison"]}),
        "acknowledged": len({e.get("key") or e["id"] for e in outcomes if e["outcome"] == ACKNOWLEDGED}),
        "tries with unknown outcome": sum(e["outcome"] == UNKNOWN for e in outcomes),
        "unknown at first, then decided": len(
            {e.get("key") or e["id"] for e in outcomes if e["outcome"] == UNKNOWN}
        ),
        "agencies' events written again": written - len(sent),
        "enrolments": len(observed.tables["enrollment"]["enrolments"]),
        "facts told": len(first),
        "facts carried again by Kafka": len(told) - len(first),
        "messages applied, at least": heard["applied"],
        "messages that came again, at least": heard["repeated"],
        "messages that had to wait, at least": heard["waiting"],
        "batches tried again, at least": heard["bina_transient_retries_total"],
        "unreadable among our facts": len(observed.slipped_in),
        "versions: inversions": inversions,
        "versions: gaps": gaps,
        "notices": len(observed.tables["notification"]["notices"]),
        "notices mailed": len(mailed),
        "mails too many, explained": len(explained),
        "mails too many, not explained": len(unexplained),
        "releases rolled out": len({e["name"] for e in entries(observed, "release")})
        if entries(observed, "rolled out")
        else 0,
        "services that ended by themselves": sum(
            e["code"] not in (-9, 0) for e in entries(observed, "ended")
        ),
        "found unhealthy": len(entries(observed, "unhealthy")),
    } | _rollout(observed)


def _rollout(observed: Observed) -> dict[str, int]:
    """What old and new release did side by side."""
    together = entries(observed, "side by side")
    filled = entries(observed, "filled")
    return {
        **{f"side by side: taken by the {who}": entry[who] for entry in together for who in ("old", "new")},
        **{f"filled in: {what}": entry[what] for entry in filled for what in ("rows", "pieces")},
    }


def _acts(observed: Observed) -> dict[str, list[float]]:
    begun = min(entry["at"] for entry in entries(observed, "story"))
    acts: dict[str, list[float]] = defaultdict(list)
    for entry in entries(observed, "act"):
        acts[f"{entry['act']} {entry['victim']}"].append(round(entry["at"] - begun, 1))
    for entry in entries(observed, "release"):
        acts[f"release {entry['name']}"].append(round(entry["at"] - begun, 1))
    return dict(sorted(acts.items()))
