"""`bina logs`."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated

import typer

from bina_local.commands.screen import StateOption, console, fail
from bina_local.state import State

LINES = 40


def logs(
    service: Annotated[
        str | None, typer.Argument(help="Nama layanan, kafka, postgres, gateway atau demo.")
    ] = None,
    *,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Ikuti baris baru.")] = False,
    state: StateOption = None,
) -> None:
    """Tampilkan akhir log tiap bagian, atau satu bagian."""
    files = _files(State.at(state), service)
    for file in files:
        for line in file.read_text(errors="replace").splitlines()[-LINES:]:
            _show(file, line, named=len(files) > 1)
    if follow:
        _follow(files)


def _files(state: State, service: str | None) -> list[Path]:
    known = {file.stem: file for file in sorted(state.logs.glob("*.log"))}
    if service is None:
        return list(known.values())
    if service not in known:
        fail(f"Tidak ada log {service!r}. Yang ada: {', '.join(known) or 'belum ada'}")
    return [known[service]]


def _follow(files: list[Path]) -> None:
    tails = {file: _lines(file) for file in files}
    try:
        while True:
            for file, lines in tails.items():
                while line := next(lines):
                    _show(file, line, named=len(files) > 1)
            time.sleep(0.3)
    except KeyboardInterrupt:
        return


def _lines(file: Path) -> Iterator[str]:
    """New lines of a file; an empty text while there is none. A rotated file is opened anew."""
    stream: IO[str] = file.open(errors="replace")
    stream.seek(0, 2)
    while True:
        if line := stream.readline():
            yield line.rstrip("\n") or " "
            continue
        yield ""
        stream = _reopened(file, stream)


def _reopened(file: Path, stream: IO[str]) -> IO[str]:
    if not file.exists() or file.stat().st_size >= stream.tell():
        return stream
    stream.close()
    return file.open(errors="replace")


def _show(file: Path, line: str, *, named: bool) -> None:
    console.print(f"{file.stem:<12} {line}" if named else line, markup=False, highlight=False, soft_wrap=True)
