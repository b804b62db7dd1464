"""`bina parked`: messages that could not be applied, and what to do with them."""

import asyncio
import json
import uuid
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import typer
from rich.table import Table

from bina_local.addresses import SERVICES
from bina_local.commands.screen import JsonOption, StateOption, console, opened, plain_errors
from bina_local.context import Context

app = typer.Typer(help="Pesan yang tertahan: lihat, ulangi, buang.", no_args_is_help=True)
Answer = TypeVar("Answer")

ServiceOption = Annotated[str | None, typer.Option("--service", help="Hanya layanan ini.")]
Service = Annotated[str, typer.Option("--service", help="Layanan yang menahan pesan itu.")]
Number = Annotated[int, typer.Argument(help="Nomor pesan dari `bina parked list`.")]


@app.command("list")
def list_parked(
    service: ServiceOption = None, state: StateOption = None, *, as_json: JsonOption = False
) -> None:
    """Daftar pesan yang tertahan di semua layanan."""
    context = opened(state)
    found = asked(_listed(context, [service] if service else list(SERVICES)))
    if as_json:
        console.print_json(json.dumps(found))
    elif found:
        console.print(_table(found))
    else:
        console.print("Tidak ada pesan yang tertahan.")


@app.command()
def show(number: Number, service: Service, state: StateOption = None, *, as_json: JsonOption = False) -> None:
    """Satu pesan: isi, header, galat, dan yang tertahan di belakangnya."""
    context = opened(state)
    found = asked(_one(context, service, number))
    if as_json:
        console.print_json(json.dumps(found))
        return
    for name, value in found.items():
        console.print(f"[bold]{name}[/]", end=": ")
        console.print(value if isinstance(value, str) else json.dumps(value), markup=False, highlight=False)


@app.command()
def redrive(number: Number, service: Service, state: StateOption = None) -> None:
    """Coba lagi satu pesan; yang menunggu di belakangnya menyusul berurutan."""
    _act(state, service, f"ops/parked/{number}/redrive", None)
    console.print(f"Pesan {number} dicoba lagi.")


@app.command()
def discard(
    number: Number,
    service: Service,
    reason: Annotated[str, typer.Option("--reason", help="Alasan; tercatat bersama pesan.")],
    state: StateOption = None,
) -> None:
    """Buang satu pesan dengan alasan; yang di belakangnya lalu berjalan."""
    _act(state, service, f"ops/parked/{number}/discard", {"reason": reason})
    console.print(f"Pesan {number} dibuang.")


def _act(state: StateOption, service: str, path: str, body: dict[str, Any] | None) -> None:
    from bina_local.operations import call

    key = str(uuid.uuid4())
    asked(call(opened(state), "POST", service, path, body, command_key=key))


def asked(question: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a question to the services; what goes wrong is shown as a sentence."""
    from bina_local.operations import RefusedError

    with plain_errors(RefusedError, ValueError):
        return asyncio.run(question)


async def _one(context: Context, service: str, number: int) -> dict[str, Any]:
    from bina_local.operations import call

    return dict(await call(context, "GET", service, f"ops/parked/{number}"))


async def _listed(context: Context, services: list[str]) -> list[dict[str, Any]]:
    from bina_local.operations import call, items

    answers = await asyncio.gather(*(call(context, "GET", name, "ops/parked") for name in services))
    return [
        {"service": name, **row}
        for name, answer in zip(services, answers, strict=True)
        for row in items(answer)
    ]


def _table(found: list[dict[str, Any]]) -> Table:
    columns = {
        "Layanan": "service",
        "No": "id",
        "Topik": "topic",
        "Kunci": "key",
        "Jenis": "type",
        "Sebab": "error",
    }
    table = Table(*columns, title="Pesan yang tertahan", title_justify="left")
    for row in found:
        table.add_row(*(str(row.get(field, "")) for field in columns.values()))
    return table
