"""Writes `capacity.md` from the figures measured last: partitions, storage and workers for all of Indonesia's ASN."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from . import rush
from .figures import LATEST

PLAN = Path(__file__).parent / "capacity.md"
ASN, ENROLMENTS = 4_700_000, 20_000_000
FACTS = 18
"""Facts on the topics in one enrolment's life: asked, accepted, two tests opened, taken and scored (6), attendance,
completed, certificate, three evaluation tasks opened and answered (6), profile changed."""
TAKEN = {"enrollment": 5, "assessment": 4, "evaluation": 6, "notification": 13}
"""Of these, what each service takes: enrollment the request, scores and attendance; assessment the seat, its changes and
answers; evaluation completion, scores and answers; notification nearly all."""
MAILS = 6
REPLICAS, BUSY = 3, 0.5
"""Copies of each topic, and the share of its rate that a worker is to be used to at the worst minute of a rush."""
SPARE = 2
"""Partitions for each worker that the plan needs, so that there may be twice as many."""
SECONDS_A_WORKING_YEAR = 250 * 8 * 3600


def write(path: Path = PLAN) -> None:
    """The whole document, from `latest.json`."""
    known = {f["name"]: float(f["value"]) for f in json.loads(LATEST.read_text())}
    missing = [name for name in _needed() if name not in known]
    if not missing:
        path.write_text(render(known), encoding="utf-8")


def _needed() -> list[str]:
    sizes = [
        f"capacity.{service}.{what}" for service in TAKEN for what in ("tables", "outbox", "log", "rows")
    ]
    told = [f"capacity.{service}.{what}" for service in TAKEN for what in ("told", "facts")]
    return [*sizes, *told, *(stage.measured for stage in rush.STAGES)]


def render(known: Mapping[str, float]) -> str:
    """The document as Markdown."""
    return TEXT.format(
        asn=ASN,
        enrolments=ENROLMENTS,
        facts=FACTS,
        mails=MAILS,
        replicas=REPLICAS,
        requests=rush.REQUESTS,
        scaling=rush.SCALING,
        storage=_storage(known),
        topics=_topics(known),
        workers=_workers(known),
        head=_head(),
        rush=_rush(known),
        bottleneck=_bottleneck(known),
        busy=BUSY,
    )


def _storage(known: Mapping[str, float]) -> str:
    rows = []
    for service, taken in TAKEN.items():
        events = ENROLMENTS * taken
        tables = events * known[f"capacity.{service}.tables"]
        week = events * known[f"capacity.{service}.outbox"] / 52
        log = events * known[f"capacity.{service}.log"]
        lines = events * known[f"capacity.{service}.rows"]
        rows.append(
            f"| {service} | {taken} | {known[f'capacity.{service}.tables']:,.0f} | {_giga(tables)} | {_giga(week)} "
            f"| {_giga(log)} | {lines / 1e6:,.0f} |"
        )
    return "\n".join(rows)


def _topics(known: Mapping[str, float]) -> str:
    told = sum(known[f"capacity.{service}.told"] for service in TAKEN)
    facts = sum(known[f"capacity.{service}.facts"] for service in TAKEN)
    each = told / facts
    year = ENROLMENTS * FACTS * each
    return (
        f"A fact takes {each:,.0f} bytes on its topic (lz4, headers included). {ENROLMENTS:,} × {FACTS} × {each:,.0f} B "
        f"= {_giga(year)} GB a year, {_giga(year * REPLICAS)} GB on {REPLICAS} brokers. People are "
        f"{ASN:,} × {each:,.0f} B = {_giga(ASN * each)} GB of compacted state."
    )


def _workers(known: Mapping[str, float]) -> str:
    peaks = _peaks()
    rows = []
    for stage in rush.STAGES:
        rate, peak = known[stage.measured], peaks[stage.name]
        mean = ENROLMENTS * (TAKEN.get(stage.name) or MAILS) / SECONDS_A_WORKING_YEAR
        workers = max(2, math.ceil(1 + (max(peak, mean) / BUSY / rate - 1) / rush.SCALING))
        rows.append(
            f"| {stage.name} | {rate:,.0f} | {mean:,.0f} | {peak:,.0f} | {peak / rate:.0%} | {workers} "
            f"| {'–' if stage.name == 'mail' else _partitions(workers)} |"
        )
    return "\n".join(rows)


def _partitions(workers: int) -> int:
    return max(6, workers * SPARE)


def _peaks() -> dict[str, float]:
    """Items a second at the worst minute, where no stage before holds them back."""
    peak, found = max(rush.arrivals()) / 60, {}
    for stage in rush.STAGES:
        peak *= stage.each
        found[stage.name] = peak
    return found


def _rush(known: Mapping[str, float]) -> str:
    rates = {stage.measured: known[stage.measured] for stage in rush.STAGES}
    rows = []
    for workers in rush.WORKERS:
        queues = rush.day(rates, workers)
        cells = [
            f"{max(queues[s.name].backlog):,.0f} / {_span(max(queues[s.name].delay))}" for s in rush.STAGES
        ]
        rows.append(f"| {workers} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _head() -> str:
    return f"| Workers | {' | '.join(s.name for s in rush.STAGES)} |\n|---|{'---|' * len(rush.STAGES)}"


def _bottleneck(known: Mapping[str, float]) -> str:
    peaks = _peaks()
    used = sorted(rush.STAGES, key=lambda stage: -peaks[stage.name] / known[stage.measured])
    first, second = used[0], used[1]
    return (
        f"**{first.name}**: at the worst minute {peaks[first.name]:,.0f} items a second come to a worker that takes "
        f"{known[first.measured]:,.0f}, {peaks[first.name] / known[first.measured]:.1f} times its rate. After it comes "
        f"{second.name}, at {peaks[second.name] / known[second.measured]:.0%} of one worker."
    )


def _giga(size: float) -> str:
    return f"{size / 1e9:,.0f}" if size >= 1e10 else f"{size / 1e9:,.1f}"


def _span(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


TEXT = """# Capacity plan

