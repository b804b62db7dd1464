"""Where a local Bina keeps its data, and the secrets and ports it chose once."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self


def project_root() -> Path:
    """The clone that this code runs from, or the working folder when it was installed elsewhere."""
    for folder in Path(__file__).resolve().parents:
        if (folder / "deploy" / "topics.yaml").exists():
            return folder
    return Path.cwd()


def shared_cache() -> Path:
    """Downloads that every state folder and the tests share."""
    return project_root() / ".bina" / "cache"


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@dataclass(frozen=True)
class State:
    """One state folder: databases, topics, mails, logs, pid files, secrets."""

    root: Path

    @classmethod
    def at(cls, root: Path | None = None) -> Self:
        """Open (and make) a state folder; the default is `.bina` in the clone."""
        state = cls((root or project_root() / ".bina").resolve())
        state.root.mkdir(parents=True, exist_ok=True)
        for folder in (state.logs, state.run, state.mails):
            folder.mkdir(mode=0o700, exist_ok=True)
        return state

    @property
    def logs(self) -> Path:
        """One log per child."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """One pid file per child."""
        return self.root / "run"

    @property
    def mails(self) -> Path:
        """What the mailbox received."""
        return self.root / "mails"

    @property
    def retention(self) -> Path:
        """The site's own periods of keeping what names people, if it has any."""
        return self.root / "retention.toml"

    @cached_property
    def secrets(self) -> "Secrets":
        """Passwords and the signing secret, made at first use."""
        return Secrets(self.root / "secrets.json")

    def load(self, name: str) -> dict[str, Any]:
        """A small JSON note by name; empty when it was never written."""
        path = self.root / f"{name}.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def save(self, name: str, note: dict[str, Any]) -> None:
        """Keep a small JSON note, whole or not at all."""
        write_private(self.root / f"{name}.json", json.dumps(note, indent=1))


@dataclass(frozen=True)
class Secrets:
    """Random values by name, kept in one file that only its owner can read."""

    path: Path

    def get(self, name: str) -> str:
        """The secret of this name; made and stored when it does not exist yet."""
        return self._known().get(name) or self._keep(name, anew=False)

    def renew(self, name: str) -> str:
        """Another secret in the place of the one that had this name."""
        return self._keep(name, anew=True)

    def __contains__(self, name: str) -> bool:
        return name in self._known()

    def _known(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.path.read_text()) if self.path.exists() else {}
        return found

    def _keep(self, name: str, *, anew: bool) -> str:
        with self._alone():
            known = self._known()
            if anew or name not in known:
                known[name] = secrets.token_urlsafe(32)
                write_private(self.path, json.dumps(known, indent=1))
            return known[name]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two who keep a secret at once, in threads or processes, would lose one of them."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
