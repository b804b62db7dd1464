"""What every command needs to speak: one console, one option, one way to end with an error."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from bina_local.context import Context, NotStartedError

console = Console()
errors = Console(stderr=True)

StateOption = Annotated[
    Path | None, typer.Option("--state", help="Folder keadaan: data, log, rahasia. Baku: .bina di klona ini.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Keluaran JSON untuk mesin.")]


def fail(message: str, code: int = 1) -> NoReturn:
    """End the command with a sentence on the error stream."""
    errors.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def opened(state: Path | None) -> Context:
    """The Bina of the state folder, or an end with advice."""
    try:
        return Context.of(state)
    except NotStartedError as error:
        fail(str(error))


@contextmanager
def plain_errors(*kinds: type[Exception]) -> Iterator[None]:
    """Show these errors as a sentence instead of a trace."""
    try:
        yield
    except kinds as error:
        fail(_sentence(error))


@contextmanager
def broker_errors(*more: type[Exception]) -> Iterator[None]:
    """Show what goes wrong between us and the broker, and these errors, as a sentence."""
    from aiokafka.errors import KafkaError

    with plain_errors(KafkaError, OSError, *more):
        yield


def _sentence(error: Exception) -> str:
    if (
        type(error).__name__ == "KafkaConnectionError"
    ):  # by name: the client library loads only where it is used
        return "Kafka tidak menjawab, atau menolak kata sandinya. Apakah Bina berjalan? Lihat: bina status"
    if type(error).__name__ == "TopicAuthorizationFailedError":
        return f"Kafka menolak: topik ini bukan hak pengirim atau pembaca. ({error})"
    return str(error) or type(error).__name__
