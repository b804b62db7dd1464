"""Has loaded what the services are made of, and forks a worker whenever the supervisor asks for one.

Loading takes a service two seconds of computing and most of its memory; a fork has both at once, and shares the
memory. Nothing is opened or started here: a worker's loops, threads and connections begin after its fork.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from bina.web.pages import compile_templates
from bina_local.sockets import listen

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
MODULES = (
    "enrollment.app",
    "assessment.app",
    "evaluation.app",
    "notification.app",
    "bina.web.serve",
    "alembic.command",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
)
REPARENT_SECONDS = 5.0


def main(path: str) -> None:
    """Load, listen at `path`, fork on demand."""
    for module in MODULES:
        importlib.import_module(module)
    compile_templates()
    if threads() != 1:
        sys.exit("loading has started threads; none of them would survive a fork")
    gc.collect()
    gc.freeze()
    server = listen(Path(path))
    while True:
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError, ValueError):
            serve(server, connection)


def threads() -> int:
    """How many threads this process has."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def serve(server: socket.socket, connection: socket.socket) -> None:
    """Fork a worker by way of a process in between, so that it becomes a child of the supervisor, not ours."""
    connection.settimeout(REPARENT_SECONDS)
    order: dict[str, Any] = json.loads(connection.makefile("rb").readline())
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        return
    try:
        worker = os.fork() == 0
    except OSError:  # no process is left to be had; this one must not go on as a second template
        os._exit(1)
    if not worker:
        os._exit(0)
    server.close()
    become(order, connection)


def become(order: Mapping[str, Any], connection: socket.socket) -> NoReturn:
    """The worker's life; it never returns into the template."""
    code = 1
    try:
        follow(order["supervisor"], order["death_signal"])
        os.setsid()
        connection.sendall(b"%d\n" % os.getpid())
        if connection.recv(1):  # nobody who would miss us has not heard of us
            connection.close()
            furnish(order)
            code = run(order["module"])
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def follow(supervisor: int, death_signal: int) -> None:
    """Wait until the supervisor is our parent, and end with it from then on."""
    deadline = time.monotonic() + REPARENT_SECONDS
    while os.getppid() != supervisor and time.monotonic() < deadline:
        time.sleep(0.0005)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != supervisor:
        os._exit(1)


def furnish(order: Mapping[str, Any]) -> None:
    """Give the worker its environment, its log, its name."""
    os.environ.clear()
    os.environ.update(order["env"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    ctypes.CDLL(None).prctl(PR_SET_NAME, order["name"].encode()[:15], 0, 0, 0)


def run(module: str) -> int:
    """Run `module` as a program; gives its exit code, its error printed like Python's own."""
    sys.argv = [module]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException:  # noqa: BLE001 the end of this program
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


if __name__ == "__main__":
    main(sys.argv[1])
