"""`bina status`."""

import asyncio
import json
from typing import Any

from rich.table import Table

from bina_local.commands.screen import JsonOption, StateOption, console, opened
from bina_local.context import Context
from bina_local.running import holder

MIB = 1024 * 1024


def status(state: StateOption = None, *, as_json: JsonOption = False) -> None:
    """Keadaan tiap layanan dan memori tiap bagian."""
    context = opened(state)
    report = asyncio.run(_report(context))
    if as_json:
        console.print_json(json.dumps(report))
        return
    if not report["running"]:
        console.print("Bina tidak berjalan. Jalankan: bina up")
    console.print(_services(report["services"]))
    for name, found in report["services"].items():
        for line in found.get("disagreements", []):
            console.print(f"{name}: {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(_memory(report["memory_bytes"]))


async def _report(context: Context) -> dict[str, Any]:
    from bina_local.memory import memory_by_part
    from bina_local.operations import statuses

    services = await statuses(context)
    return {
        "url": context.url,
        "running": holder(context.state) is not None,
        "services": services,
        "memory_bytes": memory_by_part(context.state),
    }


def _services(services: dict[str, dict[str, Any]]) -> Table:
    columns = (
        "Layanan",
        "Siap",
        "Pekerja",
        "Tertinggal",
        "Kotak keluar",
        "Tertahan",
        "Menunggu",
        "Jatuh tempo",
        "Catatan",
    )
    table = Table(title="Layanan", title_justify="left")
    for column in columns:
        table.add_column(column, no_wrap=column == "Layanan")
    for name, found in services.items():
        outbox = found.get("outbox", {})
        table.add_row(
            name,
            "[green]ya[/]" if found.get("ready") and found.get("healthy") else "[red]belum[/]",
            _workers(found["workers"]),
            _lag(found.get("group_lag") or found.get("lag", {})),
            f"{outbox.get('depth', '?')} ({float(outbox.get('age_seconds', 0)):.0f} dtk)",
            str(found.get("parked", "?")),
            str(found.get("waiting", "?")),
            str(found.get("due", "?")),
            str(found.get("error") or found.get("problem") or ""),
        )
    return table


def _workers(workers: dict[str, Any]) -> str:
    return f"{workers['ready']}/{workers['asked']}"


def _lag(lag: dict[str, int]) -> str:
    behind = [f"{topic} {count}" for topic, count in sorted(lag.items()) if count]
    return "\n".join(behind) or "0"


def _memory(parts: dict[str, int]) -> Table:
    table = Table("Bagian", "Memori (PSS, MiB)", title="Memori", title_justify="left")
    for name, size in parts.items():
        table.add_row(name, f"{size / MIB:.0f}")
    table.add_row("[bold]seluruhnya[/]", f"[bold]{sum(parts.values()) / MIB:.0f}[/]")
    return table
