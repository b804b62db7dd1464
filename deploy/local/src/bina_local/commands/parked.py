"""`bina parked`: messages that could not be applied, and what to do with them."""

import asyncio
import json
import uuid
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import typer
from rich.table import Table

from bina_local.addresses import SERVICES
from bina_local.commands import parked_tables as tables
from bina_local.commands.screen import JsonOption, StateOption, console, errors, fail, opened, plain_errors
from bina_local.context import Context

app = typer.Typer(help="Pesan yang tertahan: lihat, ulangi, buang.", no_args_is_help=True)
Answer = TypeVar("Answer")
Rows = list[dict[str, Any]]

ServiceOption = Annotated[str | None, typer.Option("--service", help="Hanya layanan ini.")]
Service = Annotated[str, typer.Option("--service", help="Layanan yang menahan pesan itu.")]
Number = Annotated[int, typer.Argument(help="Nomor pesan dari `bina parked list`.")]
MaybeNumber = Annotated[int | None, typer.Argument(help="Nomor pesan dari `bina parked list`.")]
GroupOption = Annotated[str | None, typer.Option("--group", help="Satu kelompok dari `bina parked groups`.")]
KeyOption = Annotated[
    tuple[str, str] | None,
    typer.Option("--key", help="Satu kunci, menurut urutannya.", metavar="TOPIK KUNCI"),
]
AllOption = Annotated[bool, typer.Option("--all", help="Semua yang diparkir di layanan itu.")]
Rate = Annotated[int, typer.Option("--rate", min=1, max=1000, help="Paling banyak pesan per detik.")]


@app.command("groups")
def list_groups(
    service: ServiceOption = None, state: StateOption = None, *, as_json: JsonOption = False
) -> None:
    """Pesan yang diparkir menurut sebab: berapa, sejak kapan, contohnya."""
    found = _everywhere(opened(state), service, "ops/parked/groups?limit=1000")
    _show(found, tables.groups, "Tidak ada pesan yang diparkir.", as_json=as_json)


