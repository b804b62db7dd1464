"""`bina backup` and `bina restore`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bina_local.backup import take
from bina_local.commands.screen import StateOption, console, fail, plain_errors
from bina_local.commands.up import Bars, progress
from bina_local.logcopy import LogChangesError
from bina_local.manifest import BackupRefusedError, Manifest
from bina_local.process import ChildFailedError
from bina_local.restore import PARTS, holds_data
from bina_local.restore import restore as bring_back
from bina_local.running import AlreadyRunningError
from bina_local.state import State

FAILURES = (AlreadyRunningError, BackupRefusedError, ChildFailedError, LogChangesError)
Folder = Annotated[Path, typer.Argument(help="Folder cadangan.")]


def backup(folder: Folder, state: StateOption = None) -> None:
    """Cadangkan basis data dan Kafka bersama-sama, selagi Bina berjalan atau berhenti."""
    with plain_errors(*FAILURES), progress() as bars:
        manifest = asyncio.run(take(State.at(state), folder.resolve(), Bars(bars)))
    console.print(f"Cadangan lengkap di {folder}: {_size(manifest)} dalam {len(manifest.files)} berkas.")


def restore(
    folder: Folder,
    state: StateOption = None,
    only: Annotated[
        str | None, typer.Option("--only", help="Hanya satu bagian: databases atau broker.")
    ] = None,
) -> None:
    """Pulihkan cadangan; yang ada sebelumnya disisihkan, tidak dihapus."""
    if only not in (None, *PARTS):
        fail(f"--only {only}: pilih {' atau '.join(PARTS)}")
    place = State.at(state)
    if state is None and holds_data(place):
        fail(f"{place.root} sudah berisi data. Sebut folder itu untuk menggantinya: --state {place.root}")
    with plain_errors(*FAILURES), progress() as bars:
        manifest = asyncio.run(bring_back(place, folder.resolve(), [only] if only else PARTS, Bars(bars)))
    console.print(f"Cadangan {manifest.taken_at} (Bina {manifest.release}) dipulihkan ke {place.root}.")
    if only:
        console.print("Bagian lain tetap; yang berbeda diperbaiki atau disebut namanya: bina status")
    console.print("Jalankan: bina up")


def _size(manifest: Manifest) -> str:
    return f"{sum(size for size, _ in manifest.files.values()) / 2**20:.0f} MiB"
