"""`bina agency`: instansi that publish."""

import asyncio
import uuid
from typing import Annotated

import typer

from bina_local.commands.screen import StateOption, broker_errors, console, opened
from bina_local.context import Context

app = typer.Typer(help="Instansi yang mengirim pendaftaran dan kelulusan.", no_args_is_help=True)
SAME_AGENCY = uuid.UUID("6f1f0ad7-6a1b-4b63-9f0e-0d8e3d8f6a11")


@app.callback()
def agencies() -> None:
    """Instansi yang mengirim pendaftaran dan kelulusan."""


@app.command()
def add(
    code: Annotated[str, typer.Argument(help="Kode instansi; menjadi nama topiknya.")],
    name: Annotated[str, typer.Argument(help="Nama instansi.")],
    state: StateOption = None,
) -> None:
    """Catat instansi dan buat sepasang topik miliknya. Aman diulang."""
    from bina_local.operations import RefusedError
    from bina_local.topics import PartitionsDifferError

    context = opened(state)
    with broker_errors(ValueError, RefusedError, PartitionsDifferError):
        asyncio.run(_add(context, code, name))
    console.print(
        f"Instansi {code} siap: kirim ke agency.enrollments.{code}, jawaban di agency.outcomes.{code}."
    )


async def _add(context: Context, code: str, name: str) -> None:
    from bina_local import topics
    from bina_local.operations import call

    await topics.ensure(context.kafka, topics.of_agency(code))
    # the same code and name again is the same command
    key = str(uuid.uuid5(SAME_AGENCY, f"{code}\n{name}"))
    await call(context, "POST", "enrollment", "agencies", {"code": code, "name": name}, command_key=key)
