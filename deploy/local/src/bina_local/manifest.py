"""What a backup holds, with sums that show damage; written last, so that half a backup is none."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any, Self

from bina_local.state import write_private

FORMAT = 1
NAME = "manifest.json"
BLOCK = 1024 * 1024

Count = Callable[[int], None]
"""Takes bytes done since the last call."""


class BackupRefusedError(RuntimeError):
    """A backup is damaged, newer than this Bina, or would overwrite something; the message says what to do."""


@dataclass(frozen=True)
class Manifest:
    """`parts`: databases, broker. `files`: size in bytes and SHA-256 by path in the backup."""

    parts: list[str]
    files: dict[str, tuple[int, str]]
    postgres: str
    taken_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    release: str = field(default_factory=lambda: version("bina-local"))
    format: int = FORMAT

    def write(self, folder: Path) -> None:
        """Complete a backup."""
        write_private(folder / NAME, json.dumps(asdict(self), indent=1))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """A backup's manifest. Raises BackupRefusedError where it is missing, unreadable or newer."""
        path = folder / NAME
        if not path.exists():
            raise BackupRefusedError(f"{folder} bukan cadangan yang lengkap: {NAME} tidak ada")
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            known = int(found["format"]), _release(found["release"])
            if known > (FORMAT, _release(version("bina-local"))):
                raise _newer(found["release"], known[0])
            return cls._parsed(found)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BackupRefusedError(f"{path} rusak: {error!r}") from None

    @classmethod
    def _parsed(cls, found: dict[str, Any]) -> Self:
        files = {_inside(name): (int(size), str(digest)) for name, (size, digest) in found["files"].items()}
        return cls(
            found["parts"],
            files,
            found["postgres"],
            found["taken_at"],
            found["release"],
            int(found["format"]),
        )

    def below(self, part: str) -> list[str]:
        """Files in a folder of the backup, by their path below that."""
        names = [PurePosixPath(name) for name in self.files]
        return [str(name.relative_to(part)) for name in names if name.parts[0] == part]

    def check(self, folder: Path, count: Count) -> None:
        """Compare every file. Raises BackupRefusedError naming the first that is missing or changed."""
        for name, (size, digest) in self.files.items():
            path = folder / name
            if not path.exists():
                raise BackupRefusedError(f"Cadangan rusak: {name} hilang. Pakai cadangan lain.")
            if path.stat().st_size != size or sha256(path, count) != digest:
                raise BackupRefusedError(f"Cadangan rusak: isi {name} berubah. Pakai cadangan lain.")


def described(folder: Path, paths: Iterable[Path], count: Count) -> dict[str, tuple[int, str]]:
    """Size and sum of files, by their path below the folder."""
    return {str(p.relative_to(folder)): (p.stat().st_size, sha256(p, count)) for p in sorted(paths)}


def sha256(path: Path, count: Count) -> str:
    """A file's sum in hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
            count(len(block))
    return found.hexdigest()


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts:
        raise ValueError(name)
    return name


def _newer(release: str, format_: int) -> BackupRefusedError:
    return BackupRefusedError(
        f"Cadangan ini dibuat oleh Bina {release} (format {format_}), lebih baru daripada "
        f"{version('bina-local')} ini. Perbarui Bina lebih dahulu."
    )


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdecimal())
