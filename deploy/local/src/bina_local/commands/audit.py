"""`bina audit`: check the chain of what was done, take it away."""

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bina_local.addresses import SERVICES
from bina_local.commands.screen import StateOption, broker_errors, console, errors, fail, opened, plain_errors
from bina_local.context import Context
from bina_local.databases import DatabaseServer

if TYPE_CHECKING:
    from bina.web.audit.verifying import Verifier

app = typer.Typer(help="Catatan audit: periksa rantainya, bawa keluar salinannya.", no_args_is_help=True)
Offline = Annotated[
    bool,
    typer.Option("--offline", help="Tanpa membandingkan dengan Kafka: ujung yang terpotong tidak terlihat."),
]
Head = Annotated[
    str | None,
    typer.Option("--head", help="NOMOR:SIDIK sebuah blok yang Anda simpan sendiri; harus ada di berkas."),
]


@app.command()
def verify(
    what: Annotated[
        list[str] | None,
        typer.Argument(help="Layanan, atau satu berkas hasil ekspor. Kosong: semua layanan."),
    ] = None,
    state: StateOption = None,
    *,
    head: Head = None,
    offline: Offline = False,
) -> None:
    """Periksa sidik, nilai, rantai dan jangkarnya; sebut tempat pertama yang tidak cocok."""
    files = [Path(name) for name in what or () if name not in SERVICES]
    if files:
        if len(files) != len(what or ()) or not all(file.is_file() for file in files):
            fail(
                f"{', '.join(what or ())}: sebut nama layanan ({', '.join(SERVICES)}) atau berkas ekspor",
                code=2,
            )
        good = [_verify_file(file, head) for file in files]
    else:
        context = opened(state)
        good = [_verify_service(context, service, offline=offline) for service in what or SERVICES]
    if not all(good):
        raise typer.Exit(1)


@app.command()
def export(
    service: Annotated[str, typer.Argument(help="Layanan yang auditnya disalin.")],
    file: Annotated[Path, typer.Argument(help="Berkas JSON Lines yang ditulis.")],
    state: StateOption = None,
) -> None:
    """Salin seluruh audit satu layanan; `bina audit verify BERKAS` memeriksanya di mana pun."""
    from bina_local import auditing

    if service not in SERVICES:
        fail(f"layanan {service!r} tidak dikenal; pilih {', '.join(SERVICES)}", code=2)
    with broker_errors():
        found = asyncio.run(auditing.export(_server(opened(state)), service, file))
    console.print(f"{found.entries} catatan dalam {found.blocks} blok ditulis ke {file}.", highlight=False)
    if found.blocks:
        console.print(
            f"Simpan di tempat lain: --head {found.blocks}:{found.head}", highlight=False, soft_wrap=True
        )
    if not _tell(service, found):
        raise typer.Exit(1)


def _verify_service(context: Context, service: str, *, offline: bool) -> bool:
    from bina_local import auditing

    told = None if offline else partial(auditing.told_on, context.kafka, service)
    with broker_errors():
        found = asyncio.run(auditing.verify_service(_server(context), service, told))
    return _tell(service, found)


def _verify_file(file: Path, head: str | None) -> bool:
    from bina_local import auditing

    with plain_errors(auditing.UnreadableFileError, OSError):
        found = auditing.verify_file(file, [_anchor(head)] if head else [])
    return _tell(f"{file} ({found.service})", found)


def _anchor(head: str) -> tuple[int, str]:
    number, _colon, digest = head.partition(":")
    if (
        not number.isdecimal()
        or int(number) < 1
        or len(digest) != 64
        or set(digest) - set("0123456789abcdef")
    ):
        fail(f"--head {head}: tulis NOMOR:SIDIK, sidik 64 angka heksadesimal", code=2)
    return int(number), digest


def _tell(name: str, found: "Verifier") -> bool:
    from bina_local.auditing import words_of

    if not found.count:
        waiting = f", {found.unsealed} menunggu segel" if found.unsealed else ""
        console.print(
            f"{name}: cocok. {found.entries} catatan, {found.blocks} blok{waiting}.", highlight=False
        )
        return True
    errors.print(f"{name}: TIDAK COCOK, {found.count} temuan. Yang pertama:", style="red", highlight=False)
    for finding in found.findings[:20]:
        errors.print(f"  {words_of(finding)}", highlight=False, markup=False, soft_wrap=True)
    return False


def _server(context: Context) -> DatabaseServer:
    return DatabaseServer(context.state.secrets, context.addresses.ports["postgres"])