@app.command("list")
def list_parked(
    service: ServiceOption = None,
    group: GroupOption = None,
    key: KeyOption = None,
    *,
    after: Annotated[int, typer.Option("--after", help="Lanjutkan sesudah nomor ini.")] = 0,
    discarded: Annotated[
        bool, typer.Option("--discarded", help="Yang sudah dibuang, dengan alasannya.")
    ] = False,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Daftar pesan yang tertahan di semua layanan."""
    from urllib.parse import urlencode

    topic, name = key or (None, None)
    asked_for = {
        "group": group,
        "topic": topic,
        "key": name,
        "after": after,
        "state": "discarded" if discarded else None,
    }
    query = urlencode({word: value for word, value in asked_for.items() if value})
    found = _everywhere(opened(state), service, f"ops/parked?{query}")
    table = tables.discarded if discarded else tables.messages
    _show(
        found,
        table,
        "Tidak ada pesan yang dibuang." if discarded else "Tidak ada pesan yang tertahan.",
        as_json=as_json,
    )


@app.command()
def show(number: Number, service: Service, state: StateOption = None, *, as_json: JsonOption = False) -> None:
    """Satu pesan: isi, header, galat, dan yang tertahan di belakangnya."""
    context = opened(state)
    found = asked(_one(context, service, f"ops/parked/{number}"))
    if as_json:
        console.print_json(json.dumps(found))
        return
    for name, value in found.items():
        console.print(f"[bold]{name}[/]", end=": ")
        console.print(value if isinstance(value, str) else json.dumps(value), markup=False, highlight=False)


@app.command()
def redrive(
    service: Service,
    number: MaybeNumber = None,
    group: GroupOption = None,
    key: KeyOption = None,
    *,
    everything: AllOption = False,
    rate: Rate = 50,
    detach: Annotated[bool, typer.Option("--detach", help="Jangan menunggu hasilnya.")] = False,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Coba lagi pesan, kelompok, kunci, atau semuanya; yang mengantre di belakangnya menyusul berurutan.

    Berakhir dengan kode 1 bila ada yang gagal lagi.
    """
    from bina_local import redriving

    context = opened(state)
    body = _choice(number, group, key, everything=everything) | {"per_second": rate}
    job = asked(redriving.order(context, service, body))
    if not detach:
        job = _watched(context, service, job)
    _report(job, service, as_json=as_json)
    if job["failed"] or job["error"]:
        raise typer.Exit(1)


@app.command()
def jobs(
    number: Annotated[int | None, typer.Argument(help="Nomor pengulangan.")] = None,
    service: ServiceOption = None,
    *,
    cancel: Annotated[bool, typer.Option("--cancel", help="Hentikan pengulangan ini.")] = False,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pengulangan yang pernah diminta; dengan nomor: laporannya, atau hentikan."""
    from bina_local import redriving

    context = opened(state)
    if number is None:
        if cancel:
            fail("Sebutkan nomor pengulangan yang dihentikan. Lihat: bina parked jobs")
        found = _everywhere(context, service, "ops/redrives")
        _show(found, tables.jobs, "Belum ada pengulangan.", as_json=as_json)
        return
    if service is None:
        fail("Sebutkan layanannya: --service. Lihat: bina parked jobs")
    act = redriving.cancel if cancel else redriving.load
    _report(asked(act(context, service, number)), service, as_json=as_json)


@app.command()
def discard(
    service: Service,
    reason: Annotated[str, typer.Option("--reason", help="Alasan; tercatat bersama pesan.")],
    number: MaybeNumber = None,
    group: GroupOption = None,
    *,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Buang pesan atau satu kelompok dengan alasan; yang di belakangnya lalu berjalan."""
    if (number is None) == (group is None):
        fail("Sebutkan satu: NOMOR pesan atau --group. Lihat: bina parked groups")
    context = opened(state)
    path = f"ops/parked/{number}/discard" if group is None else f"ops/parked/groups/{group}/discard"
    body = {"reason": reason} | (asked(_seen(context, service, group)) if group is not None else {})
    count = asked(_discarded(context, service, path, body))
    if as_json:
        console.print_json(json.dumps({"service": service, "discarded": count}))
    else:
        console.print(f"{count} pesan dibuang; yang mengantre di belakangnya berjalan.")


def asked(question: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a question to the services; what goes wrong is shown as a sentence."""
    from bina_local.operations import RefusedError

    with plain_errors(RefusedError, ValueError):
        return asyncio.run(question)


def _choice(
    number: int | None, group: str | None, key: tuple[str, str] | None, *, everything: bool
) -> dict[str, Any]:
    choices: Rows = [{"message": number}] if number is not None else []
    choices += [{"group": group}] if group is not None else []
    choices += [{"topic": key[0], "key": key[1]}] if key is not None else []
    choices += [{"all": True}] if everything else []
    if len(choices) != 1:
        fail("Sebutkan satu: NOMOR pesan, --group, --key TOPIK KUNCI, atau --all. Lihat: bina parked groups")
    return choices[0]


def _watched(context: Context, service: str, job: dict[str, Any]) -> dict[str, Any]:
    from rich.progress import Progress

    from bina_local import redriving

    with Progress(console=errors) as bars:
        bar = bars.add_task("Mengulang", total=job["total"])
        watching = redriving.watch(
            context, service, job, lambda now: bars.update(bar, completed=now["tried"])
        )
        try:
            return asked(watching)
        except KeyboardInterrupt:
            mend = f"bina parked jobs {job['id']} --service {service} --cancel"
            fail(f"Pengulangan {job['id']} tetap berjalan. Hentikan: {mend}", 130)


def _report(job: dict[str, Any], service: str, *, as_json: bool) -> None:
    if as_json:
        console.print_json(json.dumps({"service": service, **job}))
        return
    for line in tables.report(job):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _everywhere(context: Context, service: str | None, path: str) -> Rows:
    return asked(_listed(context, [service] if service else list(SERVICES), path))


def _show(found: Rows, table: Callable[[Rows], Table], nothing: str, *, as_json: bool) -> None:
    if as_json:
        console.print_json(json.dumps(found))
    else:
        console.print(table(found) if found else nothing)


async def _seen(context: Context, service: str, group: str) -> dict[str, Any]:
    """Up to which message the group is known now: what comes while it is discarded, part by part, is nobody's choice."""
    found = await _listed(context, [service], "ops/parked/groups?limit=1000")
    return next(({"newest": row["newest"]} for row in found if row["cause"] == group), {})


async def _discarded(context: Context, service: str, path: str, body: dict[str, Any]) -> int:
    """Part after part until nothing is left; how many messages."""
    from bina_local.operations import call

    count, left = 0, 1
    while left:
        done = await call(context, "POST", service, path, body, command_key=str(uuid.uuid4()))
        count, left = count + done["discarded"], done["left"]
    return count


async def _one(context: Context, service: str, path: str) -> dict[str, Any]:
    from bina_local.operations import call

    return dict(await call(context, "GET", service, path))


async def _listed(context: Context, services: list[str], path: str) -> Rows:
    from bina_local.operations import call, items

    answers = await asyncio.gather(*(call(context, "GET", name, path) for name in services))
    return [
        {"service": name, **row}
        for name, answer in zip(services, answers, strict=True)
        for row in items(answer)
    ]
