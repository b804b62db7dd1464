"""`bina scale` and `bina restart`."""

from typing import Annotated

import typer

from bina_local.addresses import MOST_WORKERS, SERVICES
from bina_local.commands.screen import StateOption, console, plain_errors
from bina_local.control import ControlError, order
from bina_local.state import State


def scale(
    service: Annotated[str, typer.Argument(help="Nama layanan.")],
    workers: Annotated[int, typer.Argument(help="Jumlah pekerja.", min=1, max=MOST_WORKERS)],
    *,
    state: StateOption = None,
) -> None:
    """Tambah atau kurangi pekerja satu layanan tanpa menghentikan yang lain."""
    with plain_errors(ControlError):
        order(State.at(state), do="scale", service=service, workers=workers)
    console.print(f"{service}: {workers} pekerja.")


def restart(
    services: Annotated[list[str] | None, typer.Argument(help="Nama layanan; baku: semuanya.")] = None,
    *,
    state: StateOption = None,
) -> None:
    """Mulai ulang pekerja satu per satu; penerus siap lebih dahulu, jadi permintaan tidak terputus."""
    for service in services or SERVICES:
        with plain_errors(ControlError):
            order(State.at(state), do="restart", service=service)
        console.print(f"{service}: dimulai ulang.")
