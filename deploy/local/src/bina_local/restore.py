"""Bringing a backup back: both parts, or one of them beside what is there.

What stood there is kept beside it. Where only one part comes back, the services compare at their next start: an
older database reads the log again and reports the facts it no longer knows; an older broker is told again what the
outboxes of the last seven days hold.
"""

import asyncio
import json
import shutil
import tarfile
from collections.abc import Callable, Collection
from pathlib import Path

from bina_local.aside import replace
from bina_local.backup import Report, Steps, notes, postgres_version
from bina_local.manifest import BackupRefusedError, Manifest
from bina_local.postgres import give, run_as
from bina_local.running import RunLock
from bina_local.state import State, write_private
from bina_local.supervisor import end_leftovers

PARTS = ("databases", "broker")
BASE, WAL, SECRETS = "postgres/base.tar.gz", "postgres/pg_wal.tar.gz", "secrets.json"


async def restore(state: State, folder: Path, parts: Collection[str], report: Report) -> Manifest:
    """Bring parts of a backup into a state folder in which Bina does not run.

    Raises BackupRefusedError for a backup that is damaged or newer, AlreadyRunningError.
    """
    manifest = Manifest.read(folder)
    if manifest.postgres != postgres_version() and "databases" in parts:
        raise BackupRefusedError(
            f"Basis data cadangan ini dari PostgreSQL {manifest.postgres}; di sini {postgres_version()}"
        )
    if "databases" in parts and (lacking := {BASE, WAL, SECRETS} - set(manifest.files)):
        raise BackupRefusedError(f"Cadangan rusak: {min(lacking)} tidak tercatat. Pakai cadangan lain.")
    with RunLock(state):
        await asyncio.to_thread(
            end_leftovers, state
        )  # a broker that still ends would write into what comes back
        sizes = sum(size for size, _ in manifest.files.values())
        await asyncio.to_thread(manifest.check, folder, Steps(report, "Pemeriksaan", sizes))
        for done, part in enumerate(p for p in PARTS if p in parts):
            report("Pemulihan", done, len(parts))
            await asyncio.to_thread(_BRING[part], state, folder, manifest)
        report("Pemulihan", len(parts), len(parts))
    return manifest


def holds_data(state: State) -> bool:
    """Whether there is something that a restore would put aside."""
    return (state.root / "postgres").exists() or (state.root / "kafka" / "data").exists()


def _bring_databases(state: State, folder: Path, manifest: Manifest) -> None:
    draft = state.root / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    _unpack(folder / BASE, draft)
    _unpack(folder / WAL, draft / "pg_wal")
    user, _ = run_as(state.root / "postgres")
    for path in (draft, *draft.rglob("*")):
        give(path, user)
    draft.chmod(0o700)
    _bring_notes(state, folder, manifest)
    replace(draft, state.root / "postgres")


def _unpack(archive: Path, target: Path) -> None:
    target.mkdir(mode=0o700, exist_ok=True)
    with tarfile.open(archive) as found:
        # Python before 3.11.4 knows no filter, and ignores this.
        found.extraction_filter = getattr(tarfile, "data_filter", None)
        found.extractall(target)  # noqa: S202 - filtered by the line before


def _bring_notes(state: State, folder: Path, manifest: Manifest) -> None:
    """The databases open with their own passwords."""
    known = json.loads(state.secrets.path.read_text()) if state.secrets.path.exists() else {}
    found = json.loads((folder / SECRETS).read_text())
    write_private(state.secrets.path, json.dumps({**known, **found}, indent=1))
    for note in notes(folder):
        if note.name in manifest.files and note.name != SECRETS:
            shutil.copy2(note, state.root / note.name)


def _bring_broker(state: State, folder: Path, manifest: Manifest) -> None:
    place = state.root / "kafka"
    place.mkdir(mode=0o700, exist_ok=True)
    draft = place / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    for name in manifest.below("kafka"):
        copied = draft / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / "kafka" / name, copied)
    replace(draft, place / "data")


_BRING: dict[str, Callable[[State, Path, Manifest], None]] = {
    "databases": _bring_databases,
    "broker": _bring_broker,
}
