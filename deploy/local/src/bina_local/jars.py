"""Brings locked jars onto the machine and refuses any byte that differs from the lock."""

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

Progress = Callable[[int, int], None]
"""Called with (jars done, jars in all)."""


class JarRefusedError(RuntimeError):
    """A jar's bytes are not the ones in the lock."""


class JarUnavailableError(RuntimeError):
    """A jar could not be downloaded."""


@dataclass(frozen=True)
class Jar:
    """One line of the lock: Maven coordinate and SHA-256. Few are packed otherwise, as a `zip`."""

    group: str
    artifact: str
    version: str
    sha256: str
    packaging: str = "jar"

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read `group:artifact:version[:packaging] sha256`."""
        coordinate, sha256 = line.split()
        group, artifact, version, *packaging = coordinate.split(":")
        return cls(group, artifact, version, sha256, *packaging)

    @property
    def filename(self) -> str:
        """The name it has in a Maven repository."""
        return f"{self.artifact}-{self.version}.{self.packaging}"

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


def read_lock(path: Path) -> list[Jar]:
    """All jars of a lock file; lines that start with # are remarks."""
    lines = path.read_text().splitlines()
    return [Jar.parse(line) for line in lines if line.strip() and not line.startswith("#")]


def ensure_jars(
    jars: Sequence[Jar], folder: Path, progress: Progress = lambda _done, _all: None
) -> list[Path]:
    """Have every jar in the folder, verified.

    Raises JarRefusedError for a jar that differs from its SHA-256, in the folder or fresh from the repository, and
    JarUnavailableError when a download fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in jars if not verified(jar, folder / jar.filename)]
    done = len(jars) - len(missing)
    progress(done, len(jars))
    if missing:
        with (
            tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as draft,
            ThreadPoolExecutor(4) as pool,
        ):
            for count, _ in enumerate(
                pool.map(lambda jar: download(jar, Path(draft), folder), missing), done + 1
            ):
                progress(count, len(jars))
    return [folder / jar.filename for jar in jars]


def verified(jar: Jar, path: Path) -> bool:
    """Whether the jar is there; a different one under its name is refused, never replaced in silence."""
    if not path.exists():
        return False
    found = digest(path)
    if found != jar.sha256:
        raise JarRefusedError(
            f"{path.name} ({jar}) ditolak: isinya bukan yang terkunci.\n"
            f"  seharusnya {jar.sha256}\n  ditemukan  {found}\n  Hapus {path} bila masih ada, lalu jalankan lagi."
        )
    return True


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(jar: Jar, draft: Path, folder: Path) -> None:
    """Fetch through the machine's Maven repositories; only a verified jar reaches the folder."""
    try:
        fetched = fetch(jar, draft)
    except Exception as error:  # jgo and its HTTP client raise many kinds
        raise JarUnavailableError(
            f"{jar} tidak dapat diunduh: {error}\n  Periksa sambungan jaringan, lalu jalankan lagi; "
            "cermin Maven disebut dalam berkas konfigurasi jgo, bagian [repositories]."
        ) from error
    verified(jar, fetched)
    fetched.replace(folder / jar.filename)


def fetch(jar: Jar, repository: Path) -> Path:
    """Download with jgo: repositories of its configuration file first, then Maven Central."""
    from jgo.config import GlobalSettings
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=repository, timeout=60)
    context.remote_repos = {**GlobalSettings.load().repositories, **context.remote_repos}
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    return Path(component.artifact(packaging=jar.packaging).resolve())
