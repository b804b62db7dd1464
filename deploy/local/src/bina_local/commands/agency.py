"""`bina agency`: instansi that publish."""

import asyncio
import uuid
from typing import Annotated

import typer

from bina_local.commands.screen import StateOption, broker_errors, console, opened
from bina_local.context import Context
from bina_local.principals import BROKER, of_agency, secret_name

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
    *,
    renew: Annotated[bool, typer.Option("--renew", help="Ganti kata sandinya di Kafka.")] = False,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Untuk uji coba: dijawab seperti biasa, tidak ada yang berubah.")
    ] = False,
) -> None:
    """Catat instansi dan buat sepasang topik miliknya, yang hanya dia boleh pakai. Aman diulang."""
    from bina_local.access import AccessFailedError
    from bina_local.operations import RefusedError
    from bina_local.topics import PartitionsDifferError

    context = opened(state)
    with broker_errors(ValueError, AccessFailedError, RefusedError, PartitionsDifferError):
        password = asyncio.run(_add(context, code, name, renew=renew, sandbox=sandbox))
    console.print(
        f"Instansi {code} siap: kirim ke agency.enrollments.{code}, jawaban di agency.outcomes.{code}."
    )
    _show(context, code, password)


async def _add(context: Context, code: str, name: str, *, renew: bool, sandbox: bool) -> str | None:
    """Gives the password where it is new."""
    from bina_local.access import admit_agency
    from bina_local.operations import call
    from bina_local.topics import of_agency as topics_of

    topics_of(code)  # refuses a code before anything is kept for it
    key, keeper = secret_name(of_agency(code)), context.state.secrets
    is_new = renew or key not in keeper
    password = keeper.renew(key) if renew else keeper.get(key)
    await admit_agency(context.broker.as_(BROKER), context.kafka, code, password)
    # the same code and name again is the same command
    command = str(uuid.uuid5(SAME_AGENCY, f"{code}\n{name}" + ("\nsandbox" if sandbox else "")))
    row = {"code": code, "name": name} | ({"sandbox": True} if sandbox else {})
    await call(context, "POST", "enrollment", "agencies", row, command_key=command)
    return password if is_new else None


def _show(context: Context, code: str, password: str | None) -> None:
    if password is None:
        console.print(f"Kredensialnya tetap. Kata sandi baru: bina agency add {code} NAMA --renew")
        return
    from bina.messaging.cluster import MECHANISM

    lines = (
        "Kredensial Kafka, hanya ditampilkan sekali ini:",
        f"  bootstrap.servers={context.addresses.kafka}",
        "  security.protocol=SASL_PLAINTEXT",
        f"  sasl.mechanism={MECHANISM}",
        f"  username={of_agency(code)}",
        f"  password={password}",
        f"  group.id={of_agency(code)}.NAMA_PEMBACA",
    )
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
