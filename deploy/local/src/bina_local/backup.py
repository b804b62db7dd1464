"""Backups of the embedded databases and broker, together.

The cut: first the broker's log, then all databases at one instant (a physical copy of their one server). So no
database knows a fact that its producer does not, and the broker is never ahead of a database. What was told between
the two lies in the producers' outboxes, which tell it again with the same ids when they find the broker behind;
consumers drop what they know. The other order would bring back a broker with facts that no database remembers.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from bina_local.addresses import Addresses
from bina_local.databases import SUPERUSER
from bina_local.logcopy import copy_log
from bina_local.manifest import NAME, BackupRefusedError, Manifest, described
from bina_local.postgres import Postgres, binaries
from bina_local.running import RunLock, holder
from bina_local.state import State
from bina_local.supervisor import end_leftovers

Report = Callable[[str, int, int], None]
"""Takes (stage, steps done, steps in all)."""
OF_THIS_PLACE = ("ports.json", "workers.json")
"""Notes that say nothing about the data; the others belong to the databases: passwords, what was loaded already."""


async def take(state: State, folder: Path, report: Report) -> Manifest:
    """Back up the Bina of a state folder into an empty or new folder, running or not.

    Raises BackupRefusedError where the folder holds something or there is nothing to back up, LogChangesError,
    and ChildFailedError where PostgreSQL cannot be started.
    """
    await asyncio.to_thread(_prepare, state, folder)
    if holder(state) is not None:
        postgres = Postgres(state.root, Addresses.of(state).ports["postgres"])
        return await _take(state, folder, report, postgres)
    with RunLock(state):
        await asyncio.to_thread(end_leftovers, state)
        postgres = Postgres(state.root)
        await postgres.start()
        try:
            return await _take(state, folder, report, postgres)
        finally:
            await postgres.stop()


def _prepare(state: State, folder: Path) -> None:
    if not (state.root / "postgres").exists() or not (state.root / "kafka" / "data").exists():
        raise BackupRefusedError(
            f"Tidak ada yang dicadangkan di {state.root}. Jalankan lebih dahulu: bina up"
        )
    if folder.exists() and any(folder.iterdir()):
        raise BackupRefusedError(f"{folder} tidak kosong; pilih folder lain")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


async def _take(state: State, folder: Path, report: Report, postgres: Postgres) -> Manifest:
    data = state.root / "kafka" / "data"
    await asyncio.to_thread(copy_log, data, folder / "kafka", lambda done, all_: report("Kafka", done, all_))
    report("PostgreSQL", 0, 1)
    await asyncio.to_thread(_copy_databases, postgres, folder / "postgres")
    report("PostgreSQL", 1, 1)
    return await asyncio.to_thread(_complete, state, folder, report)


def _complete(state: State, folder: Path, report: Report) -> Manifest:
    for note in notes(state.root):
        shutil.copy2(note, folder / note.name)
    files = [path for path in folder.rglob("*") if path.is_file()]
    sums = Steps(report, "Jumlah periksa", sum(path.stat().st_size for path in files))
    manifest = Manifest(["databases", "broker"], described(folder, files, sums), postgres_version())
    manifest.write(folder)
    return manifest


def notes(folder: Path) -> list[Path]:
    """The small notes beside the databases that go with them."""
    return [note for note in sorted(folder.glob("*.json")) if note.name not in (*OF_THIS_PLACE, NAME)]


def _copy_databases(postgres: Postgres, target: Path) -> None:
    """All databases as of one instant, with the log that leads to it."""
    where = ["--host", postgres.host, "--port", str(postgres.port), "--username", SUPERUSER, "--no-password"]
    how = ["--format=tar", "--compress=gzip:1", "--wal-method=stream", "--checkpoint=fast"]
    command = [str(binaries() / "pg_basebackup"), "--pgdata", str(target), *where, *how]
    env = {**os.environ, "PGPASSWORD": postgres.password(SUPERUSER)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603 our own command
    if done.returncode != 0:
        raise BackupRefusedError(f"Basis data tidak dapat disalin:\n{done.stderr}")


def postgres_version() -> str:
    """The major version, whose files no other can open."""
    command = [str(binaries() / "postgres"), "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 our own command
    return done.stdout.split()[-1].split(".")[0]


class Steps:
    """Adds bytes up and reports them in MiB."""

    def __init__(self, report: Report, stage: str, in_all: int) -> None:
        self._report, self._stage, self._in_all = report, stage, in_all
        self._done = 0

    def __call__(self, size: int) -> None:
        """So many more."""
        self._done += size
        self._report(self._stage, self._done >> 20, self._in_all >> 20)
