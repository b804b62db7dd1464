"""`bina machine`: agencies' own systems that call the machine interface."""

import asyncio
import uuid
from typing import Annotated, Any

import typer

from bina_local.commands.screen import StateOption, console, opened, plain_errors

app = typer.Typer(help="Sistem milik instansi yang memakai antarmuka mesin.", no_args_is_help=True)
IdArgument = Annotated[uuid.UUID, typer.Argument(help="client_id sistem itu.")]


@app.command()
def add(
    code: Annotated[str, typer.Argument(help="Kode instansi.")],
    name: Annotated[str, typer.Argument(help="Nama sistem, misalnya SIMPEG.")],
    state: StateOption = None,
) -> None:
    """Daftarkan sistem sebuah instansi; rahasianya hanya ditampilkan sekali ini."""
    _show(_call(state, "POST", "machines", {"agency_code": code, "name": name}))


@app.command()
def renew(machine: IdArgument, state: StateOption = None) -> None:
    """Beri rahasia baru; yang lama dan semua tokennya langsung tidak berlaku."""
    _show(_call(state, "POST", f"machines/{machine}/renew"))


@app.command()
def revoke(machine: IdArgument, state: StateOption = None) -> None:
    """Cabut untuk selamanya."""
    _call(state, "DELETE", f"machines/{machine}")
    console.print("Dicabut: sistem ini tidak dapat masuk lagi.")


def _show(given: dict[str, Any]) -> None:
    console.print(f"client_id: {given['client_id']}\nclient_secret: {given['client_secret']}", soft_wrap=True)


def _call(state: Any, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    from bina_local.operations import RefusedError, call

    with plain_errors(RefusedError):
        key = str(uuid.uuid4())
        answer: dict[str, Any] = asyncio.run(
            call(opened(state), method, "enrollment", path, body, command_key=key)
        )
    return answer
