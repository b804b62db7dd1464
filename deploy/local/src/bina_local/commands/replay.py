"""`bina replay`."""

import asyncio
from typing import Annotated

import typer
from rich.table import Table

from bina_local.commands.screen import StateOption, broker_errors, console, fail, opened
from bina_local.commands.up import Bars, progress
from bina_local.context import Context
from bina_local.databases import DatabaseServer
from bina_local.differences import Difference
from bina_local.replaying import NotReplayableError, Replaying, service_named
from bina_local.running import holder


def replay(
    service: Annotated[str, typer.Argument(help="assessment, evaluation atau notification.")],
    state: StateOption = None,
    *,
    begin: Annotated[
        str | None, typer.Option("--from", help="beginning: buang hasil sebelumnya dan baca semuanya lagi.")
    ] = None,
    swap: Annotated[bool, typer.Option("--swap", help="Tukar tabel yang berjalan dengan hasilnya.")] = False,
    back: Annotated[bool, typer.Option("--back", help="Batalkan pertukaran terakhir.")] = False,
) -> None:
    """Susun ulang data satu layanan dari Kafka di samping yang berjalan, bandingkan, dan bila perlu tukar."""
    if begin not in (None, "beginning"):
        fail(f"--from {begin}: hanya beginning yang dikenal")
    context = opened(state)
    if holder(context.state) is None:
        fail("Bina tidak berjalan. Jalankan: bina up")
    with broker_errors(NotReplayableError, ImportError):
        replaying = _replaying(context, service)
        if back:
            console.print(f"{asyncio.run(replaying.swap_back())} baris lama kembali.")
        elif swap:
            _swap(replaying)
        else:
            _show(asyncio.run(_compare(replaying, anew=begin is not None)))


def _replaying(context: Context, name: str) -> Replaying:
    if name not in context.addresses.ports:
        raise NotReplayableError(f"layanan {name!r} tidak dikenal")
    server = DatabaseServer(context.state.secrets, context.addresses.ports["postgres"])
    return Replaying(server, context.broker.as_(name), service_named(name))


async def _compare(replaying: Replaying, *, anew: bool) -> list[Difference]:
    with progress() as bars:
        report = Bars(bars)
        if anew:
            await replaying.forget()
        await replaying.read(lambda done, in_all: report("Membaca Kafka", done, in_all))
        return await replaying.differences(lambda done, in_all: report("Menyusul", done, in_all))


def _swap(replaying: Replaying) -> None:
    with progress() as bars:
        report = Bars(bars)
        rows = asyncio.run(replaying.swap(lambda done, in_all: report("Menyusul", done, in_all)))
    console.print(f"{rows} baris ditukar. Kembali ke yang lama: bina replay {replaying.service.name} --back")


def _show(found: list[Difference]) -> None:
    table = Table("Tabel", "Sama", "Hanya di hasil", "Hanya di yang berjalan", "Berbeda", "Contoh kunci")
    for one in found:
        keys = [*one.changed, *one.missing, *one.added][:5]
        counts = [str(one.counts[kind]) for kind in ("added", "missing", "changed")]
        table.add_row(one.table, str(one.same), *counts, "\n".join(keys))
    console.print(table)
    if all(one.none for one in found):
        console.print("Tidak ada perbedaan.")
    else:
        console.print("Untuk memakai hasilnya: tambahkan --swap")