Written by `python -m benchmarks --only rush` from the figures in `latest.json`; measured on two cores that broker,
database and services shared, so a worker here had less than a core to itself. For {asn:,} ASN and {enrolments:,}
enrolments a year.

Assumed, not measured: one enrolment's life is {facts} facts on the topics and {mails} e-mails (lists in
`benchmarks/plan.py`); every worker after the first adds {scaling:.0%} of the first one's rate; each service's events cost
what its one measured kind costs.

## Storage in a year

| Service | Events it takes per enrolment | Bytes in tables per event | Tables, GB | Outbox of a week, GB | PostgreSQL's log, GB | Rows, millions |
|---|---|---|---|---|---|---|
{storage}

{topics}

The inbox's months and the outbox's days are partitions of tables: they go whole, without a DELETE. What grows for good
are the services' own tables; `growth` in the figures says what an event costs once they are large.

## Workers and partitions

Workers are counted so that nobody is used to more than {busy:.0%} in the worst minute of a rush, and two at the least, so that
one may be killed. A topic's partitions bound how many workers can share it: twice the workers, six at the least. More can
be added while Bina runs, a multiple of what there is; consumers keep the new ones back until the old ones are read.

| Stage | One worker takes, per second | Mean of a working hour | Worst minute of a rush | Of one worker | Workers | Partitions |
|---|---|---|---|---|---|---|
{workers}

## A deadline's rush

{requests:,} requests in 24 hours, half of a year's: office hours, a noon rest, and the peak of the last evening
(`benchmarks/rush.py`; [requests](plots/rush.coming.lines.svg), [delay](plots/rush.delay.lines.svg)). Most items that wait, and how
long the last of them waits, with so many workers of each service:

{head}
{rush}

## The first bottleneck

{bottleneck}

Not in the simulation: requests over HTTP (a command is one transaction; the simulated ones come on agencies' topics, a
batch at a time), and the row of a run, which every request for the same run waits for in turn.
"""
