"""`bina up` and `bina down`."""

import asyncio
import os
import signal
from typing import Annotated

import typer
from rich.panel import Panel
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from bina_local import demo
from bina_local.addresses import Addresses
from bina_local.aside import HalfRestoredError, check_whole
from bina_local.commands.screen import StateOption, console, plain_errors
from bina_local.jars import JarRefusedError, JarUnavailableError
from bina_local.process import ChildFailedError
from bina_local.running import AlreadyRunningError, RunLock, end_holder
from bina_local.state import State
from bina_local.supervisor import end_leftovers
from bina_local.system import AccessFailedError, Report, System, load_demo
from bina_local.workers import UnknownServiceError, numbers

FAILURES = (
    AlreadyRunningError,
    ChildFailedError,
    HalfRestoredError,
    JarRefusedError,
    JarUnavailableError,
    AccessFailedError,
    UnknownServiceError,
)


def up(
    state: StateOption = None,
    *,
    port: Annotated[int, typer.Option("--port", help="Port alamat Bina di peramban.", max=65535)] = 0,
    empty: Annotated[bool, typer.Option("--empty", help="Tanpa dunia demo.")] = False,
    workers: Annotated[
        str,
        typer.Option(
            "--workers", help="Pekerja tiap layanan: 2, atau per layanan: enrollment=2,notification=3."
        ),
    ] = "1",
) -> None:
    """Jalankan seluruh Bina di mesin ini; Ctrl-C menghentikannya."""
    folder = State.at(state)
    with plain_errors(*FAILURES):
        wanted = numbers(workers)
        with RunLock(folder):
            check_whole(folder)
            asyncio.run(_run(folder, port, wanted, empty=empty))


def down(state: StateOption = None) -> None:
    """Hentikan Bina yang berjalan dari folder keadaan ini."""
    folder = State.at(state)
    with plain_errors(TimeoutError):
        stopped = end_holder(folder)
    leftovers = end_leftovers(folder)
    console.print("Bina berhenti." if stopped or leftovers else "Tidak ada Bina yang berjalan.")


async def _run(state: State, port: int, workers: dict[str, int], *, empty: bool) -> None:
    stop = _stop_event()
    for name in await asyncio.to_thread(end_leftovers, state):
        console.print(f"Sisa proses {name} dari jalan sebelumnya dihentikan.")
    addresses = Addresses.choose(state, port or None, workers)
    for moved in addresses.moved:
        console.print(f"Port {moved.wanted} ({moved.part}) sedang dipakai; dipilih {moved.chosen}.")
    with progress() as bars:
        report = Bars(bars)
        agencies = () if empty else demo.agency_codes()
        system = System(state, addresses, bars.console.print, report, agencies=agencies, workers=workers)
        starting = asyncio.create_task(_start(system, report, empty=empty))
        await asyncio.wait({starting, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if not starting.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        else:
            starting.result()
            console.print(_welcome(addresses, state))
            await stop.wait()
        console.print("Bina dihentikan …")
    finally:
        await system.stop()
    console.print("Berhenti. Data tetap ada; jalankan lagi dengan: bina up")


async def _start(system: System, report: Report, *, empty: bool) -> None:
    await system.start()
    if not empty:
        await load_demo(system.state, console.print, report)
    await system.take_mail()  # a year's mails of the demo world grow old unsent; only the last days' arrive


def _stop_event() -> asyncio.Event:
    """Set by the first Ctrl-C or SIGTERM; a second one ends at once, and the children with us."""
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    return stop


def progress() -> Progress:
    """Bars of what takes long."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=console)


class Bars:
    """One bar per stage; what stands after a colon is what the stage is at."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, in_all: int) -> None:
        """Move a stage's bar, and show it at its first report."""
        bar = stage.partition(":")[0]
        if bar not in self._bars:
            self._bars[bar] = self._progress.add_task(bar, total=in_all)
        self._progress.update(self._bars[bar], description=stage, completed=done, total=in_all)


def _welcome(addresses: Addresses, state: State) -> Panel:
    from bina_local.commands.welcome import lines

    return Panel("\n".join(lines(addresses, state)), title="Bina siap", expand=False)
