"""What an agency's system would send, from a file, and what it is answered, on the screen."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.progress import Progress
from rich.table import Table

from bina.messaging.cluster import Cluster
from bina_local.business_clock import read_clock
from bina_local.commands.screen import broker_errors, console, errors, fail
from bina_local.context import Context
from bina_local.publication import (
    Answer,
    Request,
    answers,
    check_topics,
    known_answers,
    raw_records,
    requests_of,
    send,
    send_raw,
)
from bina_local.services import TIMEZONE
from enrollment.imports import Checked, FileRefused, Kind, Problem, check, kind_of, read

WORDS = {
    "accepted": "[green]diterima[/]",
    "waitlisted": "[yellow]daftar tunggu[/]",
    "withdrawn": "diundurkan",
    "refused": "[red]ditolak[/]",
    "unanswered": "[yellow]belum dijawab[/]",
}


@dataclass(frozen=True)
class Outcome:
    """What became of one row; a finding is (column, code, advice)."""

    row: int | None
    outcome: str
    findings: list[dict[str, str]]
    position: int | None = None


def publish_raw(context: Context, agency: str | None, file: Path) -> None:
    """Write a file's records as they are: all of them, or none where a line cannot be read or has no topic.

    Without an agency the operator writes, who may write anywhere.
    """
    with broker_errors(ValueError):
        writer = context.kafka if agency is None else context.kafka_of(agency)
        count = asyncio.run(_publish_raw(context.kafka, writer, file))
    console.print(f"{count} rekaman ditulis.")


def publish_file(context: Context, agency: str, file: Path, seconds: float, *, as_json: bool) -> None:
    """Publish a spreadsheet for an agency and show what became of each row.

    Ends with code 3 when rows are still unanswered after `seconds`.
    """
    with broker_errors(ValueError):
        outcomes = asyncio.run(_publish(context, agency, file.name, file.read_bytes(), seconds))
    _print(outcomes, as_json=as_json)
    if any(found.outcome == "unanswered" for found in outcomes):
        fail(_unanswered(outcomes, seconds), code=3)


async def _publish_raw(operator: Cluster, writer: Cluster, file: Path) -> int:
    records = list(raw_records(file))  # once: a pipe has nothing to give a second time
    await check_topics(operator, records)
    return await send_raw(writer, records)


async def _publish(context: Context, agency: str, name: str, content: bytes, seconds: float) -> list[Outcome]:
    cluster = context.kafka_of(agency)
    clock = await read_clock(context.kafka)
    checked = _checked(content, name, clock.now().astimezone(ZoneInfo(TIMEZONE)).date())
    requests = requests_of(checked.rows, agency, content)
    ids = {request.id for request in requests}
    known = await known_answers(cluster, agency, ids)
    await send(cluster, agency, [request for request in requests if request.id not in known], clock.now())
    if known:
        errors.print(
            f"{len(known)} baris sudah dijawab pada pengiriman sebelumnya; jawabannya ditampilkan lagi."
        )
    found = {**known, **await _awaited(cluster, agency, ids - known.keys(), seconds)}
    return sorted([*_refused_here(checked), *_answered(requests, found)], key=lambda one: one.row or 0)


def _checked(content: bytes, name: str, today: Any) -> Checked:
    """The file's rows as far as they can be judged here. Ends the command when the whole file is refused."""
    sheet = read(content, name)
    if isinstance(sheet, FileRefused):
        fail("\n".join(f"{p.code}: {p.advice}" for p in sheet.problems))
    kind = kind_of(sheet)
    if kind in (Kind.PEGAWAI, Kind.SALDO_JP):
        fail(
            "Berkas ini memuat data pegawai atau saldo JP, yang diunggah lewat halaman Unggah, bukan diterbitkan."
        )
    checked = check(sheet, kind, today)
    if checked.file_refused:
        fail(
            "\n".join(
                f"{p.column or ''} {p.code}: {p.advice}".strip() for p in checked.problems if p.is_error
            )
        )
    return checked


async def _awaited(cluster: Cluster, agency: str, ids: set[str], seconds: float) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    if not ids:
        return found
    with Progress(console=errors) as bars:
        bar = bars.add_task("Menunggu jawaban", total=len(ids))
        try:
            async with asyncio.timeout(seconds):
                await answers(cluster, agency, ids, found, lambda done: bars.update(bar, completed=done))
        except TimeoutError:
            return found
    return found


def _refused_here(checked: Checked) -> list[Outcome]:
    """Rows that could not become an event."""
    accepted = {row.number for row in checked.rows}
    by_row: dict[int | None, list[Problem]] = {}
    for problem in checked.problems:
        by_row.setdefault(problem.row, []).append(problem)
    return [
        Outcome(row, "refused", [_finding(p.column or "", p.code, p.advice) for p in problems])
        for row, problems in by_row.items()
        if row not in accepted and any(p.is_error for p in problems)
    ]


def _answered(requests: list[Request], found: dict[str, Answer]) -> list[Outcome]:
    return [_outcome(request, found.get(request.id)) for request in requests]


def _outcome(request: Request, answer: Answer | None) -> Outcome:
    if answer is None:
        return Outcome(request.row, "unanswered", [])
    findings = [_finding(p.column, p.code, p.advice) for p in answer.problems]
    return Outcome(request.row, answer.outcome, findings, getattr(answer, "position", None))


def _finding(column: str, code: str, advice: str) -> dict[str, str]:
    return {"column": column, "code": code, "advice": advice}


def _print(outcomes: list[Outcome], *, as_json: bool) -> None:
    if as_json:
        console.print_json(json.dumps([vars(one) for one in outcomes]))
        return
    table = Table("Baris", "Hasil", "Kolom", "Kode", "Cara memperbaiki")
    for one in outcomes:
        word = WORDS[one.outcome] + (f" no. {one.position}" if one.position else "")
        first, *more = one.findings or [_finding("", "", "")]
        table.add_row(str(one.row or ""), word, first["column"], first["code"], first["advice"])
        for finding in more:
            table.add_row("", "", finding["column"], finding["code"], finding["advice"])
    console.print(table)
    counts = {word: sum(one.outcome == word for one in outcomes) for word in WORDS}
    console.print(", ".join(f"{count} {WORDS[word]}" for word, count in counts.items() if count))


def _unanswered(outcomes: list[Outcome], seconds: float) -> str:
    rows = ", ".join(str(one.row) for one in outcomes if one.outcome == "unanswered")
    return (
        f"Setelah {seconds:.0f} detik baris ini belum dijawab: {rows}.\n"
        "Sudah terkirim dan tidak akan hilang; perintah yang sama menampilkan jawabannya nanti. Lihat: bina status"
    )
